#include "model/weight_init.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <map>
#include <system_error>
#include <utility>

#include "base/atomic_file.h"
#include "model/weights_table.h"
#include "tensors/cast.h"
#include "tensors/safetensors.h"

namespace samcache {
namespace {

constexpr std::int64_t kChunkElements = 4 << 20;

std::uint64_t fnv1a64(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

bool ends_with_any(std::string_view name, std::initializer_list<std::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view e) { return name.ends_with(e); });
}

struct Distribution {
  double base = 0;
  double amplitude = 0;
};

Distribution vector_distribution(std::string_view name) {
  if (name.ends_with(".gamma")) return {0.125, 0.0625};
  if (name.ends_with("weight")) return {1, 0.125};
  if (name.ends_with("presence_token_head.layers.2.bias")) return {1, 0.0625};
  check(name.ends_with("bias"), "generate_weights: no rule for the vector " + std::string(name));
  return {0, 0.0625};
}

// Linear, convolution and transposed convolution weights: unit variance out of unit variance in.
Distribution matrix_distribution(std::string_view name, const std::vector<std::int64_t>& shape) {
  const bool inputs_first = name.find("dconv_2x2") != std::string_view::npos ||
                            name.find("output_upscaling") != std::string_view::npos ||
                            name.ends_with("text_projection");
  std::int64_t fan_in = 1;
  if (inputs_first)
    fan_in = shape[0];
  else
    for (std::size_t i = 1; i < shape.size(); ++i) fan_in *= shape[i];
  double gain = 1;
  if (name.ends_with("decoder.bbox_embed.layers.2.weight")) gain = 0.25;
  if (name.ends_with("dot_prod_scoring.hs_proj.weight")) gain = 4;
  if (name.ends_with("sam_mask_decoder.output_hypernetworks_mlps.0.layers.2.weight")) gain = 8;
  return {0, gain * std::sqrt(3.0 / static_cast<double>(fan_in))};
}

Distribution distribution(std::string_view name, const std::vector<std::int64_t>& shape) {
  check(!name.ends_with("freqs_cis") && !shape.empty(), "generate_weights: not a parameter: " + std::string(name));
  if (shape.size() == 1) return vector_distribution(name);
  if (name.ends_with("reference_points.weight")) return {0, 2};
  if (ends_with_any(name,
                    {"token_embedding.weight", "query_embed.weight", "presence_token.weight", "label_embed.weight",
                     "cls_embed.weight", "iou_token.weight", "mask_tokens.weight", "obj_score_token.weight",
                     "not_a_point_embed.weight", "no_mask_embed.weight", "positional_encoding_gaussian_matrix"}) ||
      name.find(".point_embeddings.") != std::string_view::npos)
    return {0, 1};
  if (ends_with_any(name, {"positional_embedding", "pos_embed", "maskmem_tpos_enc", "no_mem_embed", "no_mem_pos_enc",
                           "no_obj_ptr", "no_obj_embed_spatial"}))
    return {0, 0.5};
  return matrix_distribution(name, shape);
}

// A run of elements of one Meta tensor.
struct Run {
  const WeightSpec* spec;
  std::int64_t first;
  std::int64_t count;
  bool transposed = false;  // the whole 2-D tensor, turned over; never cut
};

// A tensor of the file and the runs that it consists of.
struct OutputTensor {
  TensorSpec spec;
  std::vector<Run> runs;
};

std::int64_t elements(const std::vector<std::int64_t>& shape) {
  return static_cast<std::int64_t>(element_count(shape).value());
}

Run run_of_piece(const WeightSpec& spec, const HfPiece& piece) {
  const std::int64_t all = elements(spec.shape);
  switch (piece.op) {
    case HfPiece::Op::kRows: return {&spec, all / piece.count * piece.index, all / piece.count};
    case HfPiece::Op::kDropFirst: return {&spec, all - elements(piece.shape), elements(piece.shape)};
    case HfPiece::Op::kTranspose: return {&spec, 0, all, true};
    case HfPiece::Op::kSame:
    case HfPiece::Op::kConcatRow: break;  // one whole row of the piece
  }
  return {&spec, 0, all};
}

std::vector<OutputTensor> plan(const std::vector<WeightSpec>& table, Naming naming, DType dtype) {
  std::vector<OutputTensor> tensors;
  std::map<std::string, std::size_t> by_name;  // several rows of the table may share a Hugging Face tensor
  for (const WeightSpec& spec : table) {
    if (!spec.generated) continue;
    if (naming == Naming::kMeta) {
      tensors.push_back({{spec.name, dtype, spec.shape}, {{&spec, 0, elements(spec.shape)}}});
      continue;
    }
    for (const HfPiece& piece : spec.hf) {
      const auto [found, added] = by_name.emplace(piece.name, tensors.size());
      if (added) tensors.push_back({{piece.name, dtype, piece.shape}, {}});
      tensors[found->second].runs.push_back(run_of_piece(spec, piece));
    }
  }
  return tensors;
}

// All runs in file order, cut so that none but a transposed one is longer than a chunk.
std::vector<Run> runs_in_order(const std::vector<OutputTensor>& tensors, const std::vector<TensorSpec>& order) {
  std::map<std::string, const OutputTensor*> by_name;
  for (const OutputTensor& tensor : tensors) by_name.emplace(tensor.spec.name, &tensor);
  std::vector<Run> result;
  for (const TensorSpec& spec : order) {
    for (Run run : by_name.at(spec.name)->runs) {
      for (; !run.transposed && run.count > kChunkElements; run.first += kChunkElements, run.count -= kChunkElements)
        result.push_back({run.spec, run.first, kChunkElements});
      result.push_back(run);
    }
  }
  return result;
}

void generate_run(const Run& run, std::span<float> out) {
  const WeightSpec& spec = *run.spec;
  if (!run.transposed) return generate_weights(spec.name, spec.shape, run.first, out);
  std::vector<float> whole(out.size());
  generate_weights(spec.name, spec.shape, 0, whole);
  const auto rows = static_cast<std::size_t>(spec.shape[0]);
  const auto columns = static_cast<std::size_t>(spec.shape[1]);
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t column = 0; column < columns; ++column) out[column * rows + row] = whole[row * columns + column];
}

std::vector<std::byte> narrowed(const std::vector<float>& values, DType dtype) {
  std::vector<std::byte> bytes(values.size() * 2);
  const std::span<std::uint16_t> out(reinterpret_cast<std::uint16_t*>(bytes.data()), values.size());
  dtype == DType::kBF16 ? f32_to_bf16(values, out) : f32_to_f16(values, out);
  return bytes;
}

// About a chunk's worth of whole runs from the front of `rest`, as the file's bytes.
struct Chunk {
  std::vector<float> values;
  std::vector<std::byte> bytes;  // when they are not float32

  ByteSpan span() const { return bytes.empty() ? bytes_of(values) : ByteSpan(bytes); }
};

std::size_t chunk_length(std::span<const Run> rest) {
  std::int64_t size = 0;
  std::size_t length = 0;
  while (length < rest.size() && (length == 0 || size + rest[length].count <= kChunkElements))
    size += rest[length++].count;
  return length;
}

Chunk make_chunk(std::span<const Run> runs, DType dtype) {
  std::int64_t size = 0;
  for (const Run& run : runs) size += run.count;
  Chunk chunk;
  chunk.values.resize(static_cast<std::size_t>(size));
  std::size_t at = 0;
  for (const Run& run : runs) {
    generate_run(run, std::span(chunk.values).subspan(at, static_cast<std::size_t>(run.count)));
    at += static_cast<std::size_t>(run.count);
  }
  if (dtype != DType::kF32) chunk.bytes = narrowed(chunk.values, dtype);
  return chunk;
}

// Two chunks are being made while the one before them is written.
Status stream(const std::vector<Run>& runs, DType dtype, SafetensorsWriter& writer, const WriteProgress& progress) {
  constexpr std::size_t kAhead = 2;
  std::span<const Run> rest(runs);
  std::vector<std::future<Chunk>> coming;
  std::uint64_t done = 0;
  while (!rest.empty() || !coming.empty()) {
    for (; coming.size() < kAhead && !rest.empty(); rest = rest.subspan(chunk_length(rest)))
      coming.push_back(std::async(std::launch::async, make_chunk, rest.first(chunk_length(rest)), dtype));
    const Chunk chunk = coming.front().get();
    coming.erase(coming.begin());
    if (const Status written = writer.append(chunk.span()); !written) return written;
    done += chunk.span().size();
    if (progress && !progress(done, writer.data_size_bytes()))
      return Error{ErrorCode::kCancelled, "writing the checkpoint was cancelled"};
  }
  return {};
}

}  // namespace

void generate_weights(std::string_view meta_name, const std::vector<std::int64_t>& shape, std::int64_t first,
                      std::span<float> out) {
  const auto [base, amplitude] = distribution(meta_name, shape);
  constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15;
  std::uint64_t state = fnv1a64(meta_name) + static_cast<std::uint64_t>(first) * kGolden;
  for (float& value : out) {
    state += kGolden;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    z ^= z >> 31;
    const double unit = static_cast<double>(static_cast<std::int64_t>(z >> 40)) * 0x1p-23 - 1.0;
    value = static_cast<float>(base + amplitude * unit);
  }
}

Status init_checkpoint(const Sam3Config& config, const std::filesystem::path& out_dir, Naming naming, DType dtype,
                       const WriteProgress& progress) {
  check(naming != Naming::kCanonical, "init_checkpoint: a converted copy is made by convert_checkpoint");
  check(dtype == DType::kF32 || dtype == DType::kBF16 || dtype == DType::kF16, "init_checkpoint: not a weight dtype");
  if (const Status valid = config.validate(); !valid) return valid;
  const std::vector<WeightSpec> table = weights_table(config);
  const std::vector<OutputTensor> tensors = plan(table, naming, dtype);
  std::vector<TensorSpec> order;
  for (const OutputTensor& tensor : tensors) order.push_back(tensor.spec);
  order = aligned_order(std::move(order));

  Result<SafetensorsWriter> writer =
      SafetensorsWriter::create(out_dir / "model.safetensors", order, {{"format", "pt"}});
  if (!writer) return writer.error();
  if (const Status streamed = stream(runs_in_order(tensors, order), dtype, *writer, progress); !streamed)
    return streamed;
  if (const Status written = writer->commit(); !written) return written;
  return write_file_atomically(out_dir / "config.json", bytes_of(config.to_json()));
}

}  // namespace samcache

#include "model/checkpoint_writer.h"

#include <future>
#include <map>
#include <utility>

#include "base/atomic_file.h"
#include "tensors/cast.h"
#include "tensors/safetensors.h"

namespace samcache {
namespace {

constexpr std::int64_t kChunkElements = 4 << 20;

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

std::vector<OutputTensor> plan(const std::vector<WeightSpec>& table, const CheckpointFormat& format) {
  std::vector<OutputTensor> tensors;
  std::map<std::string, std::size_t> by_name;  // several rows of the table may share a Hugging Face tensor
  for (const WeightSpec& spec : table) {
    if (!spec.generated || (format.includes && !format.includes(spec))) continue;
    if (format.naming == Naming::kMeta) {
      tensors.push_back({{spec.name, format.dtype, spec.shape}, {{&spec, 0, elements(spec.shape)}}});
      continue;
    }
    for (const HfPiece& piece : spec.hf) {
      const auto [found, added] = by_name.emplace(piece.name, tensors.size());
      if (added) tensors.push_back({{piece.name, format.dtype, piece.shape}, {}});
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

void fill_run(const Run& run, const WeightValues& values, std::span<float> out) {
  const WeightSpec& spec = *run.spec;
  if (!run.transposed) return values(spec, run.first, out);
  std::vector<float> whole(out.size());
  values(spec, 0, whole);
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

Chunk make_chunk(std::span<const Run> runs, DType dtype, const WeightValues& values) {
  std::int64_t size = 0;
  for (const Run& run : runs) size += run.count;
  Chunk chunk;
  chunk.values.resize(static_cast<std::size_t>(size));
  std::size_t at = 0;
  for (const Run& run : runs) {
    fill_run(run, values, std::span(chunk.values).subspan(at, static_cast<std::size_t>(run.count)));
    at += static_cast<std::size_t>(run.count);
  }
  if (dtype != DType::kF32) chunk.bytes = narrowed(chunk.values, dtype);
  return chunk;
}

// Two chunks are being made while the one before them is written.
Status stream(const std::vector<Run>& runs, DType dtype, const WeightValues& values, SafetensorsWriter& writer,
              const WriteProgress& progress) {
  constexpr std::size_t kAhead = 2;
  std::span<const Run> rest(runs);
  std::vector<std::future<Chunk>> coming;
  std::uint64_t done = 0;
  while (!rest.empty() || !coming.empty()) {
    for (; coming.size() < kAhead && !rest.empty(); rest = rest.subspan(chunk_length(rest)))
      coming.push_back(
          std::async(std::launch::async, make_chunk, rest.first(chunk_length(rest)), dtype, std::cref(values)));
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

Status write_checkpoint(const Sam3Config& config, const std::filesystem::path& out_dir, const CheckpointFormat& format,
                        const WeightValues& values, const WriteProgress& progress) {
  check(format.naming != Naming::kCanonical, "write_checkpoint: a converted copy is made by convert_checkpoint");
  check(format.dtype == DType::kF32 || format.dtype == DType::kBF16 || format.dtype == DType::kF16,
        "write_checkpoint: not a weight dtype");
  if (const Status valid = config.validate(); !valid) return valid;
  const std::vector<WeightSpec> table = weights_table(config);
  const std::vector<OutputTensor> tensors = plan(table, format);
  std::vector<TensorSpec> order;
  for (const OutputTensor& tensor : tensors) order.push_back(tensor.spec);
  order = aligned_order(std::move(order));

  Result<SafetensorsWriter> writer =
      SafetensorsWriter::create(out_dir / "model.safetensors", order, {{"format", "pt"}});
  if (!writer) return writer.error();
  if (const Status streamed = stream(runs_in_order(tensors, order), format.dtype, values, *writer, progress); !streamed)
    return streamed;
  if (const Status written = writer->commit(); !written) return written;
  return write_file_atomically(out_dir / "config.json", bytes_of(config.to_json()));
}

}  // namespace samcache

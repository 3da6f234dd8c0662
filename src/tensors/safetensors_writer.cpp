#include <algorithm>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "base/text.h"
#include "tensors/safetensors.h"
#include "tensors/safetensors_header.h"

namespace samcache {
namespace {

constexpr std::size_t kDataAlignment = 4096;

Error invalid(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

// As a JSON string, quotes included. Requires UTF-8.
std::string json_string(std::string_view text) { return nlohmann::json(text).dump(); }

Status check_metadata(const SafetensorsMetadata& metadata) {
  for (const auto& [key, value] : metadata) {
    if (key == kDigestKey) return invalid("the metadata key \"digest\" is the writer's own");
    if (!is_utf8(key) || !is_utf8(value)) return invalid("the metadata under " + in_quotes(key) + " is not UTF-8");
  }
  if (metadata.size() >= kMaxMetadataEntries) return invalid("too many metadata keys");
  return {};
}

Status check_name(const std::string& name) {
  if (name.empty() || name == kMetadataKey) return invalid("a tensor must not be called " + in_quotes(name));
  if (!is_utf8(name)) return invalid("the tensor name " + in_quotes(name) + " is not UTF-8");
  return {};
}

// The size of a tensor that would start at `begin`.
Result<std::uint64_t> checked_size(const TensorSpec& spec, std::uint64_t begin) {
  const std::optional<std::uint64_t> size = tensor_size_bytes(spec.dtype, spec.shape);
  if (!size || *size > std::numeric_limits<std::int64_t>::max() - begin) {
    return invalid("tensor " + in_quotes(spec.name) + ": the size of " + std::string(dtype_name(spec.dtype)) + " " +
                   shape_text(spec.shape) + " overflows or does not fill whole bytes");
  }
  if (spec.shape.size() > kMaxRank) return invalid("tensor " + in_quotes(spec.name) + " has too many dimensions");
  if (begin % dtype_alignment(spec.dtype) != 0) {
    return invalid("tensor " + in_quotes(spec.name) + " would start at " + std::to_string(begin) +
                   ", which is no multiple of its element size: put the tensors in aligned_order()");
  }
  return *size;
}

std::string entry_json(const TensorSpec& spec, std::uint64_t begin, std::uint64_t end) {
  std::string json = json_string(spec.name) + R"(:{"dtype":")" + std::string(dtype_name(spec.dtype)) + R"(","shape":[)";
  for (std::size_t i = 0; i < spec.shape.size(); ++i) {
    if (i > 0) json += ',';
    json += std::to_string(spec.shape[i]);
  }
  return json + R"(],"data_offsets":[)" + std::to_string(begin) + ',' + std::to_string(end) + "]}";
}

// Length field, JSON and padding as one string.
std::string framed(std::string json) {
  const std::size_t unpadded = kLengthBytes + json.size();
  json.append((kDataAlignment - unpadded % kDataAlignment) % kDataAlignment, ' ');
  std::string prefix(kLengthBytes, '\0');
  const std::uint64_t length = json.size();
  for (std::size_t i = 0; i < kLengthBytes; ++i) prefix[i] = static_cast<char>((length >> (8 * i)) & 0xFF);
  return prefix + json;
}

std::uint64_t total_size(const std::vector<TensorSpec>& specs) {
  std::uint64_t total = 0;
  for (const TensorSpec& spec : specs) total += tensor_size_bytes(spec.dtype, spec.shape).value_or(0);
  return total;
}

std::vector<TensorSpec> specs_of(const std::vector<Tensor>& tensors) {
  std::vector<TensorSpec> specs;
  specs.reserve(tensors.size());
  for (const Tensor& tensor : tensors) specs.push_back({tensor.name, tensor.dtype, tensor.shape});
  return specs;
}

// 0 for what goes first: see aligned_order().
std::size_t order_rank(DType dtype, const std::vector<std::int64_t>& shape) {
  constexpr std::size_t kLargestElement = 8;
  const bool fills_lines = tensor_size_bytes(dtype, shape).value_or(0) % kBufferAlignment == 0;
  return fills_lines ? 0 : 1 + kLargestElement - dtype_alignment(dtype);
}

template <class T>
std::vector<T> ordered(std::vector<T> items) {
  std::stable_sort(items.begin(), items.end(),
                   [](const T& a, const T& b) { return order_rank(a.dtype, a.shape) < order_rank(b.dtype, b.shape); });
  return items;
}

}  // namespace

std::vector<TensorSpec> aligned_order(std::vector<TensorSpec> specs) { return ordered(std::move(specs)); }

std::vector<Tensor> in_aligned_order(const std::vector<Tensor>& tensors) {
  for (const Tensor& tensor : tensors) {
    const std::optional<std::uint64_t> size = tensor_size_bytes(tensor.dtype, tensor.shape);
    check(size && *size == tensor.data.size(), "safetensors: tensor " + in_quotes(tensor.name) + " holds " +
                                                   std::to_string(tensor.data.size()) + " bytes, which is not what " +
                                                   std::string(dtype_name(tensor.dtype)) + " " +
                                                   shape_text(tensor.shape) + " takes");
  }
  return ordered(tensors);
}

Result<std::string> build_safetensors_prefix(const std::vector<TensorSpec>& specs,
                                             const SafetensorsMetadata& metadata) {
  if (Status status = check_metadata(metadata); !status) return status.error();
  std::string json(kHeaderStart);
  json.append(kXxh3DigestLength, '0');
  json += '"';
  for (const auto& [key, value] : metadata) json += "," + json_string(key) + ":" + json_string(value);
  json += '}';

  std::unordered_set<std::string_view> names;
  std::uint64_t begin = 0;
  for (const TensorSpec& spec : specs) {
    if (Status status = check_name(spec.name); !status) return status.error();
    if (!names.insert(spec.name).second) return invalid("two tensors are called " + in_quotes(spec.name));
    const Result<std::uint64_t> size = checked_size(spec, begin);
    if (!size) return size.error();
    json += "," + entry_json(spec, begin, begin + *size);
    begin += *size;
  }
  json += '}';
  std::string prefix = framed(std::move(json));
  if (prefix.size() > SafetensorsLimits::for_checkpoints().max_header_bytes) {
    return invalid("the header would be larger than the safetensors format allows (100 MB)");
  }
  return prefix;
}

SafetensorsWriter::SafetensorsWriter(AtomicFileWriter file, std::uint64_t data_size_bytes)
    : file_(std::move(file)), data_size_bytes_(data_size_bytes) {}

Result<SafetensorsWriter> SafetensorsWriter::create(const std::filesystem::path& path,
                                                    const std::vector<TensorSpec>& specs,
                                                    const SafetensorsMetadata& metadata) {
  const Result<std::string> prefix = build_safetensors_prefix(specs, metadata);
  if (!prefix) return prefix.error().within("cannot write " + path.string());
  Result<AtomicFileWriter> file = AtomicFileWriter::create(path);
  if (!file) return file.error();
  const std::uint64_t data_size_bytes = total_size(specs);
  if (Status status = file->reserve(prefix->size() + data_size_bytes); !status) return status.error();
  if (Status status = file->append(bytes_of(*prefix)); !status) return status.error();
  return SafetensorsWriter(*std::move(file), data_size_bytes);
}

Status SafetensorsWriter::append(ByteSpan bytes) {
  check(bytes.size() <= data_size_bytes_ - appended_bytes_,
        "SafetensorsWriter::append: more data than the specs of " + file_.path().string() + " announce");
  // In pieces, so that the bytes are still in the cache when they are copied to the file after being hashed.
  constexpr std::size_t kPiece = 256 << 10;
  while (!bytes.empty()) {
    const ByteSpan piece = bytes.first(std::min(kPiece, bytes.size()));
    hasher_.update(piece);
    if (Status status = file_.append(piece); !status) return status;
    appended_bytes_ += piece.size();
    bytes = bytes.subspan(piece.size());
  }
  return {};
}

Status SafetensorsWriter::commit() {
  check(appended_bytes_ == data_size_bytes_, "SafetensorsWriter::commit: " + std::to_string(appended_bytes_) + " of " +
                                                 std::to_string(data_size_bytes_) + " data bytes were appended to " +
                                                 file_.path().string());
  if (Status status = file_.overwrite(kDigestOffset, bytes_of(hasher_.digest())); !status) return status;
  return file_.commit();
}

Status write_safetensors(const std::filesystem::path& path, const std::vector<Tensor>& tensors,
                         const SafetensorsMetadata& metadata) {
  const std::vector<Tensor> in_order = in_aligned_order(tensors);
  Result<SafetensorsWriter> writer = SafetensorsWriter::create(path, specs_of(in_order), metadata);
  if (!writer) return writer.error();
  for (const Tensor& tensor : in_order) {
    if (Status status = writer->append(tensor.data); !status) return status;
  }
  return writer->commit();
}

Result<std::vector<std::byte>> serialize_safetensors(const std::vector<Tensor>& tensors,
                                                     const SafetensorsMetadata& metadata) {
  const std::vector<Tensor> in_order = in_aligned_order(tensors);
  const std::vector<TensorSpec> specs = specs_of(in_order);
  const Result<std::string> prefix = build_safetensors_prefix(specs, metadata);
  if (!prefix) return prefix.error();

  std::vector<std::byte> file;
  file.reserve(prefix->size() + total_size(specs));
  const auto add = [&](ByteSpan bytes) { file.insert(file.end(), bytes.begin(), bytes.end()); };
  add(bytes_of(*prefix));
  for (const Tensor& tensor : in_order) add(tensor.data);
  const std::string digest = xxh3_digest(ByteSpan(file).subspan(prefix->size()));
  std::memcpy(file.data() + kDigestOffset, digest.data(), digest.size());
  return file;
}

}  // namespace samcache

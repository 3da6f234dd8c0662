#include <algorithm>
#include <numeric>
#include <utility>

#include "base/text.h"
#include "tensors/safetensors.h"
#include "tensors/safetensors_header.h"

namespace samcache {
namespace {

Error corrupt(std::string message) { return {ErrorCode::kCorrupt, std::move(message)}; }

std::uint64_t little_endian_u64(const std::byte* bytes) {
  std::uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = (value << 8) | std::to_integer<std::uint64_t>(bytes[i]);
  return value;
}

// The length of the header, known to lie within the file.
Result<std::uint64_t> header_length(ByteSpan file, std::uint64_t max_header_bytes) {
  if (file.size() < kLengthBytes) {
    return corrupt("a file of " + std::to_string(file.size()) + " bytes is too short for safetensors (truncated?)");
  }
  const std::uint64_t length = little_endian_u64(file.data());
  const std::uint64_t room = file.size() - kLengthBytes;
  if (length == 0) return corrupt("the header length is zero: this is not a safetensors file");
  if (length > max_header_bytes) {
    return Error{ErrorCode::kTooLarge, "the header length " + std::to_string(length) + " is over the limit of " +
                                           std::to_string(max_header_bytes) +
                                           " bytes: not a safetensors file, or not one meant for this use"};
  }
  if (length > room) {
    return corrupt("the header length " + std::to_string(length) + " runs past the end of the file of " +
                   std::to_string(file.size()) + " bytes (truncated?)");
  }
  return length;
}

// "[0, 4)". (Appended piece by piece: GCC 12 warns of nonsense in chains of + that start with a short literal.)
std::string range_text(const HeaderEntry& entry) {
  std::string text = "[";
  text += std::to_string(entry.begin);
  text += ", ";
  text += std::to_string(entry.end);
  text += ')';
  return text;
}

// Whether the entry fits its own shape and starts where the one before it ended.
Status check_entry(const HeaderEntry& entry, std::uint64_t expected_begin, std::uint64_t data_size) {
  const std::optional<std::uint64_t> size = tensor_size_bytes(entry.dtype, entry.shape);
  if (entry.begin == expected_begin && entry.begin <= entry.end && entry.end <= data_size &&
      size == entry.end - entry.begin) {
    return {};
  }

  const std::string name = "tensor " + in_quotes(entry.name);
  const std::string range = range_text(entry);
  if (entry.end < entry.begin) return corrupt(name + ": data_offsets " + range + " run backwards");
  if (entry.begin > expected_begin) {
    return corrupt(name + ": a gap before its data_offsets " + range + ", the data before it ends at " +
                   std::to_string(expected_begin));
  }
  if (entry.begin < expected_begin) {
    return corrupt(name + ": data_offsets " + range + " overlap another tensor's data, which ends at " +
                   std::to_string(expected_begin));
  }
  if (entry.end > data_size) {
    return corrupt(name + ": data_offsets " + range + " run past the end of the file, which has " +
                   std::to_string(data_size) + " bytes of data (truncated?)");
  }
  const std::string type = std::string(dtype_name(entry.dtype)) + " " + shape_text(entry.shape);
  if (!size) return corrupt(name + ": the size of " + type + " overflows or does not fill whole bytes");
  return corrupt(name + ": " + type + " takes " + std::to_string(*size) + " bytes but data_offsets " + range +
                 " hold " + std::to_string(entry.end - entry.begin));
}

// Turns entries into slices of `data`, in data order, once they cover it exactly.
Result<std::vector<Tensor>> place_tensors(std::vector<HeaderEntry> entries, const SharedBytes& data) {
  std::stable_sort(entries.begin(), entries.end(), [](const HeaderEntry& a, const HeaderEntry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::vector<Tensor> tensors;
  tensors.reserve(entries.size());
  std::uint64_t end = 0;
  for (HeaderEntry& entry : entries) {
    if (Status status = check_entry(entry, end, data.size()); !status) return status.error();
    end = entry.end;
    tensors.push_back(
        {std::move(entry.name), entry.dtype, std::move(entry.shape), data.slice(entry.begin, entry.end - entry.begin)});
  }
  if (end != data.size()) {
    return corrupt(std::to_string(data.size() - end) + " bytes follow the last tensor's data");
  }
  return tensors;
}

}  // namespace

Result<SafetensorsFile> SafetensorsFile::open(const std::filesystem::path& path, const SafetensorsLimits& limits,
                                              MapAdvice advice) {
  const Result<SharedBytes> file = map_file(path, advice);
  if (!file) return file.error();
  return parse(*file, limits, path.string());
}

Result<SafetensorsFile> SafetensorsFile::parse(const SharedBytes& file, const SafetensorsLimits& limits,
                                               const std::string& source_name) {
  const Result<std::uint64_t> length = header_length(file, limits.max_header_bytes);
  if (!length) return length.error().within(source_name);
  const std::string_view json = text_of(file.span().subspan(kLengthBytes, *length));
  Result<SafetensorsHeader> header = parse_safetensors_header(json, limits.max_tensors);
  if (!header) return header.error().within(source_name);

  SafetensorsFile result;
  const std::size_t data_begin = kLengthBytes + *length;
  result.data_ = file.slice(data_begin, file.size() - data_begin);
  Result<std::vector<Tensor>> tensors = place_tensors(std::move(header->entries), result.data_);
  if (!tensors) return tensors.error().within(source_name);
  result.tensors_ = *std::move(tensors);
  result.metadata_ = std::move(header->metadata);
  result.header_size_bytes_ = *length;
  result.source_name_ = source_name;
  result.by_name_.resize(result.tensors_.size());
  std::iota(result.by_name_.begin(), result.by_name_.end(), 0U);
  std::sort(result.by_name_.begin(), result.by_name_.end(),
            [&](std::uint32_t a, std::uint32_t b) { return result.tensors_[a].name < result.tensors_[b].name; });
  return result;
}

const Tensor* SafetensorsFile::find(std::string_view name) const {
  const auto found = std::lower_bound(by_name_.begin(), by_name_.end(), name,
                                      [&](std::uint32_t i, std::string_view n) { return tensors_[i].name < n; });
  return found != by_name_.end() && tensors_[*found].name == name ? &tensors_[*found] : nullptr;
}

Status SafetensorsFile::verify_digest() const {
  const auto stated = metadata_.find(kDigestKey);
  if (stated == metadata_.end()) {
    return Error{ErrorCode::kNotFound, source_name_ + ": has no digest to check its data against"};
  }
  const std::string& digest = stated->second;
  if (!digest.starts_with(kXxh3DigestPrefix) || digest.size() != kXxh3DigestLength) {
    return Error{ErrorCode::kUnsupported, source_name_ + ": cannot check the digest " + in_quotes(digest) +
                                              ": only xxh3-128 with 32 hexadecimal digits is known"};
  }
  if (xxh3_digest(data_) != digest) {
    return corrupt(source_name_ + ": the data does not match its digest: the file is damaged, make it again");
  }
  return {};
}

}  // namespace samcache

// The JSON header of a safetensors file, as text <-> as values. Internal to tensors/; safetensors.h is the front door.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "tensors/safetensors.h"

namespace samcache {

// One tensor as the header states it: nothing but the JSON itself has been checked.
struct HeaderEntry {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;  // data_offsets, from the start of the data
  std::uint64_t end = 0;
};

struct SafetensorsHeader {
  SafetensorsMetadata metadata;
  std::vector<HeaderEntry> entries;  // in header order, names unique
};

inline constexpr std::size_t kMaxRank = 16;
inline constexpr std::size_t kMaxMetadataEntries = 10'000;
inline constexpr std::string_view kMetadataKey = "__metadata__";
inline constexpr std::string_view kDigestKey = "digest";

// Parses and checks the JSON. Takes time and memory in proportion to the text, whatever is in it. Errors do not name
// the file.
Result<SafetensorsHeader> parse_safetensors_header(std::string_view json, std::size_t max_tensors);

// The start of a file: length, JSON, spaces up to a multiple of 4096; the digest is left as kXxh3DigestLength
// place-holder characters at kDigestOffset. Refuses what SafetensorsWriter::create refuses.
Result<std::string> build_safetensors_prefix(const std::vector<TensorSpec>& specs, const SafetensorsMetadata& metadata);

inline constexpr std::size_t kLengthBytes = 8;
inline constexpr std::string_view kHeaderStart = R"({"__metadata__":{"digest":")";
inline constexpr std::size_t kDigestOffset = kLengthBytes + kHeaderStart.size();

}  // namespace samcache

// What stands in Redis for one object: a manifest under the object's name, and chunks under a generation.
//
//   PREFIXm:NAME                 "1 GENERATION SIZE CHUNK_SIZE MODIFIED": version, 32 hexadecimal digits, bytes, bytes,
//                                milliseconds since 1970
//   PREFIXc:GENERATION:INDEX     chunk INDEX = 0, 1, …: CHUNK_SIZE bytes, the last one what is left; none of an empty
//   object
//
// Each save writes chunks under a generation of its own, which nobody changes, and the manifest last. Internal to
// redis/.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace samcache {

// Of one object; what a manifest can make this program ask for is bounded by it.
inline constexpr std::uint64_t kMaxRedisChunks = 1 << 16;

struct RedisManifest {
  std::string generation;
  std::uint64_t size_bytes = 0;
  std::uint64_t chunk_bytes = 1;
  std::chrono::system_clock::time_point modified = {};

  std::uint64_t chunk_count() const { return (size_bytes + chunk_bytes - 1) / chunk_bytes; }
  std::uint64_t size_of_chunk(std::uint64_t index) const {
    return index + 1 < chunk_count() ? chunk_bytes : size_bytes - index * chunk_bytes;
  }
};

std::string format_manifest(const RedisManifest& manifest);
// Nothing for whatever is no manifest; chunks of less than 4 KiB, or too many of them, are none.
std::optional<RedisManifest> parse_manifest(std::string_view text);

// One that no other save has: 128 random bits.
std::string new_generation();

std::string manifest_key(const std::string& prefix, const std::string& name);
std::vector<std::string> chunk_keys(const std::string& prefix, const RedisManifest& manifest);

}  // namespace samcache

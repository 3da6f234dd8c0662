#include "store/redis/redis_manifest.h"

#include <algorithm>
#include <charconv>
#include <random>

namespace samcache {
namespace {

constexpr std::size_t kGenerationDigits = 32;
constexpr std::uint64_t kMaxSizeBytes = std::uint64_t{1} << 48;
constexpr std::uint64_t kMinChunkBytes = 4096;
constexpr std::string_view kVersion = "1";

bool is_hexadecimal_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t blank = text.find(' ');
    parts.push_back(text.substr(0, blank));
    if (blank == std::string_view::npos) return parts;
    text.remove_prefix(blank + 1);
  }
}

}  // namespace

std::string format_manifest(const RedisManifest& manifest) {
  const auto modified =
      std::chrono::duration_cast<std::chrono::milliseconds>(manifest.modified.time_since_epoch()).count();
  return std::string(kVersion) + " " + manifest.generation + " " + std::to_string(manifest.size_bytes) + " " +
         std::to_string(manifest.chunk_bytes) + " " + std::to_string(modified);
}

std::optional<RedisManifest> parse_manifest(std::string_view text) {
  const std::vector<std::string_view> parts = words(text.substr(0, 256));
  if (parts.size() != 5 || parts[0] != kVersion) return std::nullopt;
  if (parts[1].size() != kGenerationDigits || !std::ranges::all_of(parts[1], is_hexadecimal_digit)) return std::nullopt;
  const auto size_bytes = number(parts[2]), chunk_bytes = number(parts[3]), modified = number(parts[4]);
  if (!size_bytes || *size_bytes > kMaxSizeBytes || !modified || *modified > kMaxSizeBytes) return std::nullopt;
  if (!chunk_bytes || *chunk_bytes < kMinChunkBytes || *chunk_bytes > kMaxSizeBytes) return std::nullopt;
  if (*size_bytes / *chunk_bytes >= kMaxRedisChunks) return std::nullopt;
  return RedisManifest{.generation = std::string(parts[1]),
                       .size_bytes = *size_bytes,
                       .chunk_bytes = *chunk_bytes,
                       .modified = std::chrono::system_clock::time_point(std::chrono::milliseconds(*modified))};
}

std::string new_generation() {
  std::random_device random;
  std::string digits;
  while (digits.size() < kGenerationDigits) {
    std::uint32_t bits = random();
    for (int i = 0; i < 8; ++i, bits >>= 4) digits += "0123456789abcdef"[bits & 15];
  }
  return digits;
}

std::string manifest_key(const std::string& prefix, const std::string& name) { return prefix + "m:" + name; }

std::vector<std::string> chunk_keys(const std::string& prefix, const RedisManifest& manifest) {
  std::vector<std::string> keys;
  for (std::uint64_t i = 0; i < manifest.chunk_count(); ++i) {
    keys.push_back(prefix + "c:" + manifest.generation + ":" + std::to_string(i));
  }
  return keys;
}

}  // namespace samcache

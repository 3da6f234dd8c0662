#include "base/hashing.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>

namespace samcache {
namespace {

std::string hex_of(XXH128_hash_t hash) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * sizeof(canonical.digest));
  for (const unsigned char byte : canonical.digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

}  // namespace

struct Xxh3Hasher::State {
  XXH3_state_t xxh3;
};

Xxh3Hasher::Xxh3Hasher() : state_(std::make_unique<State>()) { reset(); }
Xxh3Hasher::Xxh3Hasher(Xxh3Hasher&&) noexcept = default;
Xxh3Hasher& Xxh3Hasher::operator=(Xxh3Hasher&&) noexcept = default;
Xxh3Hasher::~Xxh3Hasher() = default;

void Xxh3Hasher::reset() { XXH3_128bits_reset(&state_->xxh3); }

void Xxh3Hasher::update(ByteSpan bytes) {
  if (!bytes.empty()) XXH3_128bits_update(&state_->xxh3, bytes.data(), bytes.size());
}

std::string Xxh3Hasher::hex() const { return hex_of(XXH3_128bits_digest(&state_->xxh3)); }
std::string Xxh3Hasher::digest() const { return std::string(kXxh3DigestPrefix) + hex(); }

std::string xxh3_hex(ByteSpan bytes) { return hex_of(XXH3_128bits(bytes.data(), bytes.size())); }
std::string xxh3_digest(ByteSpan bytes) { return std::string(kXxh3DigestPrefix) + xxh3_hex(bytes); }

}  // namespace samcache

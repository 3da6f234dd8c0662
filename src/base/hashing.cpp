#include "base/hashing.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <span>

namespace samcache {
namespace {

constexpr std::size_t kChunkDigestLength = 16;  // hexadecimal digits

std::string hex_of(std::span<const unsigned char> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * bytes.size());
  for (const unsigned char byte : bytes) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

std::string hex_of(XXH128_hash_t hash) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  return hex_of(std::span<const unsigned char>(canonical.digest));
}

std::string hex_of(XXH64_hash_t hash) {
  XXH64_canonical_t canonical;
  XXH64_canonicalFromHash(&canonical, hash);
  return hex_of(std::span<const unsigned char>(canonical.digest));
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
// The state of XXH3 is the same for both widths; only the end differs.
std::string Xxh3Hasher::hex64() const { return hex_of(XXH3_64bits_digest(&state_->xxh3)); }

std::string xxh3_hex(ByteSpan bytes) { return hex_of(XXH3_128bits(bytes.data(), bytes.size())); }
std::string xxh3_digest(ByteSpan bytes) { return std::string(kXxh3DigestPrefix) + xxh3_hex(bytes); }
std::string xxh3_hex64(ByteSpan bytes) { return hex_of(XXH3_64bits(bytes.data(), bytes.size())); }

void ChunkedXxh3Hasher::update(ByteSpan bytes) {
  constexpr std::size_t kPiece = 64 << 10;  // small enough for the second hash to find it in the cache
  while (!bytes.empty()) {
    const ByteSpan piece = bytes.first(std::min({bytes.size(), kPiece, kDigestChunkBytes - chunk_filled_}));
    whole_.update(piece);
    chunk_.update(piece);
    chunk_filled_ += piece.size();
    if (chunk_filled_ == kDigestChunkBytes) {
      full_chunks_ += chunk_.hex64() + ",";
      chunk_.reset();
      chunk_filled_ = 0;
    }
    bytes = bytes.subspan(piece.size());
  }
}

std::string ChunkedXxh3Hasher::chunk_digests() const {
  if (chunk_filled_ > 0) return full_chunks_ + chunk_.hex64();
  return full_chunks_.substr(0, full_chunks_.empty() ? 0 : full_chunks_.size() - 1);
}

Status check_chunk_digests(ByteSpan bytes, std::string_view chunk_digests) {
  const std::size_t count = (bytes.size() + kDigestChunkBytes - 1) / kDigestChunkBytes;
  const std::size_t length = count == 0 ? 0 : count * (kChunkDigestLength + 1) - 1;
  if (chunk_digests.size() != length) {
    return Error{ErrorCode::kCorrupt, "the chunk digests are " + std::to_string(chunk_digests.size()) +
                                          " characters and not the " + std::to_string(length) + " of " +
                                          std::to_string(count) + " chunks"};
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t begin = i * kDigestChunkBytes;
    const std::size_t end = std::min(begin + kDigestChunkBytes, bytes.size());
    const std::string_view stated = chunk_digests.substr(i * (kChunkDigestLength + 1), kChunkDigestLength + 1);
    const std::string comma = i + 1 < count ? "," : "";
    if (xxh3_hex64(bytes.subspan(begin, end - begin)) + comma != stated) {
      return Error{ErrorCode::kCorrupt, "chunk " + std::to_string(i) + " of 0.." + std::to_string(count - 1) +
                                            ", bytes " + std::to_string(begin) + " to " + std::to_string(end - 1) +
                                            " of the data, does not match its digest"};
    }
  }
  return {};
}

}  // namespace samcache

// XXH3, 128 bits (and 64 for chunks): fast checksums against accidents (a torn write, a flipped bit), several GB/s on
// one core.
//
// Not a cryptographic hash: who can choose the bytes can choose a collision. Image identity uses SHA-256 elsewhere.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace samcache {

inline constexpr std::string_view kXxh3DigestPrefix = "xxh3-128:";
// "xxh3-128:" and 32 hexadecimal digits.
inline constexpr std::size_t kXxh3DigestLength = kXxh3DigestPrefix.size() + 32;

// Hashes a stream piece by piece: the result depends on the bytes alone, not on how they were cut.
// One thread at a time; movable. hex(), digest() and hex64() may be called at any time and do not end the stream.
class Xxh3Hasher {
 public:
  Xxh3Hasher();
  Xxh3Hasher(Xxh3Hasher&&) noexcept;
  Xxh3Hasher& operator=(Xxh3Hasher&&) noexcept;
  ~Xxh3Hasher();

  void update(ByteSpan bytes);
  // 32 lower-case hexadecimal digits, most significant first (the canonical form, as `xxh128sum` prints it).
  std::string hex() const;
  // "xxh3-128:" + hex().
  std::string digest() const;
  // 16 digits: the 64-bit XXH3 of the same stream, as `xxhsum -H3` prints it.
  std::string hex64() const;
  void reset();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string xxh3_hex(ByteSpan bytes);
std::string xxh3_digest(ByteSpan bytes);
std::string xxh3_hex64(ByteSpan bytes);

// What chunk digests are taken of: every 4 MiB from the beginning; the last chunk may be shorter.
inline constexpr std::size_t kDigestChunkBytes = 4 << 20;

// The digest of a stream and those of its chunks, in one pass: every piece is hashed for both while it is in the cache.
class ChunkedXxh3Hasher {
 public:
  void update(ByteSpan bytes);
  std::string digest() const { return whole_.digest(); }
  // Each chunk's hex64(), commas between; the empty text of no bytes.
  std::string chunk_digests() const;

 private:
  Xxh3Hasher whole_;
  Xxh3Hasher chunk_;
  std::size_t chunk_filled_ = 0;  // bytes in the chunk that is not yet full
  std::string full_chunks_;       // their digests, a comma after each
};

// kCorrupt: `chunk_digests` are not those of `bytes`; the message names the first chunk that differs and its range.
Status check_chunk_digests(ByteSpan bytes, std::string_view chunk_digests);

}  // namespace samcache

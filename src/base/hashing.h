// XXH3, 128 bits: fast checksums against accidents (a torn write, a flipped bit), several GB/s on one core.
//
// Not a cryptographic hash: who can choose the bytes can choose a collision. Image identity uses SHA-256 elsewhere.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace samcache {

inline constexpr std::string_view kXxh3DigestPrefix = "xxh3-128:";
// "xxh3-128:" and 32 hexadecimal digits.
inline constexpr std::size_t kXxh3DigestLength = kXxh3DigestPrefix.size() + 32;

// Hashes a stream piece by piece: the result depends on the bytes alone, not on how they were cut.
// One thread at a time; movable. hex() and digest() may be called at any time and do not end the stream.
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
  void reset();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string xxh3_hex(ByteSpan bytes);
std::string xxh3_digest(ByteSpan bytes);

}  // namespace samcache

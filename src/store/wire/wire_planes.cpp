#include "store/wire/wire_planes.h"

#include <cstdint>
#include <cstring>

#include "base/error.h"

namespace samcache {
namespace {

template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

void split_bf16(const std::byte* __restrict__ from, std::size_t words, std::byte* __restrict__ plane,
                std::byte* __restrict__ rest) {
  for (std::size_t i = 0; i < words; ++i) {
    const auto word = load<std::uint16_t>(from + 2 * i);
    plane[i] = static_cast<std::byte>(word >> 7);
    rest[i] = static_cast<std::byte>(((word >> 8) & 0x80) | (word & 0x7f));
  }
}

void join_bf16(const std::byte* __restrict__ plane, const std::byte* __restrict__ rest, std::size_t words,
               std::byte* __restrict__ to) {
  for (std::size_t i = 0; i < words; ++i) {
    const auto exponent = static_cast<std::uint16_t>(plane[i]);
    const auto other = static_cast<std::uint16_t>(rest[i]);
    const auto word = static_cast<std::uint16_t>(((other & 0x80) << 8) | (exponent << 7) | (other & 0x7f));
    std::memcpy(to + 2 * i, &word, sizeof(word));
  }
}

void split_fp16(const std::byte* __restrict__ from, std::size_t words, std::byte* __restrict__ plane,
                std::byte* __restrict__ rest) {
  for (std::size_t i = 0; i < words; ++i) {
    const auto word = load<std::uint16_t>(from + 2 * i);
    plane[i] = static_cast<std::byte>(word >> 8);
    rest[i] = static_cast<std::byte>(word & 0xff);
  }
}

void join_fp16(const std::byte* __restrict__ plane, const std::byte* __restrict__ rest, std::size_t words,
               std::byte* __restrict__ to) {
  for (std::size_t i = 0; i < words; ++i) {
    const auto word =
        static_cast<std::uint16_t>((static_cast<unsigned>(plane[i]) << 8) | static_cast<unsigned>(rest[i]));
    std::memcpy(to + 2 * i, &word, sizeof(word));
  }
}

void split_fp32(const std::byte* __restrict__ from, std::size_t words, std::byte* __restrict__ plane,
                std::byte* __restrict__ rest, std::byte* __restrict__ low) {
  for (std::size_t i = 0; i < words; ++i) {
    const auto word = load<std::uint32_t>(from + 4 * i);
    plane[i] = static_cast<std::byte>((word >> 23) & 0xff);
    rest[i] = static_cast<std::byte>(((word >> 24) & 0x80) | ((word >> 16) & 0x7f));
    const auto half = static_cast<std::uint16_t>(word);
    std::memcpy(low + 2 * i, &half, sizeof(half));
  }
}

void join_fp32(const std::byte* __restrict__ plane, const std::byte* __restrict__ rest,
               const std::byte* __restrict__ low, std::size_t words, std::byte* __restrict__ to) {
  for (std::size_t i = 0; i < words; ++i) {
    const auto exponent = static_cast<std::uint32_t>(plane[i]);
    const auto other = static_cast<std::uint32_t>(rest[i]);
    const std::uint32_t word =
        ((other & 0x80) << 24) | (exponent << 23) | ((other & 0x7f) << 16) | load<std::uint16_t>(low + 2 * i);
    std::memcpy(to + 4 * i, &word, sizeof(word));
  }
}

}  // namespace

void split_words(WireTransform transform, const std::byte* from, std::size_t words, std::byte* plane, std::byte* rest) {
  switch (transform) {
    case WireTransform::kBf16: return split_bf16(from, words, plane, rest);
    case WireTransform::kFp16: return split_fp16(from, words, plane, rest);
    case WireTransform::kFp32: return split_fp32(from, words, plane, rest, rest + words);
    case WireTransform::kPlain: break;
  }
  check(false, "split_words: plain content has no planes");
}

void join_words(WireTransform transform, const std::byte* plane, const std::byte* rest, std::size_t words,
                std::byte* to) {
  switch (transform) {
    case WireTransform::kBf16: return join_bf16(plane, rest, words, to);
    case WireTransform::kFp16: return join_fp16(plane, rest, words, to);
    case WireTransform::kFp32: return join_fp32(plane, rest, rest + words, words, to);
    case WireTransform::kPlain: break;
  }
  check(false, "join_words: plain content has no planes");
}

}  // namespace samcache

#include <array>

#include "image/mask_codec.h"

namespace samcache {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNotADigit = 0xFF;

constexpr std::array<std::uint8_t, 256> make_digit_values() {
  std::array<std::uint8_t, 256> values{};
  for (auto& value : values) value = kNotADigit;
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}

constexpr std::array<std::uint8_t, 256> kDigitValues = make_digit_values();

}  // namespace

std::string base64_from_bytes(std::span<const std::byte> bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '=');
  std::size_t out = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    std::uint32_t group = std::to_integer<std::uint32_t>(bytes[i]) << 16;
    if (left > 1) group |= std::to_integer<std::uint32_t>(bytes[i + 1]) << 8;
    if (left > 2) group |= std::to_integer<std::uint32_t>(bytes[i + 2]);
    text[out] = kAlphabet[group >> 18];
    text[out + 1] = kAlphabet[(group >> 12) & 63];
    if (left > 1) text[out + 2] = kAlphabet[(group >> 6) & 63];
    if (left > 2) text[out + 3] = kAlphabet[group & 63];
    out += 4;
  }
  return text;
}

Result<std::vector<std::byte>> bytes_from_base64(std::string_view text) {
  if (text.size() % 4 != 0) {
    return Error{ErrorCode::kCorrupt, "base64: the length " + std::to_string(text.size()) + " is not a multiple of 4"};
  }
  std::size_t padding = 0;
  if (text.ends_with("==")) {
    padding = 2;
  } else if (text.ends_with('=')) {
    padding = 1;
  }
  const std::size_t digits = text.size() - padding;
  std::vector<std::byte> bytes(digits * 6 / 8);
  std::uint32_t bits = 0;
  unsigned bit_count = 0;
  std::size_t out = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const std::uint8_t value = kDigitValues[static_cast<unsigned char>(text[i])];
    if (value == kNotADigit) {
      return Error{ErrorCode::kCorrupt, "base64: the character at offset " + std::to_string(i) + " is not base64"};
    }
    bits = (bits << 6 | value) & 0xFFFFFF;
    bit_count += 6;
    if (bit_count >= 8) {
      bit_count -= 8;
      bytes[out++] = static_cast<std::byte>(bits >> bit_count & 0xFF);
    }
  }
  // Leftover bits that are not zero would let several texts stand for the same bytes.
  if ((bits & ((1U << bit_count) - 1)) != 0) {
    return Error{ErrorCode::kCorrupt, "base64: the last group has stray bits"};
  }
  return bytes;
}

}  // namespace samcache

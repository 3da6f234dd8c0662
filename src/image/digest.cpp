#include "image/digest.h"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace samcache {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

}  // namespace

std::string sha256_hex(std::span<const std::byte> bytes) {
  std::array<unsigned char, 32> digest{};
  unsigned int digest_size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &digest_size, EVP_sha256(), nullptr) != 1 ||
      digest_size != digest.size()) {
    throw std::runtime_error("sha256_hex: OpenSSL cannot compute SHA-256");
  }
  std::string hex;
  hex.reserve(2 * digest.size());
  for (const unsigned char byte : digest) {
    hex += kHexDigits[byte >> 4];
    hex += kHexDigits[byte & 15];
  }
  return hex;
}

Result<std::string> image_id_from_sha256(std::string_view sha256_hex) {
  const auto is_lower_hex = sha256_hex.find_first_not_of(kHexDigits) == std::string_view::npos;
  if (sha256_hex.size() != 64 || !is_lower_hex) {
    return Error{ErrorCode::kInvalidArgument, "not a SHA-256 in 64 lower-case hexadecimal digits"};
  }
  std::string digits(sha256_hex.substr(0, 32));
  digits[12] = '8';                                                // version
  digits[16] = kHexDigits[8 | (kHexDigits.find(digits[16]) & 3)];  // variant: binary 10 in the two highest bits
  return digits.substr(0, 8) + '-' + digits.substr(8, 4) + '-' + digits.substr(12, 4) + '-' + digits.substr(16, 4) +
         '-' + digits.substr(20);
}

}  // namespace samcache

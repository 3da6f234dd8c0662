// The identity of an image: the SHA-256 of its file's bytes, and the UUID made from it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace samcache {

// 64 lower-case hexadecimal digits. Throws std::runtime_error if OpenSSL cannot do SHA-256.
std::string sha256_hex(std::span<const std::byte> bytes);

// A version 8 UUID (RFC 9562) holding the first 128 bits of the digest, less the six bits that version and variant
// take: the same file has the same id on every machine. Fails unless given 64 hexadecimal digits.
Result<std::string> image_id_from_sha256(std::string_view sha256_hex);

}  // namespace samcache

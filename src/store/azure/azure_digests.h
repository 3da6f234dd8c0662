// The digests that the service's protocol is made of: HMAC-SHA256 for signatures, MD5 against accidents on the way;
// both travel as base64.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace samcache {

std::string base64(ByteSpan bytes);
// Nothing for what is no base64 (standard alphabet, padded).
std::optional<std::string> from_base64(std::string_view text);

// base64 of the HMAC-SHA256 of `text` under `key` (raw bytes).
std::string hmac_sha256_base64(std::string_view key, std::string_view text);

// MD5 of a stream; one thread at a time, movable.
class Md5Hasher {
 public:
  Md5Hasher();
  void update(ByteSpan bytes);
  // Ends the stream.
  std::string finish_base64();

 private:
  std::shared_ptr<void> context_;  // EVP_MD_CTX
};

std::string md5_base64(ByteSpan bytes);

}  // namespace samcache

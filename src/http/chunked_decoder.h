// The chunked transfer coding (RFC 9112, 7.1), undone piece by piece. Extensions and trailers are read and dropped.
// Internal to http/.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace samcache::http {

class ChunkedDecoder {
 public:
  ChunkedDecoder();
  ~ChunkedDecoder();
  ChunkedDecoder(const ChunkedDecoder&) = delete;
  ChunkedDecoder& operator=(const ChunkedDecoder&) = delete;

  // Decodes what it can from the front of `encoded`, hands the data to `out`, returns how many bytes were used: the
  // rest must be offered again with more behind it. kCorrupt: not chunked.
  Result<std::size_t> decode(ByteSpan encoded, const std::function<void(std::string_view)>& out);
  // The last chunk and the trailers were seen; what follows is the next request.
  bool is_done() const;

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace samcache::http

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <memory>

#include "model/tokenizer/gzip.h"

namespace samcache {
namespace {

struct EndInflate {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

}  // namespace

Result<std::string> gunzip(ByteSpan compressed, std::size_t max_bytes, const std::string& name) {
  if (compressed.size() > std::numeric_limits<uInt>::max()) return Error{ErrorCode::kTooLarge, name + " is over 4 GiB"};
  z_stream stream{};
  constexpr int kGzipOnly = 16;
  check(inflateInit2(&stream, MAX_WBITS + kGzipOnly) == Z_OK, "gunzip: zlib cannot start");
  const std::unique_ptr<z_stream, EndInflate> end_at_return(&stream);
  // zlib does not write to its input; its interface is older than const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());

  std::string content;
  constexpr std::size_t kFirstBytes = 1 << 16;
  while (true) {
    const std::size_t used = content.size();
    if (used > max_bytes)
      return Error{ErrorCode::kTooLarge, name + " holds over " + std::to_string(max_bytes) + " bytes"};
    content.resize(std::min(std::max(kFirstBytes, used * 2), max_bytes + 1));
    stream.next_out = reinterpret_cast<Bytef*>(content.data() + used);
    stream.avail_out = static_cast<uInt>(content.size() - used);
    int state = Z_OK;
    while (state == Z_OK && stream.avail_out > 0) {
      state = inflate(&stream, Z_NO_FLUSH);
      // A gzip file may have several members, one after the other.
      if (state == Z_STREAM_END && stream.avail_in > 0) state = inflateReset(&stream);
    }
    content.resize(content.size() - stream.avail_out);
    if (state == Z_STREAM_END) break;
    if (state == Z_BUF_ERROR) return Error{ErrorCode::kCorrupt, name + " is cut off: fetch it again"};
    if (state != Z_OK) return Error{ErrorCode::kCorrupt, name + " is not a whole gzip file: fetch it again"};
  }
  if (content.size() > max_bytes)
    return Error{ErrorCode::kTooLarge, name + " holds over " + std::to_string(max_bytes) + " bytes"};
  return content;
}

}  // namespace samcache

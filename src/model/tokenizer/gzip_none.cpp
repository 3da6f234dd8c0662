#include "model/tokenizer/gzip.h"

namespace samcache {

Result<std::string> gunzip(ByteSpan, std::size_t, const std::string& name) {
  return Error{ErrorCode::kUnsupported,
               name + " is compressed and this build has no zlib: run `gunzip -k` on it, the result is found too"};
}

}  // namespace samcache

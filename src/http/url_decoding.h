// Paths and queries of requests, decoded strictly. They come from outside: everything doubtful is refused.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace samcache::http {

// "/a%20b/c" -> "/a b/c". kInvalidArgument: it does not begin with "/", a broken escape, an encoded slash or control
// character, a segment "." or "..", a backslash, invalid UTF-8.
Result<std::string> decode_path(std::string_view path);

// "a=1&b=x+y&a=2" -> pairs in their order. kInvalidArgument: broken escapes, NUL, invalid UTF-8, more than
// `max_parameters`.
Result<std::vector<std::pair<std::string, std::string>>> decode_query(std::string_view query,
                                                                      std::size_t max_parameters = 256);

}  // namespace samcache::http

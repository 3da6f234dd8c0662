// Files compressed by gzip.
//
// A build without zlib has this function too (CMake picks gzip_none.cpp); it then refuses every file and says what to
// do.
#pragma once

#include <cstddef>
#include <string>

#include "base/bytes.h"
#include "base/error.h"

namespace samcache {

// The content of the gzip file `name`, which has at most `max_bytes` (kTooLarge above: what a few bytes can claim to
// hold is without limit). kCorrupt for what is cut off, changed or not gzip at all; kUnsupported without zlib.
Result<std::string> gunzip(ByteSpan compressed, std::size_t max_bytes, const std::string& name);

}  // namespace samcache

// Content codings: gzip and zstd, both ways.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace samcache::http {

enum class ContentCoding { kIdentity, kGzip, kZstd };

// "gzip", "zstd", "identity".
std::string_view coding_name(ContentCoding coding);
// Nothing: a coding that is not known. Empty text is kIdentity.
std::optional<ContentCoding> coding_from_name(std::string_view name);

// What to send to a client with this Accept-Encoding: the one it wants most, of equals zstd; kIdentity when it wants
// none.
ContentCoding choose_coding(std::string_view accept_encoding);

// Whether texts of this type get smaller: text/*, JSON, XML, JavaScript, WebAssembly, SVG, YAML.
bool is_compressible(std::string_view content_type);

// Fast rather than small. `coding` is not kIdentity.
std::string compress(ContentCoding coding, std::string_view text);

// kCorrupt: not whole and well-formed; kTooLarge: more than `max_bytes` come out, however few went in.
Result<std::string> expand(ContentCoding coding, std::string_view bytes, std::size_t max_bytes);

}  // namespace samcache::http

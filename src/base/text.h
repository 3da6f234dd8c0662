// Text that came from outside: checked, and made fit for a message.
#pragma once

#include <string>
#include <string_view>

namespace samcache {

// Whether `text` is well-formed UTF-8 (no overlong forms, no surrogates, nothing past U+10FFFF).
bool is_utf8(std::string_view text);

// `text` in double quotes for an error message or a log line: control characters and bytes that are not ASCII as \xNN,
// cut off with "..." after 80 characters, so that a hostile name can neither forge a line nor flood the log.
std::string in_quotes(std::string_view text);

}  // namespace samcache

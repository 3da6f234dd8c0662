// JSON written straight into a text, for answers that are made tens of thousands of times a second.
#pragma once

#include <string>
#include <string_view>

namespace samcache {

// `text` in quotes, escaped where it must be; what is not UTF-8 is replaced.
void append_json_text(std::string& out, std::string_view text);

}  // namespace samcache

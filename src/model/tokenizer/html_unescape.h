// Character references of HTML ("&amp;", "&#233;", "&#xE9;") replaced by what they stand for.
//
// Pure functions, any thread; what is no reference stays as it is. Both take linear time.
#pragma once

#include <string>
#include <string_view>

namespace samcache {

// As Python's html.unescape, which follows HTML 5: also without the semicolon where the standard allows it ("&ampcat"
// is
// "&cat"), numbers that are no characters are replaced or dropped by the standard's table.
std::u32string html_unescape(std::u32string_view text);

// As ftfy does it, where text may only look like HTML: nothing without its semicolon, but also names that were put into
// capitals ("P&EACUTE;REZ").
std::u32string html_unescape_complete(std::u32string_view text);

}  // namespace samcache

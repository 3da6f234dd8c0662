// The named character references of HTML 5 (https://html.spec.whatwg.org/entities.json), as data.
#pragma once

#include <cstddef>
#include <string_view>

namespace samcache {

struct HtmlEntity {
  std::string_view name;          // "amp": without the ampersand and the semicolon
  char32_t first;                 // what it stands for:
  char32_t second;                //   one code point (this is 0), or two
  bool stands_without_semicolon;  // "&amp" alone is a reference too
};

inline constexpr std::size_t kLongestHtmlEntity = 31;

// Names are case-sensitive. Null when there is none.
const HtmlEntity* find_html_entity(std::string_view name);

}  // namespace samcache

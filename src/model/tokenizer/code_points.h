// Text as Unicode code points, and what Unicode says about them: categories, case, composition.
//
// Case, white space and composition are as in Python, because the official tokenizer is written in it. Pure functions,
// any thread. The property tables are utf8proc's (Unicode 15). Code points given here must be Unicode scalar values
// (no surrogates, at most U+10FFFF), which is what code_points_of() yields.
#pragma once

#include <string>
#include <string_view>

namespace samcache {

// Requires is_utf8(text).
std::u32string code_points_of(std::string_view text);
std::string utf8_of(std::u32string_view text);

bool is_letter(char32_t c);         // general category L*
bool is_number(char32_t c);         // general category N*
bool is_decimal_digit(char32_t c);  // general category Nd
bool is_white_space(char32_t c);    // the property White_Space: what \s matches

// `text` in lower case as str.lower() has it: a capital sigma at the end of a word becomes a final one, a dotted
// capital I becomes two code points.
std::u32string lower_case(std::u32string_view text);
// The simple mapping of one code point.
char32_t upper_case(char32_t c);

// What a C1 control (U+0080..U+009F) was meant to be: the character of that number in Windows-1252, where there is one.
// Anything else is itself.
char32_t windows_1252_of(char32_t c);

// Normalization form C.
std::u32string composed(std::u32string_view text);
// The compatibility decomposition of one code point (itself, when it has none).
std::u32string compatibility_form(char32_t c);

}  // namespace samcache

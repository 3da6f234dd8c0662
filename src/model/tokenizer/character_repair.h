// Text with the usual accidents undone, as ftfy.fix_text 6 does it by default, character by character.
//
// In the order of ftfy, line by line, until nothing changes any more: HTML references (not from the first line with a
// "<" on), C1 controls read as Windows-1252, Latin ligatures taken apart, full-width and half-width forms made
// ordinary, curly quotes straightened, line breaks made "\n", terminal escapes and control characters removed, normal
// form C.
//
// Left out: ftfy's guess that a whole text was decoded with the wrong encoding ("schÃ¶n" stays as it is), which rests
// on statistics; and surrogates, which UTF-8 cannot hold. Pure, any thread.
#pragma once

#include <string>
#include <string_view>

namespace samcache {

std::u32string repair_characters(std::u32string_view text);

}  // namespace samcache

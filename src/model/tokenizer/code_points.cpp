#include "model/tokenizer/code_points.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/error.h"

namespace samcache {
namespace {

constexpr char32_t kCapitalSigma = U'\u03A3';
constexpr char32_t kSmallSigma = U'\u03C3';
constexpr char32_t kFinalSigma = U'\u03C2';
constexpr char32_t kDottedCapitalI = U'\u0130';
// Composition changes nothing below the first combining mark.
constexpr char32_t kFirstCombiningMark = U'\u0300';

utf8proc_category_t category_of(char32_t c) { return utf8proc_category(static_cast<utf8proc_int32_t>(c)); }

struct Range {
  char32_t first;
  char32_t last;
};

template <std::size_t N>
bool in_ranges(char32_t c, const std::array<Range, N>& ranges) {
  return std::any_of(ranges.begin(), ranges.end(), [&](Range range) { return c >= range.first && c <= range.last; });
}

// The derived property Cased, as far as final_sigma() asks: what is Case_Ignorable too is left out.
bool is_cased(char32_t c) {
  // Other_Uppercase and Other_Lowercase: ordinals, Roman numerals, letters in circles and squares.
  constexpr std::array<Range, 7> kOther = {{{0xAA, 0xAA},
                                            {0xBA, 0xBA},
                                            {0x2160, 0x217F},
                                            {0x24B6, 0x24E9},
                                            {0x1F130, 0x1F149},
                                            {0x1F150, 0x1F169},
                                            {0x1F170, 0x1F189}}};
  const utf8proc_category_t category = category_of(c);
  return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LL || category == UTF8PROC_CATEGORY_LT ||
         in_ranges(c, kOther);
}

// The derived property Case_Ignorable.
bool is_case_ignorable(char32_t c) {
  // Word_Break is MidLetter, MidNumLet or Single_Quote: apostrophes, full stops, colons, middle dots.
  constexpr std::u32string_view kInsideWords =
      U"'.:\u00B7\u0387\u055F\u05F4\u2018\u2019\u2024\u2027\uFE13\uFE52\uFE55\uFF07\uFF0E\uFF1A";
  switch (category_of(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK: return true;
    default: return kInsideWords.find(c) != std::u32string_view::npos;
  }
}

// For every capital sigma in `text`, whether it ends a word: a cased letter comes before it and none after it, looking
// past what is ignorable. Two sweeps, so that a text of sigmas and apostrophes takes linear time.
std::vector<bool> final_sigmas(std::u32string_view text) {
  std::vector<bool> result(text.size());
  const auto look_at = [](char32_t c, bool& cased) {
    if (!is_case_ignorable(c)) cased = is_cased(c);
  };
  bool cased_before = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    result[i] = text[i] == kCapitalSigma && cased_before;
    look_at(text[i], cased_before);
  }
  bool cased_after = false;
  for (std::size_t i = text.size(); i-- > 0;) {
    result[i] = result[i] && !cased_after;
    look_at(text[i], cased_after);
  }
  return result;
}

int combining_class(utf8proc_int32_t c) { return utf8proc_get_property(c)->combining_class; }

void append_decomposition(char32_t c, int options, std::vector<utf8proc_int32_t>& out) {
  std::array<utf8proc_int32_t, 32> parts{};  // no code point has more than 18
  int boundary = 0;
  const utf8proc_ssize_t count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), parts.data(), parts.size(),
                                                         static_cast<utf8proc_option_t>(options), &boundary);
  check(count >= 0 && count <= static_cast<utf8proc_ssize_t>(parts.size()), "append_decomposition: not a code point");
  out.insert(out.end(), parts.begin(), parts.begin() + count);
}

// Puts every run of combining marks in the order of their classes.
void order_marks(std::vector<utf8proc_int32_t>& text) {
  for (auto run = text.begin(); run != text.end();) {
    if (combining_class(*run) == 0) {
      ++run;
      continue;
    }
    const auto end = std::find_if(run, text.end(), [](utf8proc_int32_t c) { return combining_class(c) == 0; });
    std::stable_sort(run, end,
                     [](utf8proc_int32_t a, utf8proc_int32_t b) { return combining_class(a) < combining_class(b); });
    run = end;
  }
}

}  // namespace

std::u32string code_points_of(std::string_view text) {
  std::u32string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text.at(at)); };
    const unsigned lead = byte(i);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t c = length == 1 ? lead : lead & (0x7FU >> length);
    for (std::size_t k = 1; k < length; ++k) c = c << 6 | (byte(i + k) & 0x3FU);
    result += c;
    i += length;
  }
  return result;
}

std::string utf8_of(std::u32string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char32_t c : text) {
    if (c < 0x80) {
      result += static_cast<char>(c);
      continue;
    }
    const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;  // bytes after the first
    result += static_cast<char>((0xFF00U >> (more + 1) & 0xFFU) | c >> 6 * more);
    for (int k = more - 1; k >= 0; --k) result += static_cast<char>(0x80U | (c >> 6 * k & 0x3FU));
  }
  return result;
}

bool is_letter(char32_t c) {
  const utf8proc_category_t category = category_of(c);
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

bool is_number(char32_t c) {
  const utf8proc_category_t category = category_of(c);
  return category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
}

bool is_decimal_digit(char32_t c) { return category_of(c) == UTF8PROC_CATEGORY_ND; }

bool is_white_space(char32_t c) {
  constexpr std::array<Range, 10> kWhiteSpace = {{{0x9, 0xD},
                                                  {0x20, 0x20},
                                                  {0x85, 0x85},
                                                  {0xA0, 0xA0},
                                                  {0x1680, 0x1680},
                                                  {0x2000, 0x200A},
                                                  {0x2028, 0x2029},
                                                  {0x202F, 0x202F},
                                                  {0x205F, 0x205F},
                                                  {0x3000, 0x3000}}};
  return in_ranges(c, kWhiteSpace);
}

std::u32string lower_case(std::u32string_view text) {
  const std::vector<bool> is_final =
      text.find(kCapitalSigma) == std::u32string_view::npos ? std::vector<bool>() : final_sigmas(text);
  std::u32string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char32_t c = text[i];
    if (c == kCapitalSigma) {
      result += is_final[i] ? kFinalSigma : kSmallSigma;
    } else if (c == kDottedCapitalI) {
      result += U"i\u0307";
    } else {
      result += static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
    }
  }
  return result;
}

char32_t windows_1252_of(char32_t c) {
  // 81, 8D, 8F, 90 and 9D mean nothing in Windows-1252 either.
  constexpr std::u32string_view kCharacters =
      U"\u20AC\x81\u201A\u0192\u201E\u2026\u2020\u2021\u02C6\u2030\u0160\u2039\u0152\x8D\u017D\x8F"
      U"\x90\u2018\u2019\u201C\u201D\u2022\u2013\u2014\u02DC\u2122\u0161\u203A\u0153\x9D\u017E\u0178";
  return c >= 0x80 && c <= 0x9F ? kCharacters[c - 0x80] : c;
}

char32_t upper_case(char32_t c) { return static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c))); }

std::u32string composed(std::u32string_view text) {
  const auto may_compose = [](char32_t c) { return c >= kFirstCombiningMark; };
  if (std::none_of(text.begin(), text.end(), may_compose)) return std::u32string(text);
  constexpr int kOptions = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
  std::vector<utf8proc_int32_t> parts;
  parts.reserve(text.size());
  for (const char32_t c : text) append_decomposition(c, kOptions, parts);
  order_marks(parts);
  const utf8proc_ssize_t count = utf8proc_normalize_utf32(parts.data(), static_cast<utf8proc_ssize_t>(parts.size()),
                                                          static_cast<utf8proc_option_t>(kOptions));
  check(count >= 0, "composed: not code points");
  return {parts.begin(), parts.begin() + count};
}

std::u32string compatibility_form(char32_t c) {
  std::vector<utf8proc_int32_t> parts;
  append_decomposition(c, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, parts);
  return {parts.begin(), parts.end()};
}

}  // namespace samcache

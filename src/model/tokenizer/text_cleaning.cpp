#include "model/tokenizer/text_cleaning.h"

#include <algorithm>
#include <array>

#include "model/tokenizer/character_repair.h"
#include "model/tokenizer/code_points.h"
#include "model/tokenizer/html_unescape.h"

namespace samcache {
namespace {

// What str.strip() takes away: white space and the four separators of ASCII, which are not White_Space in Unicode.
bool is_strippable(char32_t c) { return is_white_space(c) || (c >= 0x1C && c <= 0x1F); }

std::u32string_view stripped(std::u32string_view text) {
  while (!text.empty() && is_strippable(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_strippable(text.back())) text.remove_suffix(1);
  return text;
}

std::u32string with_single_spaces(std::u32string_view text) {
  std::u32string result;
  result.reserve(text.size());
  bool after_space = false;
  for (const char32_t c : text) {
    const bool is_space = is_white_space(c);
    if (!is_space) {
      result += c;
    } else if (!after_space) {
      result += U' ';
    }
    after_space = is_space;
  }
  return result;
}

// The official expression ignores case, by which a long s equals an s. (Everything else in `text` is lower case.)
bool starts_with_ignoring_case(std::u32string_view text, std::u32string_view front) {
  constexpr char32_t kLongS = U'\u017F';
  return text.size() >= front.size() &&
         std::equal(front.begin(), front.end(), text.begin(),
                    [](char32_t a, char32_t b) { return a == b || (a == U's' && b == kLongS); });
}

// The length of the special token or contraction at the front of `text`; 0 when there is none.
std::size_t fixed_word_length(std::u32string_view text) {
  constexpr std::array<std::u32string_view, 9> kFixed = {
      U"<start_of_text>", U"<end_of_text>", U"'s", U"'t", U"'re", U"'ve", U"'m", U"'ll", U"'d"};
  if (text.front() != U'<' && text.front() != U'\'') return 0;
  for (const std::u32string_view word : kFixed)
    if (starts_with_ignoring_case(text, word)) return word.size();
  return 0;
}

// Belongs to no word: as this mark is a case variant of the letter iota, the official expression, ignoring case, counts
// it neither with the letters nor with the rest.
constexpr char32_t kCombiningIota = U'\u0345';

enum class Kind { kNone, kLetter, kNumber, kOther };

Kind kind_of(char32_t c) {
  if (is_white_space(c) || c == kCombiningIota) return Kind::kNone;
  if (is_letter(c)) return Kind::kLetter;
  return is_number(c) ? Kind::kNumber : Kind::kOther;
}

}  // namespace

std::u32string clean_text(std::string_view text, const TextCleaning& cleaning) {
  std::u32string result = code_points_of(text);
  if (cleaning.repair) result = repair_characters(result);
  result = html_unescape(html_unescape(result));
  return lower_case(with_single_spaces(stripped(result)));
}

std::vector<std::u32string_view> split_words(std::u32string_view text) {
  std::vector<std::u32string_view> words;
  while (!text.empty()) {
    std::size_t length = fixed_word_length(text);
    const Kind kind = length > 0 ? Kind::kOther : kind_of(text.front());
    if (length == 0) {
      length = 1;
      const bool makes_runs = kind == Kind::kLetter || kind == Kind::kOther;
      while (makes_runs && length < text.size() && kind_of(text[length]) == kind) ++length;
    }
    if (kind != Kind::kNone) words.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return words;
}

}  // namespace samcache

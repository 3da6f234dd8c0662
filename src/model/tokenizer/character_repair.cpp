#include "model/tokenizer/character_repair.h"

#include <algorithm>
#include <array>
#include <utility>

#include "model/tokenizer/code_points.h"
#include "model/tokenizer/html_unescape.h"

namespace samcache {
namespace {

// Latin ligatures and digraphs; empty for anything else.
std::u32string_view letters_of_ligature(char32_t c) {
  using Ligature = std::pair<char32_t, std::u32string_view>;
  constexpr std::array<Ligature, 22> kLigatures = {
      {{U'\u0132', U"IJ"},      {U'\u0133', U"ij"},      {U'\u0149', U"\u02BCn"}, {U'\u01C4', U"D\u017D"},
       {U'\u01C5', U"D\u017E"}, {U'\u01C6', U"d\u017E"}, {U'\u01C7', U"LJ"},      {U'\u01C8', U"Lj"},
       {U'\u01C9', U"lj"},      {U'\u01CA', U"NJ"},      {U'\u01CB', U"Nj"},      {U'\u01CC', U"nj"},
       {U'\u01F1', U"DZ"},      {U'\u01F2', U"Dz"},      {U'\u01F3', U"dz"},      {U'\uFB00', U"ff"},
       {U'\uFB01', U"fi"},      {U'\uFB02', U"fl"},      {U'\uFB03', U"ffi"},     {U'\uFB04', U"ffl"},
       {U'\uFB05', U"\u017Ft"}, {U'\uFB06', U"st"}}};
  const auto* found = std::find_if(kLigatures.begin(), kLigatures.end(), [&](const auto& l) { return l.first == c; });
  return found == kLigatures.end() ? std::u32string_view() : found->second;
}

char32_t straight_quote(char32_t c) {
  if (c == U'\u02BC' || (c >= U'\u2018' && c <= U'\u201B')) return U'\'';
  if (c >= U'\u201C' && c <= U'\u201F') return U'"';
  return c;
}

bool is_line_break(char32_t c) { return c == U'\r' || c == U'\u2028' || c == U'\u2029' || c == U'\u0085'; }

// Controls without a visible effect; those that are white space stay.
bool is_stray_control(char32_t c) {
  return c <= 0x8 || c == 0xB || (c >= 0xE && c <= 0x1F) || c == 0x7F || (c >= 0x206A && c <= 0x206F) || c == 0xFEFF ||
         (c >= 0xFFF9 && c <= 0xFFFC);
}

void append_ordinary_form(char32_t c, std::u32string& out) {
  constexpr char32_t kIdeographicSpace = U'\u3000';
  c = windows_1252_of(c);
  if (c < 0x80) {
    out += c;
  } else if (const std::u32string_view letters = letters_of_ligature(c); !letters.empty()) {
    for (const char32_t letter : letters) out += straight_quote(letter);
  } else if (c == kIdeographicSpace) {
    out += U' ';
  } else if (c >= U'\uFF01' && c <= U'\uFFEF') {  // the block of full-width and half-width forms
    out += compatibility_form(c);
  } else {
    out += straight_quote(c);
  }
}

std::u32string with_ordinary_characters(std::u32string_view text) {
  std::u32string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_line_break(text[i]) || text[i] == U'\u0085') {  // which, as Windows-1252, is an ellipsis
      append_ordinary_form(text[i], result);
    } else if (text.substr(i, 2) != U"\r\n") {
      result += U'\n';
    }
  }
  return result;
}

// Length of the terminal escape ("\033[36;44m") at the front of `text`; 0 when there is none.
std::size_t terminal_escape_length(std::u32string_view text) {
  if (!text.starts_with(U"\033[")) return 0;
  std::size_t at = 2;
  while (at < text.size() && (text[at] == U';' || is_decimal_digit(text[at]))) ++at;
  if (at == text.size()) return 0;
  const char32_t last = text[at];
  const bool ends_in_letter = (last >= U'a' && last <= U'z') || (last >= U'A' && last <= U'Z');
  return ends_in_letter ? at + 1 : 0;
}

std::u32string without_controls(std::u32string_view text) {
  std::u32string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const std::size_t escape = terminal_escape_length(text);
    if (escape == 0 && !is_stray_control(text.front())) result += text.front();
    text.remove_prefix(std::max<std::size_t>(escape, 1));
  }
  return result;
}

std::u32string repair_line(std::u32string line, bool unescape) {
  while (true) {
    std::u32string repaired = unescape ? html_unescape_complete(line) : line;
    repaired = composed(without_controls(with_ordinary_characters(repaired)));
    if (repaired == line) return line;
    line = std::move(repaired);
  }
}

}  // namespace

std::u32string repair_characters(std::u32string_view text) {
  std::u32string result;
  result.reserve(text.size());
  bool unescape = true;
  while (!text.empty()) {
    const std::size_t line_break = text.find(U'\n');
    const std::size_t length = line_break == std::u32string_view::npos ? text.size() : line_break + 1;
    const std::u32string_view line = text.substr(0, length);
    // A "<" says that this is HTML on purpose, from here on.
    if (line.find(U'<') != std::u32string_view::npos) unescape = false;
    result += repair_line(std::u32string(line), unescape);
    text.remove_prefix(length);
  }
  return result;
}

}  // namespace samcache

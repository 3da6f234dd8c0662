#include "model/tokenizer/html_unescape.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "model/tokenizer/code_points.h"
#include "model/tokenizer/html_entities.h"

namespace samcache {
namespace {

constexpr char32_t kReplacementCharacter = U'\uFFFD';
constexpr std::uint32_t kPastUnicode = 0x110000;

struct Reference {
  std::u32string meaning;
  std::size_t length = 0;  // of the reference in the text, ampersand included
};

bool is_ascii_digit(char32_t c) { return c >= U'0' && c <= U'9'; }
bool is_ascii_upper(char32_t c) { return c >= U'A' && c <= U'Z'; }
bool is_ascii_alphanumeric(char32_t c) { return is_ascii_digit(c) || is_ascii_upper(c) || (c >= U'a' && c <= U'z'); }

// The value of a digit, hexadecimal ones included; 16 when it is none.
std::uint32_t digit_value(char32_t c) {
  if (is_ascii_digit(c)) return c - U'0';
  if (c >= U'a' && c <= U'f') return c - U'a' + 10;
  if (c >= U'A' && c <= U'F') return c - U'A' + 10;
  return 16;
}

// Control characters and noncharacters, which a reference drops.
bool is_dropped(std::uint32_t number) {
  return (number >= 0x1 && number <= 0x8) || number == 0xB || (number >= 0xE && number <= 0x1F) || number == 0x7F ||
         (number >= 0xFDD0 && number <= 0xFDEF) || (number & 0xFFFE) == 0xFFFE;
}

std::u32string meaning_of_number(std::uint32_t number) {
  const bool is_surrogate = number >= 0xD800 && number <= 0xDFFF;
  if (number == 0 || is_surrogate || number >= kPastUnicode) return {kReplacementCharacter};
  if (is_dropped(number)) return {};
  return {windows_1252_of(number)};
}

std::u32string meaning_of(const HtmlEntity& entity) {
  return entity.second == 0 ? std::u32string{entity.first} : std::u32string{entity.first, entity.second};
}

// The reference "&#…" at the front of `text`.
std::optional<Reference> numeric_reference(std::u32string_view text) {
  std::size_t at = 2;
  const bool hexadecimal = at < text.size() && (text[at] == U'x' || text[at] == U'X');
  if (hexadecimal) ++at;
  const std::uint32_t base = hexadecimal ? 16 : 10;
  const std::size_t first_digit = at;
  std::uint32_t number = 0;
  for (; at < text.size() && digit_value(text[at]) < base; ++at)
    number = std::min(number * base + digit_value(text[at]), kPastUnicode);
  if (at == first_digit) return std::nullopt;
  if (at < text.size() && text[at] == U';') ++at;
  return Reference{meaning_of_number(number), at};
}

// The letters and digits after the ampersand at the front of `text`; not the whole of a run that is longer than any
// name.
std::string name_after_ampersand(std::u32string_view text) {
  std::string name;
  for (std::size_t i = 1; i < text.size() && name.size() <= kLongestHtmlEntity && is_ascii_alphanumeric(text[i]); ++i)
    name += static_cast<char>(text[i]);
  return name;
}

// The longest front of `name` that is a reference without a semicolon.
const HtmlEntity* longest_bare_entity(std::string_view name) {
  for (; name.size() >= 2; name.remove_suffix(1))
    if (const HtmlEntity* entity = find_html_entity(name); entity != nullptr && entity->stands_without_semicolon)
      return entity;
  return nullptr;
}

bool has_semicolon_after(std::u32string_view text, const std::string& name) {
  return text.size() > name.size() + 1 && text[name.size() + 1] == U';';
}

std::optional<Reference> html_reference(std::u32string_view text) {
  if (text.size() > 1 && text[1] == U'#') return numeric_reference(text);
  const std::string name = name_after_ampersand(text);
  if (has_semicolon_after(text, name))
    if (const HtmlEntity* entity = find_html_entity(name)) return Reference{meaning_of(*entity), name.size() + 2};
  if (const HtmlEntity* entity = longest_bare_entity(name))
    return Reference{meaning_of(*entity), entity->name.size() + 1};
  return std::nullopt;
}

// A name in capitals that means nothing as it stands, as the capitals of what it means in small letters.
std::optional<std::u32string> meaning_in_capitals(std::string name) {
  if (longest_bare_entity(name) != nullptr) return std::nullopt;
  for (char& c : name) {
    const auto letter = static_cast<unsigned char>(c);
    if (is_ascii_upper(letter)) {
      c = static_cast<char>(letter - 'A' + 'a');
    } else if (!is_ascii_digit(letter)) {
      return std::nullopt;
    }
  }
  const HtmlEntity* entity = find_html_entity(name);
  if (entity == nullptr) return std::nullopt;
  // The one entity whose capitals are two letters; ligatures have such too, but are taken apart anyway.
  if (name == "szlig") return U"SS";
  std::u32string meaning = meaning_of(*entity);
  std::transform(meaning.begin(), meaning.end(), meaning.begin(), upper_case);
  return meaning;
}

std::optional<Reference> complete_reference(std::u32string_view text) {
  if (text.size() > 1 && text[1] == U'#') {
    constexpr std::size_t kMaxDigits = 24;  // the "x" counts
    const std::optional<Reference> number = numeric_reference(text);
    const bool is_complete = number && text[number->length - 1] == U';' && number->length <= kMaxDigits + 3;
    return is_complete && number->meaning != U";" ? number : std::nullopt;
  }
  constexpr std::size_t kMaxName = 24;  // longer ones are left alone
  const std::string name = name_after_ampersand(text);
  if (name.size() > kMaxName || !has_semicolon_after(text, name)) return std::nullopt;
  if (const HtmlEntity* entity = find_html_entity(name)) return Reference{meaning_of(*entity), name.size() + 2};
  if (std::optional<std::u32string> meaning = meaning_in_capitals(name))
    return Reference{*std::move(meaning), name.size() + 2};
  return std::nullopt;
}

template <class FindReference>
std::u32string replace_references(std::u32string_view text, FindReference find_reference) {
  std::u32string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const std::size_t plain = std::min(text.find(U'&'), text.size());
    result += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const std::optional<Reference> reference = find_reference(text);
    if (reference) {
      result += reference->meaning;
    } else {
      result += U'&';
    }
    text.remove_prefix(reference ? reference->length : 1);
  }
  return result;
}

}  // namespace

std::u32string html_unescape(std::u32string_view text) { return replace_references(text, html_reference); }

std::u32string html_unescape_complete(std::u32string_view text) { return replace_references(text, complete_reference); }

}  // namespace samcache

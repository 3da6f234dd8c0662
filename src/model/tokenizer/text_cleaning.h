// What the official SAM 3 tokenizer does to a prompt before it makes tokens of it, and how it takes it apart.
//
// Pure functions, any thread. Time is linear in the text but for character references nested in each other
// ("&amp;amp;amp;…"), which cost a pass each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace samcache {

struct TextCleaning {
  bool repair = true;  // undo accidents of encoding and typography first (character_repair.h)
};

// Repaired, HTML references replaced (twice), stripped, every run of white space one space, lower case. Requires
// is_utf8(text).
std::u32string clean_text(std::string_view text, const TextCleaning& cleaning = {});

// The two special tokens as a prompt may spell them.
inline constexpr std::string_view kStartOfText = "<start_of_text>";
inline constexpr std::string_view kEndOfText = "<end_of_text>";

// Cleaned text as the words that are turned into tokens one by one: special tokens, English contractions ('s 't 're 've
// 'm 'll 'd), runs of letters, single numbers, runs of anything else but white space. Views into `text`.
std::vector<std::u32string_view> split_words(std::u32string_view text);

}  // namespace samcache

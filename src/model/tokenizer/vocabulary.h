// The vocabulary of a CLIP tokenizer as its files state it: tokens with their ids, and the merges that make them.
//
// Three forms are read: Hugging Face's tokenizer.json; its older pair vocab.json and merges.txt; and the original's
// list of merges, from which the ids follow. Tokens are spelled as in the files: every byte as a visible character
// (byte_symbols()), "</w>" at the end of a word. A tokenizer.json's own rules for cleaning and splitting are ignored:
// the official code has one way, text_cleaning.h.
//
// Plain values. Files come from outside: whatever is wrong with one is an Error that names the file and what is wrong.
// What is promised of a Vocabulary: ids are 0 or more and no two tokens share one; every byte has one, within a word
// and at its end; no two merges take the same pair.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"

namespace samcache {

struct Vocabulary {
  // Ids of two neighbours and of what they become.
  struct Merge {
    std::int32_t left = 0;
    std::int32_t right = 0;
    std::int32_t merged = 0;
  };

  std::unordered_map<std::string, std::int32_t> ids;
  std::vector<Merge> merges;  // the first is the one to do first
  std::int32_t start = 0;     // the ids of the two special tokens
  std::int32_t end = 0;
};

inline constexpr std::string_view kEndOfWord = "</w>";

// The visible character that spells each byte, as UTF-8, in the order in which the original vocabulary numbers them.
struct ByteSymbol {
  unsigned char byte = 0;
  std::string symbol;
};
std::array<ByteSymbol, 256> byte_symbols();

// `name`s are for messages.
Result<Vocabulary> parse_tokenizer_json(std::string_view text, const std::string& name);
Result<Vocabulary> parse_vocab_and_merges(std::string_view vocab, const std::string& vocab_name,
                                          std::string_view merges, const std::string& merges_name);
// The original's file: a line with "#version", then a merge a line, of which the first 48,894 count. Ids: the 256 byte
// symbols, the same with "</w>", the merges in their order, the two special tokens.
Result<Vocabulary> parse_original_merges(std::string_view text, const std::string& name);

// The vocabulary of a model: a folder, or a weights file in one. Taken is the first there is of tokenizer.json;
// vocab.json with merges.txt; bpe_simple_vocab_16e6.txt, the same with .gz, or else the only file named bpe*.txt or
// *.txt.gz. kNotFound says what was looked for.
Result<Vocabulary> read_vocabulary(const std::filesystem::path& model);

}  // namespace samcache

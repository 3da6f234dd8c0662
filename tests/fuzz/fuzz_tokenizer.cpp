// libFuzzer target: any bytes as a prompt, and as each of the tokenizer's files.
//
// A prompt that is UTF-8 gives tokens that spell the cleaned text, whatever it is. A file is refused in one line, or
// gives a vocabulary that every prompt can be encoded with.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/text.h"
#include "model/tokenizer/code_points.h"
#include "model/tokenizer/tokenizer.h"

namespace {

using samcache::PromptTokens;
using samcache::Result;
using samcache::TextCleaning;
using samcache::Tokenizer;
using samcache::Vocabulary;

constexpr const char* kSmallMerges =
    "#version: 0.2\nt h\nth e</w>\na t</w>\nc at</w>\na a\naa aa\n& a\n\xC3\xA2 \xC4\xA2\n";

void require(bool condition, const char* promise) {
  if (condition) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

// What every token spells, by its id.
std::vector<std::string> spellings(const Vocabulary& vocabulary) {
  std::vector<std::string> result(vocabulary.ids.size());
  const auto bytes = samcache::byte_symbols();
  const auto byte_of = [&](char32_t symbol) {
    const std::string spelled = samcache::utf8_of(std::u32string{symbol});
    const auto* found = std::find_if(bytes.begin(), bytes.end(), [&](const auto& b) { return b.symbol == spelled; });
    return static_cast<char>(found->byte);
  };
  for (const auto& [token, id] : vocabulary.ids) {
    std::string_view symbols = token;
    if (symbols.ends_with(samcache::kEndOfWord)) symbols.remove_suffix(samcache::kEndOfWord.size());
    for (const char32_t symbol : samcache::code_points_of(symbols)) result.at(id) += byte_of(symbol);
  }
  result.at(vocabulary.start) = samcache::kStartOfText;
  result.at(vocabulary.end) = samcache::kEndOfText;
  return result;
}

void check_tokens(const PromptTokens& tokens, int context, int vocabulary_size) {
  require(tokens.ids.size() == static_cast<std::size_t>(context), "as many ids as the context has");
  require(tokens.length >= 2 && tokens.length <= context, "start and end are there");
  require(std::all_of(tokens.ids.begin(), tokens.ids.end(), [&](int id) { return id >= 0 && id < vocabulary_size; }),
          "ids are below the vocabulary's size");
  require(std::all_of(tokens.ids.begin() + tokens.length, tokens.ids.end(), [](int id) { return id == 0; }),
          "padding follows the tokens");
}

void check_prompt(const std::string& text, const TextCleaning& cleaning) {
  static const Vocabulary vocabulary = samcache::parse_original_merges(kSmallMerges, "small").value();
  static const Tokenizer tokenizer(vocabulary);
  static const std::vector<std::string> spelled = spellings(vocabulary);

  const int room = static_cast<int>(text.size()) * 12 + 2;  // no code point grows more in the repair
  const Result<PromptTokens> tokens = tokenizer.encode(text, room, cleaning);
  require(tokens.ok() == samcache::is_utf8(text), "UTF-8 is encoded, and nothing else");
  if (!tokens) return;
  check_tokens(*tokens, room, tokenizer.vocabulary_size());
  require(!tokens->truncated, "there was room");
  std::string words;
  const std::u32string cleaned = samcache::clean_text(text, cleaning);
  for (const std::u32string_view word : samcache::split_words(cleaned)) words += samcache::utf8_of(word);
  std::string told;
  for (int i = 1; i + 1 < tokens->length; ++i) told += spelled.at(tokens->ids.at(i));
  require(told == words, "the tokens spell the words");

  const PromptTokens few = tokenizer.encode(text, 8, cleaning).value();
  check_tokens(few, 8, tokenizer.vocabulary_size());
  require(few.truncated == (tokens->length > 8), "what does not fit is cut off");
}

void check_file(const Result<Vocabulary>& vocabulary) {
  if (!vocabulary) {
    const std::string& message = vocabulary.error().message;
    require(!message.empty() && message.find('\n') == std::string::npos, "errors are one line");
    return;
  }
  const Tokenizer tokenizer(*vocabulary);
  check_tokens(tokenizer.encode("the cat, d\u00F6g & \u732B<end_of_text>", 32).value(), 32,
               tokenizer.vocabulary_size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_prompt(text, {.repair = true});
  check_prompt(text, {.repair = false});
  check_file(samcache::parse_tokenizer_json(text, "tokenizer.json"));
  check_file(samcache::parse_original_merges(text, "bpe.txt"));
  check_file(samcache::parse_vocab_and_merges(text, "vocab.json", "#version: 0.2\nt h\n", "merges.txt"));
  return 0;
}

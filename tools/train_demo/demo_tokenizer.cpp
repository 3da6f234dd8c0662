#include "train_demo/demo_tokenizer.h"

#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/atomic_file.h"
#include "model/tokenizer/vocabulary.h"

namespace samcache::train {
namespace {

using Word = std::vector<std::string>;  // as the symbols it consists of so far
using Pair = std::pair<std::string, std::string>;

Word as_letters(const std::string& word) {
  Word letters;
  for (const char letter : word) letters.emplace_back(1, letter);
  letters.back() += kEndOfWord;
  return letters;
}

void merge(Word& word, const Pair& pair) {
  Word merged;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const bool here = i + 1 < word.size() && word[i] == pair.first && word[i + 1] == pair.second;
    merged.push_back(here ? word[i] + word[i + 1] : word[i]);
    if (here) ++i;
  }
  word = std::move(merged);
}

// Byte-pair encoding as it is learnt: the most frequent pair becomes a symbol, until every word is one.
std::vector<Pair> learn_merges(const std::vector<std::string>& words) {
  std::vector<Word> left;
  for (const std::string& word : words) left.push_back(as_letters(word));
  std::vector<Pair> merges;
  for (;;) {
    std::map<Pair, int> counts;
    for (const Word& word : left) {
      for (std::size_t i = 0; i + 1 < word.size(); ++i) ++counts[{word[i], word[i + 1]}];
    }
    if (counts.empty()) return merges;
    const auto fewer = [](const auto& a, const auto& b) { return a.second < b.second; };
    merges.push_back(std::max_element(counts.begin(), counts.end(), fewer)->first);
    for (Word& word : left) merge(word, merges.back());
  }
}

}  // namespace

Result<int> write_tokenizer(const std::vector<std::string>& words, const std::filesystem::path& folder) {
  nlohmann::json ids;
  const auto add = [&ids](const std::string& token) { ids.emplace(token, ids.size()); };
  for (const ByteSymbol& symbol : byte_symbols()) add(symbol.symbol);
  for (const ByteSymbol& symbol : byte_symbols()) add(symbol.symbol + std::string(kEndOfWord));
  std::string lines = "#version: 0.2\n";
  for (const auto& [left, right] : learn_merges(words)) {
    add(left + right);
    lines += left + " " + right + "\n";
  }
  add("<|startoftext|>");
  add("<|endoftext|>");
  if (Status written = write_file_atomically(folder / "vocab.json", bytes_of(ids.dump(1))); !written) {
    return written.error();
  }
  if (Status written = write_file_atomically(folder / "merges.txt", bytes_of(lines)); !written) return written.error();
  return static_cast<int>(ids.size());
}

}  // namespace samcache::train

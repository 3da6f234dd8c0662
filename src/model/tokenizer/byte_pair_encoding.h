// Words as tokens: a word starts as its bytes, and pairs of neighbours are merged, the earliest merge of the vocabulary
// first, until none is left that may be merged.
//
// Immutable once made; any thread. A word of n bytes takes O(n log n).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/tokenizer/vocabulary.h"

namespace samcache {

class BytePairEncoding {
 public:
  // Requires what vocabulary.h promises; throws otherwise.
  explicit BytePairEncoding(const Vocabulary& vocabulary);

  // Appends the tokens of `word` (any bytes) to `ids`; none for an empty word.
  void append_word(std::string_view word, std::vector<std::int32_t>& ids) const;

 private:
  struct Merge {
    std::int32_t rank = 0;  // lower goes first
    std::int32_t symbol = 0;
  };
  struct Symbols;  // of a word in the making

  const Merge* find_merge(std::int32_t left, std::int32_t right) const;

  std::array<std::int32_t, 256> byte_ids_{};
  std::array<std::int32_t, 256> last_byte_ids_{};    // of a word's last byte
  std::unordered_map<std::uint64_t, Merge> merges_;  // by left symbol << 32 | right symbol
};

}  // namespace samcache

#include "model/tokenizer/byte_pair_encoding.h"

#include <functional>
#include <queue>
#include <string>

namespace samcache {
namespace {

std::uint64_t pair_key(std::int32_t left, std::int32_t right) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 | static_cast<std::uint32_t>(right);
}

// Two neighbours that may be merged. Out of date when one of them has been merged with another meanwhile.
struct Candidate {
  std::int32_t rank;
  int at;  // index of the left one
  std::int32_t left;
  std::int32_t right;
  std::int32_t merged;  // what they become

  // Equal ranks go from left to right.
  friend bool operator>(const Candidate& a, const Candidate& b) {
    return a.rank != b.rank ? a.rank > b.rank : a.at > b.at;
  }
};

using Candidates = std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>>;

}  // namespace

// A linked list in arrays: merging two symbols keeps the left one's place and drops the right one's.
struct BytePairEncoding::Symbols {
  static constexpr std::int32_t kDropped = -1;

  explicit Symbols(std::size_t size) : ids(size), next(size), previous(size) {
    for (std::size_t i = 0; i < size; ++i) {
      next[i] = static_cast<int>(i) + 1;
      previous[i] = static_cast<int>(i) - 1;
    }
  }
  int size() const { return static_cast<int>(ids.size()); }
  bool still_holds(const Candidate& candidate) const {
    return ids[candidate.at] == candidate.left && next[candidate.at] < size() &&
           ids[next[candidate.at]] == candidate.right;
  }
  void merge(int at, std::int32_t symbol) {
    const int right = next[at];
    ids[at] = symbol;
    ids[right] = kDropped;
    next[at] = next[right];
    if (next[right] < size()) previous[next[right]] = at;
  }

  std::vector<std::int32_t> ids;
  std::vector<int> next;  // size() after the last
  std::vector<int> previous;
};

BytePairEncoding::BytePairEncoding(const Vocabulary& vocabulary) {
  for (const ByteSymbol& byte : byte_symbols()) {
    byte_ids_.at(byte.byte) = vocabulary.ids.at(byte.symbol);
    last_byte_ids_.at(byte.byte) = vocabulary.ids.at(byte.symbol + std::string(kEndOfWord));
  }
  merges_.reserve(vocabulary.merges.size());
  std::int32_t rank = 0;
  for (const auto& [left, right, merged] : vocabulary.merges) merges_[pair_key(left, right)] = {rank++, merged};
}

const BytePairEncoding::Merge* BytePairEncoding::find_merge(std::int32_t left, std::int32_t right) const {
  const auto found = merges_.find(pair_key(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

void BytePairEncoding::append_word(std::string_view word, std::vector<std::int32_t>& ids) const {
  if (word.empty()) return;
  Symbols symbols(word.size());
  for (std::size_t i = 0; i < word.size(); ++i) symbols.ids[i] = byte_ids_[static_cast<unsigned char>(word[i])];
  symbols.ids.back() = last_byte_ids_[static_cast<unsigned char>(word.back())];

  Candidates candidates;
  const auto consider = [&](int at) {
    const int right = at < 0 ? symbols.size() : symbols.next[at];
    if (right >= symbols.size()) return;
    if (const Merge* merge = find_merge(symbols.ids[at], symbols.ids[right]))
      candidates.push({merge->rank, at, symbols.ids[at], symbols.ids[right], merge->symbol});
  };
  for (int at = 0; at + 1 < symbols.size(); ++at) consider(at);

  // All places of one merge come before anything that they make possible, even where that has a lower rank (in the
  // official code a merge is a sweep over the word).
  std::vector<int> merged;
  while (!candidates.empty()) {
    const std::int32_t rank = candidates.top().rank;
    merged.clear();
    for (; !candidates.empty() && candidates.top().rank == rank; candidates.pop()) {
      const Candidate& best = candidates.top();
      if (!symbols.still_holds(best)) continue;
      symbols.merge(best.at, best.merged);
      merged.push_back(best.at);
    }
    for (const int at : merged) {
      consider(symbols.previous[at]);
      consider(at);
    }
  }
  for (int at = 0; at < symbols.size(); at = symbols.next[at]) ids.push_back(symbols.ids[at]);
}

}  // namespace samcache

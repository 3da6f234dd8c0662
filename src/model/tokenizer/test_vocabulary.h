// Tokenizer files for tests, made from a vocabulary.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/tokenizer/vocabulary.h"

namespace samcache {

// A vocabulary of a few merges: "the" and "cat" are one token each.
inline constexpr const char* kSmallMerges = "#version: 0.2\nt h\nth e</w>\na t</w>\nc at</w>\n";

inline nlohmann::json vocab_json(const Vocabulary& vocabulary) {
  nlohmann::json result = nlohmann::json::object();
  for (const auto& [token, id] : vocabulary.ids) result[token] = id;
  return result;
}

// The merges with their symbols spelled out.
inline std::vector<std::pair<std::string, std::string>> spelled_merges(const Vocabulary& vocabulary) {
  std::unordered_map<std::int32_t, std::string> tokens;
  for (const auto& [token, id] : vocabulary.ids) tokens[id] = token;
  std::vector<std::pair<std::string, std::string>> result;
  for (const Vocabulary::Merge& merge : vocabulary.merges)
    result.emplace_back(tokens.at(merge.left), tokens.at(merge.right));
  return result;
}

inline std::string merges_text(const Vocabulary& vocabulary) {
  std::string result = "#version: 0.2\n";
  for (const auto& [left, right] : spelled_merges(vocabulary)) result += left + ' ' + right + '\n';
  return result;
}

enum class MergesAs { kStrings, kPairs };

// As Hugging Face writes it, with some of what we do not read.
inline nlohmann::json tokenizer_json(const Vocabulary& vocabulary, MergesAs form = MergesAs::kStrings) {
  nlohmann::json merges = nlohmann::json::array();
  for (const auto& [left, right] : spelled_merges(vocabulary)) {
    if (form == MergesAs::kStrings) {
      merges.push_back(left + ' ' + right);
    } else {
      merges.push_back({left, right});
    }
  }
  nlohmann::json added = nlohmann::json::array();
  added.push_back({{"id", vocabulary.start}, {"content", "<|startoftext|>"}, {"special", true}});
  added.push_back({{"id", vocabulary.end}, {"content", "<|endoftext|>"}, {"special", true}});
  return {{"version", "1.0"},
          {"added_tokens", std::move(added)},
          {"normalizer", {{"type", "Lowercase"}}},
          {"model",
           {{"type", "BPE"},
            {"unk_token", "<|endoftext|>"},
            {"end_of_word_suffix", "</w>"},
            {"vocab", vocab_json(vocabulary)},
            {"merges", std::move(merges)}}}};
}

}  // namespace samcache

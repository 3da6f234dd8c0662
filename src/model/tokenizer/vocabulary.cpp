#include "model/tokenizer/vocabulary.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "base/text.h"
#include "model/tokenizer/code_points.h"

namespace samcache {
namespace {

using Json = nlohmann::json;

// A merge as a file spells it: views into the file's text.
struct SpelledMerge {
  std::string_view left;
  std::string_view right;

  std::string merged() const { return std::string(left) + std::string(right); }
};
using SpelledMerges = std::vector<SpelledMerge>;

constexpr const char* kStartToken = "<|startoftext|>";
constexpr const char* kEndToken = "<|endoftext|>";
// The original's 49,152 less the byte symbols (twice) and the special tokens, as its code has it.
constexpr std::size_t kMostOriginalMerges = 49152 - 256 - 2;

Error corrupt(const std::string& name, const std::string& what) { return {ErrorCode::kCorrupt, name + ": " + what}; }

Error wrong_kind(const std::string& name, const std::string& what) {
  return corrupt(name, what + ": it is not the tokenizer of a SAM 3 (CLIP) model");
}

Status add_token(const std::string& token, const Json& id, const std::string& name, Vocabulary& vocabulary) {
  constexpr std::int32_t kMostId = std::numeric_limits<std::int32_t>::max() - 1;  // the size is an int too
  if (!id.is_number_unsigned() || id.get<std::uint64_t>() > kMostId)
    return corrupt(
        name, "the id of token " + in_quotes(token) + " is not a whole number from 0 to " + std::to_string(kMostId));
  const auto [place, is_new] = vocabulary.ids.emplace(token, id.get<std::int32_t>());
  if (!is_new && place->second != id.get<std::int32_t>())
    return corrupt(name, "token " + in_quotes(token) + " has two ids");
  return {};
}

Status add_vocab(const Json& vocab, const std::string& name, Vocabulary& vocabulary) {
  if (!vocab.is_object()) return corrupt(name, "the vocabulary is not an object of tokens and their ids");
  vocabulary.ids.reserve(vocab.size() + 2);
  for (const auto& [token, id] : vocab.items())
    if (Status added = add_token(token, id, name, vocabulary); !added) return added;
  return {};
}

Status add_added_tokens(const Json& added_tokens, const std::string& name, Vocabulary& vocabulary) {
  if (!added_tokens.is_array()) return corrupt(name, "added_tokens is not a list");
  for (const Json& token : added_tokens) {
    if (!token.is_object() || !token.contains("content") || !token["content"].is_string() || !token.contains("id"))
      return corrupt(name, "added_tokens has an entry that is not an id and a content");
    if (Status added = add_token(token["content"].get<std::string>(), token["id"], name, vocabulary); !added)
      return added;
  }
  return {};
}

Result<SpelledMerge> parse_merge(std::string_view text, const std::string& where) {
  const std::size_t space = text.find(' ');
  const bool two_symbols = space != std::string_view::npos && space > 0 && space + 1 < text.size() &&
                           text.find(' ', space + 1) == std::string_view::npos;
  if (!two_symbols) return corrupt(where, in_quotes(text) + " is not two symbols with a space between");
  return SpelledMerge{text.substr(0, space), text.substr(space + 1)};
}

Result<SpelledMerge> parse_json_merge(const Json& merge, const std::string& where) {
  if (merge.is_string()) return parse_merge(merge.get_ref<const std::string&>(), where);
  if (!merge.is_array() || merge.size() != 2 || !merge[0].is_string() || !merge[1].is_string())
    return corrupt(where, "neither a string nor a pair of strings");
  return SpelledMerge{merge[0].get_ref<const std::string&>(), merge[1].get_ref<const std::string&>()};
}

Result<SpelledMerges> parse_json_merges(const Json& merges, const std::string& name) {
  if (!merges.is_array()) return corrupt(name, "model.merges is not a list");
  SpelledMerges result;
  result.reserve(merges.size());
  for (const Json& merge : merges) {
    const Result<SpelledMerge> parsed = parse_json_merge(merge, name + ", merge " + std::to_string(result.size()));
    if (!parsed) return parsed.error();
    result.push_back(*parsed);
  }
  return result;
}

// The merges of a file that has one a line below a line with "#version"; lines past `most` merges are not looked at.
Result<SpelledMerges> parse_merge_lines(std::string_view text, std::size_t most, const std::string& name) {
  const auto next_line = [&] {
    const std::size_t length = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, length);
    text.remove_prefix(std::min(length + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  };
  if (next_line().find("#version") == std::string_view::npos)
    return wrong_kind(name, "the first line has no \"#version\"");
  if (!is_utf8(text)) return corrupt(name, "not UTF-8");
  SpelledMerges result;
  for (std::size_t line = 2; !text.empty() && result.size() < most; ++line) {
    const Result<SpelledMerge> merge = parse_merge(next_line(), name + ", line " + std::to_string(line));
    if (!merge) return merge.error();
    result.push_back(*merge);
  }
  return result;
}

Result<Json> parse_json(std::string_view text, const std::string& name) {
  Json document = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return corrupt(name, "not JSON; fetch the file again");
  if (!document.is_object()) return wrong_kind(name, "not a JSON object");
  return document;
}

Status check_ids(const Vocabulary& vocabulary, const std::string& name) {
  std::vector<std::int32_t> ids;
  ids.reserve(vocabulary.ids.size());
  for (const auto& [token, id] : vocabulary.ids) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  const auto twice = std::adjacent_find(ids.begin(), ids.end());
  if (twice != ids.end()) return corrupt(name, "two tokens have the id " + std::to_string(*twice));
  for (const ByteSymbol& byte : byte_symbols())
    for (const std::string& token : {byte.symbol, byte.symbol + std::string(kEndOfWord)})
      if (!vocabulary.ids.contains(token)) return wrong_kind(name, "there is no token " + in_quotes(token));
  return {};
}

Status add_merges(const SpelledMerges& merges, const std::string& name, Vocabulary& vocabulary) {
  const auto spelled = [](const SpelledMerge& merge) {
    return in_quotes(merge.left) + " and " + in_quotes(merge.right);
  };
  std::unordered_set<std::uint64_t> pairs;
  pairs.reserve(merges.size());
  vocabulary.merges.reserve(merges.size());
  for (const SpelledMerge& merge : merges) {
    std::array<std::int32_t, 3> ids{};
    auto* id = ids.data();
    for (const std::string& symbol : {std::string(merge.left), std::string(merge.right), merge.merged()}) {
      const auto found = vocabulary.ids.find(symbol);
      if (found == vocabulary.ids.end())
        return corrupt(name,
                       "the merge of " + spelled(merge) + " needs a token " + in_quotes(symbol) + ", which has no id");
      *id++ = found->second;
    }
    if (!pairs.insert(static_cast<std::uint64_t>(ids[0]) << 32 | static_cast<std::uint32_t>(ids[1])).second)
      return corrupt(name, "two merges of " + spelled(merge));
    vocabulary.merges.push_back({ids[0], ids[1], ids[2]});
  }
  return {};
}

// What all forms have in common, once the tokens are there.
Result<Vocabulary> completed(Vocabulary vocabulary, const std::string& vocab_name, const SpelledMerges& merges,
                             const std::string& merges_name) {
  const auto special = [&](const char* token) {
    const auto found = vocabulary.ids.find(token);
    return found == vocabulary.ids.end() ? -1 : found->second;
  };
  vocabulary.start = special(kStartToken);
  vocabulary.end = special(kEndToken);
  for (const auto& [token, id] : {std::pair(kStartToken, vocabulary.start), std::pair(kEndToken, vocabulary.end)})
    if (id < 0) return wrong_kind(vocab_name, std::string("there is no token \"") + token + "\"");
  if (const Status checked = check_ids(vocabulary, vocab_name); !checked) return checked.error();
  if (const Status added = add_merges(merges, merges_name, vocabulary); !added) return added.error();
  return vocabulary;
}

}  // namespace

std::array<ByteSymbol, 256> byte_symbols() {
  // What is visible in Latin-1 spells itself; the others follow, spelled by the characters past Latin-1.
  const auto is_visible = [](unsigned byte) {
    return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
  };
  std::array<ByteSymbol, 256> result;
  auto place = result.begin();
  for (unsigned byte = 0; byte < 256; ++byte)
    if (is_visible(byte)) *place++ = {static_cast<unsigned char>(byte), utf8_of(std::u32string{byte})};
  char32_t next = 0x100;
  for (unsigned byte = 0; byte < 256; ++byte)
    if (!is_visible(byte)) *place++ = {static_cast<unsigned char>(byte), utf8_of(std::u32string{next++})};
  return result;
}

Result<Vocabulary> parse_tokenizer_json(std::string_view text, const std::string& name) {
  const Result<Json> document = parse_json(text, name);
  if (!document) return document.error();
  const auto model = document->find("model");
  if (model == document->end() || !model->is_object() || !model->contains("vocab") || !model->contains("merges"))
    return wrong_kind(name, "there is no model with a vocab and merges");
  const Result<SpelledMerges> merges = parse_json_merges((*model)["merges"], name);
  if (!merges) return merges.error();
  Vocabulary vocabulary;
  if (const Status added = add_vocab((*model)["vocab"], name, vocabulary); !added) return added.error();
  if (document->contains("added_tokens"))
    if (const Status added = add_added_tokens((*document)["added_tokens"], name, vocabulary); !added)
      return added.error();
  return completed(std::move(vocabulary), name, *merges, name);
}

Result<Vocabulary> parse_vocab_and_merges(std::string_view vocab, const std::string& vocab_name,
                                          std::string_view merges, const std::string& merges_name) {
  const Result<Json> document = parse_json(vocab, vocab_name);
  if (!document) return document.error();
  constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
  const Result<SpelledMerges> spelled = parse_merge_lines(merges, kAll, merges_name);
  if (!spelled) return spelled.error();
  Vocabulary vocabulary;
  if (const Status added = add_vocab(*document, vocab_name, vocabulary); !added) return added.error();
  return completed(std::move(vocabulary), vocab_name, *spelled, merges_name);
}

Result<Vocabulary> parse_original_merges(std::string_view text, const std::string& name) {
  const Result<SpelledMerges> merges = parse_merge_lines(text, kMostOriginalMerges, name);
  if (!merges) return merges.error();
  Vocabulary vocabulary;
  vocabulary.ids.reserve(merges->size() + 2 * 256 + 2);
  std::int32_t next_id = 0;
  const std::array<ByteSymbol, 256> bytes = byte_symbols();
  for (const ByteSymbol& byte : bytes) vocabulary.ids[byte.symbol] = next_id++;
  for (const ByteSymbol& byte : bytes) vocabulary.ids[byte.symbol + std::string(kEndOfWord)] = next_id++;
  // Where two merges make the same symbol the later id counts, as in the official code.
  for (const SpelledMerge& merge : *merges) vocabulary.ids[merge.merged()] = next_id++;
  vocabulary.ids[kStartToken] = next_id++;
  vocabulary.ids[kEndToken] = next_id++;
  return completed(std::move(vocabulary), name, *merges, name);
}

}  // namespace samcache

#include "model/tokenizer/tokenizer.h"

#include <algorithm>
#include <string>

#include "base/text.h"
#include "model/tokenizer/code_points.h"

namespace samcache {

Result<Tokenizer> Tokenizer::load(const std::filesystem::path& model) {
  const Result<Vocabulary> vocabulary = read_vocabulary(model);
  if (!vocabulary) return vocabulary.error();
  return Tokenizer(*vocabulary);
}

Tokenizer::Tokenizer(const Vocabulary& vocabulary)
    : encoding_(vocabulary), start_(vocabulary.start), end_(vocabulary.end) {
  for (const auto& [token, id] : vocabulary.ids) vocabulary_size_ = std::max(vocabulary_size_, id + 1);
}

Result<PromptTokens> Tokenizer::encode(std::string_view text, int context, const TextCleaning& cleaning) const {
  check(context >= 2, "Tokenizer::encode: a context of " + std::to_string(context) + " has no room for start and end");
  if (!is_utf8(text))
    return Error{ErrorCode::kInvalidArgument, "the text " + in_quotes(text) + " is not UTF-8: encode it so"};

  const std::size_t room = static_cast<std::size_t>(context) - 1;  // for all but the end
  const std::u32string cleaned = clean_text(text, cleaning);
  PromptTokens tokens;
  tokens.ids.push_back(start_);
  for (const std::u32string_view word : split_words(cleaned)) {
    const std::string bytes = utf8_of(word);
    if (bytes == kStartOfText) {
      tokens.ids.push_back(start_);
    } else if (bytes == kEndOfText) {
      tokens.ids.push_back(end_);
    } else {
      encoding_.append_word(bytes, tokens.ids);
    }
    if (tokens.ids.size() > room) break;
  }
  tokens.truncated = tokens.ids.size() > room;
  tokens.ids.resize(std::min(tokens.ids.size(), room));
  tokens.ids.push_back(end_);
  tokens.length = static_cast<int>(tokens.ids.size());
  tokens.ids.resize(static_cast<std::size_t>(context), 0);
  return tokens;
}

}  // namespace samcache

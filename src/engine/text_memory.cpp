#include "engine/text_memory.h"

#include <algorithm>

#include "engine/concept_prompt.h"

namespace samcache {
namespace {

// The official code takes the id of padding for padding wherever it stands: a text that holds that token as well has a
// hole there.
constexpr std::int32_t kPadding = 0;

// A text is encoded without most of its padding: so many tokens at a time, lest every length compiles products of its
// own.
constexpr std::size_t kTokenStep = 8;

Result<Tokenizer> load_tokenizer(const std::string& model, const TextConfig& config) {
  Result<Tokenizer> tokenizer = Tokenizer::load(model);
  if (!tokenizer) return Error{ErrorCode::kUnavailable, tokenizer.error().message};
  if (tokenizer->vocabulary_size() > config.vocabulary) {
    return Error{ErrorCode::kUnavailable,
                 "the tokenizer of " + model + " has " + std::to_string(tokenizer->vocabulary_size()) +
                     " tokens, the model knows " + std::to_string(config.vocabulary) + ": they do not belong together"};
  }
  return tokenizer;
}

}  // namespace

const Result<Tokenizer>& TextMemory::tokenizer() {
  std::call_once(tokenizer_loaded_, [this] { tokenizer_ = load_tokenizer(model_, config_); });
  return *tokenizer_;
}

Result<PromptTokens> TextMemory::tokens(std::string_view text) {
  if (text.size() > kMaxTextBytes) {
    return Error{ErrorCode::kInvalidArgument, "the text has " + std::to_string(text.size()) + " bytes; at most " +
                                                  std::to_string(kMaxTextBytes) + " are taken (the model reads " +
                                                  std::to_string(config_.context) + " tokens)"};
  }
  const Result<Tokenizer>& loaded = tokenizer();
  if (!loaded) return loaded.error();
  return loaded->encode(text, config_.context);
}

std::shared_ptr<const TextFeatures> TextMemory::features(
    const PromptTokens& tokens, const std::function<Value(std::span<const std::int64_t> ids)>& encode) {
  const std::u32string key(tokens.ids.begin(), tokens.ids.end());
  if (auto kept = features_.find(key)) return kept;
  const auto length = static_cast<std::size_t>(tokens.length);
  const std::size_t read = std::min((length + kTokenStep - 1) / kTokenStep * kTokenStep, tokens.ids.size());
  const std::vector<std::int64_t> ids(tokens.ids.begin(), tokens.ids.begin() + static_cast<std::ptrdiff_t>(read));
  auto made = std::make_shared<TextFeatures>();
  made->tokens = encode(ids);
  for (const std::int64_t id : ids) made->valid.push_back(id == kPadding ? 0 : 1);
  const std::size_t token_bytes = static_cast<std::size_t>(feature_width_) * sizeof(float) + 1;
  features_.insert(key, made, read * token_bytes + key.size() * sizeof(char32_t));
  return made;
}

}  // namespace samcache

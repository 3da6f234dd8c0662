// Texts of prompts: as tokens, and the features of those that were seen before. Internal to engine/.
//
// Thread-safe. The tokenizer is read at the first text, so that engines that never see one need none.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/lru_cache.h"
#include "model/config.h"
#include "model/ops.h"
#include "model/tokenizer/tokenizer.h"

namespace samcache {

struct TextFeatures {
  Value tokens;                     // [1, T, d]: at least the tokens that are no padding
  std::vector<std::uint8_t> valid;  // T flags: 0 at padding
};

class TextMemory {
 public:
  // model: as EngineOptions::model. feature_width: d. budget_bytes: for the features that are kept.
  TextMemory(std::string model, const TextConfig& config, int feature_width, std::size_t budget_bytes)
      : model_(std::move(model)), config_(config), feature_width_(feature_width), features_(budget_bytes) {}

  // kInvalidArgument: too long, not UTF-8; kUnavailable: the model has no tokenizer, or one that does not fit it.
  Result<PromptTokens> tokens(std::string_view text);

  // The features of these ids: kept ones, or what `encode` makes of them. Two threads that ask for the same new text
  // at once may both make them.
  std::shared_ptr<const TextFeatures> features(const PromptTokens& tokens,
                                               const std::function<Value(std::span<const std::int64_t> ids)>& encode);

 private:
  const Result<Tokenizer>& tokenizer();

  const std::string model_;
  const TextConfig config_;
  const int feature_width_;
  std::once_flag tokenizer_loaded_;
  std::optional<Result<Tokenizer>> tokenizer_;
  LruCache<std::u32string, TextFeatures> features_;  // by token ids
};

}  // namespace samcache

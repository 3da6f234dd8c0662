// A text prompt as the token ids that SAM 3's text encoder takes.
//
// The text is cleaned (text_cleaning.h), split into words, and every word is made of tokens by byte-pair encoding, with
// the ids of the official tokenizer. One thing differs from it: ftfy's repair of text in the wrong encoding is done
// character by character only (character_repair.h).
//
// Immutable, some megabytes; any thread may use one. Making one reads the model's tokenizer files, which may come from
// anywhere: load() fails with what is wrong in which file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/tokenizer/byte_pair_encoding.h"
#include "model/tokenizer/text_cleaning.h"
#include "model/tokenizer/vocabulary.h"

namespace samcache {

struct PromptTokens {
  std::vector<std::int32_t> ids;  // [context]: start, text, end, then padding; a token of the text may have the
                                  // padding's id, 0, too
  int length = 0;                 // tokens before the padding, start and end included
  bool truncated = false;         // the text had more tokens than the context takes; the end token is there still

  // Nothing of the text is left after cleaning.
  bool empty() const { return length <= 2 && !truncated; }
};

class Tokenizer {
 public:
  // Of a model: its folder, or a weights file in it. read_vocabulary() says which files are looked for.
  static Result<Tokenizer> load(const std::filesystem::path& model);

  explicit Tokenizer(const Vocabulary& vocabulary);

  // `context` is the number of ids to give, 2 or more (throws otherwise). kInvalidArgument: `text` is not UTF-8. The
  // time grows with the text: limit its length before.
  Result<PromptTokens> encode(std::string_view text, int context, const TextCleaning& cleaning = {}) const;

  // Ids are below this; the text encoder's embedding needs as many rows.
  int vocabulary_size() const { return vocabulary_size_; }

 private:
  BytePairEncoding encoding_;
  std::int32_t start_ = 0;
  std::int32_t end_ = 0;
  int vocabulary_size_ = 0;
};

}  // namespace samcache

// The demo model's tokenizer: CLIP's byte-pair encoding with merges for the words of the scenes alone.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace samcache::train {

// Writes vocab.json and merges.txt into `folder`. Ids are given as in the original: 256 byte symbols, the same at the
// end of a word, the merges in their order, start, end. Every one of `words` (lower case ASCII) becomes one token; any
// other text still has tokens, by byte if need be. -> how many ids there are.
Result<int> write_tokenizer(const std::vector<std::string>& words, const std::filesystem::path& folder);

}  // namespace samcache::train

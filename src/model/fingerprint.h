// The name of a model's weights: two checkpoints with the same fingerprint compute the same encodings.
//
// XXH3-128 over the configuration's sizes and, for every tensor the image model uses, in the table's order: its
// canonical name, its dtype, its canonical shape and the XXH3-128 of its values as stored. Naming, container and
// sharding do not enter, so the same float32 weights under Meta's and Hugging Face's names agree; a converted copy
// carries its source's fingerprint, since it is derived from it (precision is recorded elsewhere).
// It tells weights apart; it is no defence against someone who forges them.
#pragma once

#include <string>

#include "base/error.h"
#include "model/checkpoint.h"

namespace samcache {

// 32 lower-case hex characters. Reads every used tensor once, on `threads` threads (0: as many as there are
// processors, at most 8).
Result<std::string> model_fingerprint(const Checkpoint& checkpoint, int threads = 0);

}  // namespace samcache

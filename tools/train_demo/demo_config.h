// The sizes of the demo model: SAM 3's graph, small enough to be trained in an hour or two on two CPU cores.
#pragma once

#include "model/config.h"

namespace samcache::train {

// `vocabulary`: ids of its tokenizer. `image_size`: side of the square input, a multiple of 64. Weights do not depend
// on it, so that training may start on smaller pictures than it ends on.
Sam3Config demo_config(int vocabulary, int image_size);

// Queries look at a square grid of places first; this many along a side.
inline constexpr int kQueryGrid = 5;

}  // namespace samcache::train

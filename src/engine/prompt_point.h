// A click: on what is meant, or beside it.
#pragma once

namespace samcache {

// Pixels of the original picture, origin top left.
struct PromptPoint {
  float x = 0;
  float y = 0;
  bool positive = true;
};

}  // namespace samcache

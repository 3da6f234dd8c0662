#include "train_demo/measurements.h"

#include <cstdio>

namespace samcache::train {

std::string Measurements::text() const {
  std::string text;
  for (const auto& [name, sum] : sums_) {
    char value[32];
    std::snprintf(value, sizeof value, " %.3f", sum.count > 0 ? sum.total / sum.count : 0.0);
    text += (text.empty() ? "" : "  ") + name + value;
  }
  return text;
}

}  // namespace samcache::train

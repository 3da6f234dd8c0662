#include "eval_demo/mask_overlap.h"

#include "base/error.h"

namespace samcache::eval {

double mask_iou(const BinaryMask& a, const BinaryMask& b) {
  check(a.pixels.size() == b.pixels.size() && a.width == b.width, "mask_iou: masks of different sizes");
  std::size_t both = 0, either = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) {
    both += (a.pixels[i] & b.pixels[i]) != 0 ? 1 : 0;
    either += (a.pixels[i] | b.pixels[i]) != 0 ? 1 : 0;
  }
  return either == 0 ? 1.0 : static_cast<double>(both) / static_cast<double>(either);
}

BinaryMask without(const BinaryMask& a, const BinaryMask& b) {
  check(a.pixels.size() == b.pixels.size() && a.width == b.width, "without: masks of different sizes");
  BinaryMask rest = a;
  for (std::size_t i = 0; i < rest.pixels.size(); ++i) {
    if (b.pixels[i] != 0) rest.pixels[i] = 0;
  }
  return rest;
}

}  // namespace samcache::eval

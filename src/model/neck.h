// The necks: feature pyramids computed from the trunk's output alone.
//
// SAM 3 has two of the same structure: "convs" feeds the detector, "sam2_convs" the interactive head. Of the four
// levels in a checkpoint the coarsest is never used (the official code computes and drops it); it is left out here.
// Source: facebookresearch/sam3, sam3/model/necks.py.
#pragma once

#include <array>

#include "model/layers.h"

namespace samcache {

// Feature maps at 4, 2 and 1 times the token grid: [B, C, 4G, 4G], [B, C, 2G, 2G], [B, C, G, G].
using FeaturePyramid = std::array<Value, 3>;

class Neck {
 public:
  // `name` labels its taps, e.g. "sam3_fpn".
  Neck(const WeightScope& scope, std::string name);

  // trunk [B, C, G, G]
  FeaturePyramid operator()(Ops& ops, const Value& trunk) const;

 private:
  struct Fine {  // 4x
    ConvTranspose2x2 dconv0, dconv1;
    Conv2d conv1x1, conv3x3;
  } fine_;
  struct Middle {  // 2x
    ConvTranspose2x2 dconv;
    Conv2d conv1x1, conv3x3;
  } middle_;
  struct Coarse {  // 1x; at full precision: it costs little, and every token of every prompt attends to it
    Conv2d conv1x1, conv3x3;
  } coarse_;
  std::string name_;
};

}  // namespace samcache

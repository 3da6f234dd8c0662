// The necks: feature pyramids computed from the trunk's output alone.
//
// SAM 3 has two of the same structure: "convs" feeds the detector, "sam2_convs" the interactive head. Of the four
// levels in a checkpoint no prompt reads the coarsest (the official code computes and drops it): it is no part of a
// FeaturePyramid, and is there only for those who want all four.
// Source: facebookresearch/sam3, sam3/model/necks.py.
#pragma once

#include <array>
#include <optional>

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

  // Whether the checkpoint has the weights of the fourth level, which it may lack.
  bool has_dropped_level() const { return dropped_.has_value(); }
  // pooled [B, C, G/2, G/2]: the largest of each 2 x 2 tokens of the trunk -> [B, C', G/2, G/2].
  // Requires has_dropped_level().
  Value dropped_level(Ops& ops, const Value& pooled) const;

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
  struct Dropped {  // 0.5x; at full precision, in which a checkpoint's file is used where it is mapped
    Conv2d conv1x1, conv3x3;
  };
  std::optional<Dropped> dropped_;
  std::string name_;
};

}  // namespace samcache

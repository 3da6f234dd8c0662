// Clicks, a box and a previous mask become embeddings for the mask decoder.
//
// Source: facebookresearch/sam3, sam3/sam/prompt_encoder.py.
#pragma once

#include <array>

#include "model/config.h"
#include "model/layers.h"

namespace samcache {

// What a point stands for, as the official code numbers it.
enum class PointLabel : int {
  kIgnored = -10,  // an embedding of zeros: what Hugging Face's processor fills up sequences of unequal length with
  kPadding = -1,   // not a point
  kNegative = 0,
  kPositive = 1,
  kBoxTopLeft = 2,
  kBoxBottomRight = 3,
};

class PromptEncoder {
 public:
  // Weights come from "tracker.sam_prompt_encoder.".
  PromptEncoder(Ops& ops, const Sam3Config& config, const WeightScope& scope);

  // coordinates [B, P, 2]: (x, y) in pixels of the S x S model input, a box as its two corners before the clicks and,
  // if there is any point at all, one padding point last; labels [B, P]: PointLabel as numbers. -> [B, P, d]
  Value sparse(Ops& ops, const Value& coordinates, const Value& labels) const;

  // mask [B, 1, 4G, 4G]: the logits of an earlier answer -> [B, d, G, G]
  Value dense(Ops& ops, const Value& mask) const;
  // What takes its place when there is no mask: [1, d, 1, 1], to be broadcast.
  const Value& no_mask() const { return no_mask_; }

  // Position of every token of the image: [1, d, G, G].
  const Value& image_positions() const { return image_positions_; }

 private:
  // Random Fourier features of points in the unit square: [..., 2] -> [..., d]
  Value fourier(Ops& ops, const Value& unit) const;

  int image_size_;
  Value gaussian_;  // [2, d/2]
  Value padding_embedding_;
  std::array<Value, 4> label_embeddings_;
  Value no_mask_;
  Conv2d mask_conv1_, mask_conv2_, mask_conv3_;
  LayerNorm2d mask_norm1_, mask_norm2_;
  Value image_positions_;
};

}  // namespace samcache

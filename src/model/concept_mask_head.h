// The mask head of the concept detector: the memory and the finer feature levels become a picture of pixel
// embeddings, and each detection's query a filter over it.
//
// Source: facebookresearch/sam3, sam3/model/maskformer_segmentation.py. Done otherwise than there, to the same result:
// - a convolution of a sum is the sum of convolutions, so that what the image's own levels contribute is computed once
//   per image;
// - the 1x1 convolution of the pixel embeddings is moved into the filters: it is linear, and there are far fewer
//   filters than pixels.
#pragma once

#include <array>

#include "model/attention.h"
#include "model/config.h"
#include "model/neck.h"

namespace samcache {

class ConceptMaskHead {
 public:
  // Weights come from "detector.segmentation_head.".
  ConceptMaskHead(Ops& ops, const Sam3Config& config, const WeightScope& scope);

  // What depends on the image alone: the levels' share of each stage, [B, d, 2G, 2G] and [B, d, 4G, 4G].
  using ImagePart = std::array<Value, 2>;
  ImagePart prepare(Ops& ops, const FeaturePyramid& levels) const;

  // memory [B, G*G, d], prompt [B, L, d], prompt_bias [B, 1, 1, L] -> pixel embeddings [B, d, 4G, 4G]
  Value pixels(Ops& ops, const ImagePart& image, const Value& memory, const Value& prompt,
               const Value& prompt_bias) const;

  // Filters of the queries' masks. queries [B, n, d]
  struct Filters {
    Value weights;  // [B, n, d]
    Value shifts;   // [B, n, 1]
  };
  Filters filters(Ops& ops, const Value& queries) const;

  // -> logits [B, n, 4G * 4G]
  Value masks(Ops& ops, const Value& pixels, const Filters& filters) const;

 private:
  struct Stage {
    explicit Stage(const WeightScope& scope, int index);
    Conv2d conv;
    Value norm_weight, norm_bias;
  };

  int grid_;
  std::vector<Stage> stages_;
  LayerNorm prompt_norm_;
  ProjectedAttention prompt_attention_;
  ReluMlp mask_embed_;
  Value instance_weight_;  // [d, d]
  Value instance_bias_;    // [d, 1]
};

}  // namespace samcache

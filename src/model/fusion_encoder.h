// The fusion encoder: image tokens attend to the prompt and become the memory that detections and masks are read from.
//
// Source: facebookresearch/sam3, sam3/model/encoder.py (TransformerEncoderFusion, no final norm).
#pragma once

#include <vector>

#include "model/encoder_layer.h"

namespace samcache {

class FusionEncoder {
 public:
  // Weights come from "detector.transformer.encoder.".
  FusionEncoder(Ops& ops, const Sam3Config& config, const WeightScope& scope);

  // What depends on the image alone: the first layer up to where the prompt enters.
  struct ImagePart {
    Value tokens;   // [B, G*G, d]: after the first self-attention
    Value queries;  // [B, G*G, d]: the first cross-attention's, projected
  };
  // image [B, G*G, d]: the detector's coarsest level, raw; positions [1, G*G, d]
  ImagePart prepare(Ops& ops, const Value& image, const Value& positions) const;

  // prompt [B, L, d], prompt_bias [B, 1, 1, L]: -infinity at padding -> memory [B, G*G, d]
  Value operator()(Ops& ops, const ImagePart& image, const Value& positions, const Value& prompt,
                   const Value& prompt_bias) const;

 private:
  std::vector<EncoderLayer> layers_;
};

}  // namespace samcache

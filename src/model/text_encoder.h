// The text encoder: token ids become features that the detector attends to.
//
// A causal transformer (pre-norm blocks, GELU) whose every position counts: there is no pooling. Source:
// facebookresearch/sam3, sam3/model/text_encoder_ve.py.
#pragma once

#include <vector>

#include "model/config.h"
#include "model/layers.h"

namespace samcache {

class TextEncoder {
 public:
  // Weights come from "detector.backbone.language_backbone.".
  TextEncoder(Ops& ops, const TextConfig& config, const WeightScope& scope);

  // ids [B, tokens] as the tokenizer makes them -> [B, tokens, d], d the detector's width. `tokens` is at most the
  // configured context; padding at the end may be left off, since no token sees a later one. What comes out at padding
  // means nothing: whoever attends to it must leave it out.
  Value operator()(Ops& ops, const Value& ids, int tokens) const;

 private:
  struct Block {
    explicit Block(const WeightScope& scope);
    LayerNorm ln_1, ln_2;
    Linear in_proj, out_proj, c_fc, c_proj;
  };
  Value run_block(Ops& ops, const Block& block, const Value& x, const Value& causal) const;

  int heads_;
  int width_;
  Value token_embedding_;       // [V, C]
  Value positional_embedding_;  // [T, C]
  Value causal_;                // [1, 1, T, T]: -infinity above the diagonal
  std::vector<Block> blocks_;
  LayerNorm ln_final_;
  Linear resizer_;
};

}  // namespace samcache

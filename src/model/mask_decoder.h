// The interactive head's decoder: prompt embeddings and an image become mask logits.
//
// A two-way transformer lets a few tokens and the image attend to each other; each mask token then becomes a small
// filter over the upscaled image. Source: facebookresearch/sam3, sam3/sam/transformer.py and mask_decoder.py.
#pragma once

#include <vector>

#include "model/attention.h"
#include "model/config.h"
#include "model/layers.h"

namespace samcache {

struct TwoWayTokens {
  Value tokens;  // [B, T, d]
  Value image;   // [B, G*G, d]
};

class TwoWayTransformer {
 public:
  TwoWayTransformer(const Sam3Config& config, const WeightScope& scope);
  // tokens [B, T, d], image and its positions [B or 1, G*G, d]
  TwoWayTokens operator()(Ops& ops, const Value& tokens, const Value& image, const Value& image_positions) const;

 private:
  struct Block {
    Block(const MaskDecoderConfig& config, int width, const WeightScope& scope);
    ProjectedAttention self_attention, tokens_to_image, image_to_tokens;
    LayerNorm norm1, norm2, norm3, norm4;
    Linear lin1, lin2;
  };
  TwoWayTokens run_block(Ops& ops, const Block& block, bool first, const TwoWayTokens& in, const Value& token_positions,
                         const Value& image_positions) const;

  std::vector<Block> blocks_;
  ProjectedAttention final_attention_;
  LayerNorm final_norm_;
};

// What the interactive head keeps of an image: the tensors of an `interactive` encoding.
struct InteractiveFeatures {
  Value fine;    // image_embeddings.0 [1, d/8, 4G, 4G]
  Value middle;  // image_embeddings.1 [1, d/4, 2G, 2G]
  Value coarse;  // image_embeddings.2 [1, d, G, G], the no-memory embedding added
};

// For every prompt of the batch, all candidate masks: number 0 is the answer to an unambiguous prompt, 1… are the
// alternatives for an ambiguous one.
struct MaskCandidates {
  Value masks;         // [B, M, 4G, 4G] logits
  Value iou;           // [B, M] predicted, in 0..1
  Value object_score;  // [B, 1] logit
};

class MaskDecoder {
 public:
  // Weights come from "tracker.sam_mask_decoder.".
  MaskDecoder(Ops& ops, const Sam3Config& config, const WeightScope& scope);

  // Projects the two finer levels of the interactive neck to the few channels that decoding uses.
  Value project_fine(Ops& ops, const Value& level) const { return conv_s0_(ops, level); }
  Value project_middle(Ops& ops, const Value& level) const { return conv_s1_(ops, level); }

  // sparse [B, P, d] (no value: none), dense [B or 1, d, G or 1, G or 1], image_positions [1, d, G, G]
  MaskCandidates operator()(Ops& ops, const InteractiveFeatures& image, const Value& image_positions,
                            const Value& sparse, const Value& dense) const;

 private:
  Value upscale(Ops& ops, const Value& image_map, const InteractiveFeatures& image) const;

  int grid_;
  int width_;
  int mask_tokens_;
  Value output_tokens_;  // [1, 2 + M, d]: object score, IoU, masks
  TwoWayTransformer transformer_;
  ConvTranspose2x2 dconv0_, dconv1_;
  LayerNorm2d upscale_norm_;
  Conv2d conv_s0_, conv_s1_;
  std::vector<ReluMlp> hypernetworks_;
  ReluMlp iou_head_, object_head_;
};

}  // namespace samcache

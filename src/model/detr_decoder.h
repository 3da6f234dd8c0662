// The DETR decoder: a fixed number of queries look for instances in the memory, each refining a box layer by layer.
//
// A presence token travels with the queries and says whether the concept is in the picture at all. Attention to the
// image is biased by where each token lies relative to the query's box. Source: facebookresearch/sam3,
// sam3/model/decoder.py. Queries keep full precision; what is made of the memory takes a narrow type.
#pragma once

#include <vector>

#include "model/attention.h"
#include "model/config.h"
#include "model/position_encoding.h"

namespace samcache {

// Of the last layer.
struct DecodedQueries {
  Value features;  // [B, Q, d], after the output norm
  Value boxes;     // [B, Q, 4] centre x, centre y, width, height in units of the picture's sides
  Value presence;  // [B, 1] logit
};

class DetrDecoder {
 public:
  // Weights come from "detector.transformer.decoder.".
  DetrDecoder(Ops& ops, const Sam3Config& config, const WeightScope& scope);

  // memory [B, G*G, d], positions [1, G*G, d], prompt [B, L, d], prompt_bias [B, 1, 1, L]
  DecodedQueries operator()(Ops& ops, const Value& memory, const Value& positions, const Value& prompt,
                            const Value& prompt_bias) const;

 private:
  struct Layer {
    Layer(Ops& ops, const DetrConfig& config, int width, const WeightScope& scope);
    ProjectedAttention self_attention, prompt_attention, image_attention;
    LayerNorm norm1, norm2, norm3, catext_norm;
    FeedForward feed_forward;
  };
  struct BoxBias {
    Value rows;     // [B, heads, 1 + Q, G]
    Value columns;  // [B, heads, 1 + Q, G]
  };
  struct Context {
    const Value& memory;
    const Value& placed_memory;  // positions added
    const Value& prompt;
    const Value& prompt_bias;
  };

  // tokens and positions [B, 1 + Q, d], presence first
  Value run_layer(Ops& ops, const Layer& layer, const Context& context, const Value& tokens, const Value& positions,
                  const BoxBias& bias) const;
  // boxes [B, Q, 4] -> [B, Q, d]
  Value query_positions(Ops& ops, const Value& boxes) const;
  BoxBias box_bias(Ops& ops, const Value& boxes) const;
  // low, high [B, Q, 1]: a box's edges along one axis -> [B, heads, 1 + Q, G]
  Value axis_bias(Ops& ops, const ReluMlp& mlp, const Value& low, const Value& high) const;
  Value refine(Ops& ops, const Value& boxes, const Value& features) const;

  int queries_;
  SineEncoding sine_;
  Value query_embed_;        // [1, Q, d]
  Value reference_boxes_;    // [1, Q, 4]
  Value presence_token_;     // [1, 1, d]
  Value presence_position_;  // [1, 1, d] of zeros
  Value grid_line_;          // [1, 1, G, 1]: where rows and columns begin, in units of the picture's sides
  Value presence_bias_;      // [1, heads, 1, G] of zeros
  std::vector<Layer> layers_;
  LayerNorm norm_, presence_norm_;
  ReluMlp box_head_, row_bias_mlp_, column_bias_mlp_, presence_head_, position_head_;
};

}  // namespace samcache

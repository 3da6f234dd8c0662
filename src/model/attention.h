// Multi-head attention with its projections, as torch.nn.MultiheadAttention and SAM's own module hold them.
#pragma once

#include "model/layers.h"

namespace samcache {

// Which operands of an attention are the image: thousands of tokens, whose projections are worth a narrow type.
// Projections of everything else keep full precision.
enum class ImageSide { kNone, kQueries, kKeysAndValues, kAll };

struct KeysValues {
  Value keys;    // [B, Nk, C], projected
  Value values;  // [B, Nk, C], projected
};

class ProjectedAttention {
 public:
  // Weights "q_proj", "k_proj", "v_proj", "out_proj"; works at `width`, which need not be that of its inputs.
  static ProjectedAttention separate(const WeightScope& scope, int heads, int width, ImageSide image);
  // torch.nn.MultiheadAttention: "in_proj_weight" and "in_proj_bias", whose rows are [q; k; v], and "out_proj".
  static ProjectedAttention fused(Ops& ops, const WeightScope& scope, int heads, int width, ImageSide image);

  // q [B, Nq, d], k and v [B, Nk, d], bias as in Ops::attention -> [B, Nq, d]
  Value operator()(Ops& ops, const Value& q, const Value& k, const Value& v, const Value& bias = {}) const;

  // The same in steps, for keys and values that serve many queries, or queries that wait for their keys.
  Value project_queries(Ops& ops, const Value& q) const { return q_proj_(ops, q); }
  KeysValues project_keys_values(Ops& ops, const Value& k, const Value& v) const;
  Value attend(Ops& ops, const Value& projected_queries, const KeysValues& projected, const Value& bias = {}) const;
  // As `attend`, with the bias of Ops::grid_attention.
  Value attend_grid(Ops& ops, const Value& projected_queries, const KeysValues& projected, const Value& row_bias,
                    const Value& column_bias) const;

 private:
  ProjectedAttention(int heads, int width) : heads_(heads), head_dim_(width / heads) {}

  Linear q_proj_, k_proj_, v_proj_, out_proj_;
  int heads_;
  int head_dim_;
};

}  // namespace samcache

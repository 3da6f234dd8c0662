// Which tensors a SAM 3 checkpoint holds: one row per tensor, made from the sizes in the configuration.
//
// Names are Meta's (`detector.…`, `tracker.…`) and are the canonical names of this project. Each row says how Hugging
// Face stores the same numbers. The table is a plain value; making it costs a millisecond.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/config.h"

namespace samcache {

// One tensor of a Hugging Face checkpoint that holds a canonical tensor, or a part of it.
struct HfPiece {
  enum class Op {
    kSame,       // all of it, unchanged
    kRows,       // chunk `index` of `count` equal chunks along dimension 0
    kDropFirst,  // Meta's [1, 1 + n, C] without its first (class token) row
    kTranspose,  // the 2-D transpose
    kConcatRow,  // the canonical tensor is row `index` of the `count` rows of this one
  };
  std::string name;
  Op op = Op::kSame;
  int index = 0;
  int count = 1;
  std::vector<std::int64_t> shape;  // of the Hugging Face tensor
};

struct WeightSpec {
  std::string name;
  std::vector<std::int64_t> shape;  // in a Meta checkpoint
  bool generated = true;            // false: a table computed from the sizes (freqs_cis), optional in a checkpoint
  bool used_by_image_model = true;  // false: for video or training, or dead; a checkpoint may lack it
  bool optional = false;            // not counted as used, since a checkpoint may lack it; used when it is there
  std::vector<HfPiece> hf;          // empty: Hugging Face does not store it. Several kSame: it stores several copies
  // Names under which Hugging Face checkpoints may hold the kRows pieces in one tensor of shape `shape` (q, k, v in
  // this order): "….qkv.weight", "….qkv_proj.weight", "….in_proj_weight". Empty for everything else.
  std::vector<std::string> hf_fused_names;

  // What Checkpoint::tensor() answers with: `shape`, except for the ViT's pos_embed, which is [1, g·g, C]: Hugging Face
  // does not keep Meta's class-token row and no computation reads it.
  std::vector<std::int64_t> canonical_shape() const;
  bool drops_first_row() const;  // whether `shape` has that row
};

// Every tensor of a complete checkpoint, in the order of Meta's state dict: 1465 rows for the released sizes.
// Requires config.validate().
std::vector<WeightSpec> weights_table(const Sam3Config& config);

}  // namespace samcache

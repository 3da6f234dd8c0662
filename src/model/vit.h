// The ViT trunk: an image becomes one feature map, the tensor that everything else is derived from.
//
// Patch embedding, tiled absolute positions, LayerNorm, then pre-norm blocks with rotary attention, most of them inside
// windows, some over the whole grid. Source: facebookresearch/sam3, sam3/model/vitdet.py.
//
// Tokens are kept in window order all the way through (window by window, row-major inside one), so that windowed
// blocks need no partition: every other step treats tokens alone, and a global block only needs its rotary table in
// the same order.
#pragma once

#include <functional>
#include <vector>

#include "model/config.h"
#include "model/layers.h"

namespace samcache {

// Called before each block with (blocks done, blocks in all). May block: this is where an encode gives way to prompts.
// Returning false abandons the pass.
using BlockHook = std::function<bool(int done, int total)>;

class VitTrunk {
 public:
  // Tables are made with `ops`; weights come from "detector.backbone.vision_backbone.trunk.".
  VitTrunk(Ops& ops, const VitConfig& config, const WeightScope& scope);

  // pixels [B, 3, S, S], normalised (preprocess.h) -> [B, C, G, G] with G = S / patch.
  // Without a value if the hook gave up.
  Value operator()(Ops& ops, const Value& pixels, const BlockHook& before_block = {}) const;

 private:
  struct Block {
    explicit Block(const WeightScope& scope);
    LayerNorm norm1, norm2;
    Linear qkv, proj, fc1, fc2;
  };

  Value embed(Ops& ops, const Value& pixels) const;
  Value run_block(Ops& ops, const Block& block, bool global, const Value& tokens) const;
  // [B, G, G, C] -> [B, G*G, C] in window order
  Value to_windows(Ops& ops, const Value& grid) const;
  // The way back, for tokens of any width, [B, G*G, channels] or still apart by window.
  Value from_windows(Ops& ops, const Value& tokens, int channels) const;

  VitConfig config_;
  Value patch_weight_;
  Value position_table_;  // [1, 1, g, 1, g, C]: repeats over the grid, broadcast
  LayerNorm ln_pre_;
  std::vector<Block> blocks_;
  RotaryTable window_rotary_;
  RotaryTable global_rotary_;
};

}  // namespace samcache

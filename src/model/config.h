// The sizes of a SAM 3 model, as a Hugging Face config.json states them.
//
// A plain value: copy it freely. Every number that a weight table or a forward pass needs is here; nothing elsewhere
// is hard-coded to 1008 or 1024. Fields that a config.json leaves out take the values that Hugging Face's own
// configuration classes give them (for SAM 3's parts the released model's). What the official code fixes for every
// SAM 3 (normalisation epsilons, activations, the stride-4 neck) is not a size and lives with the code that computes
// it.
//
// Fails: parse_config and read_config answer with an Error that names the field; both end with validate().
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace samcache {

struct VitConfig {
  int hidden = 1024;
  int layers = 32;
  int heads = 16;
  int mlp = 4736;                 // width between fc1 and fc2
  int image_size = 1008;          // the square input, pixels
  int patch = 14;                 // pixels
  int window = 24;                // tokens along one side of an attention window
  int pretrain_image_size = 336;  // the position table covers (pretrain_image_size / patch)² tokens and is tiled
  double rope_theta = 10000.0;
  std::vector<int> global_blocks = {7, 15, 23, 31};  // ascending; every other block attends inside windows

  int grid() const { return image_size / patch; }                    // tokens along one side of the picture
  int pretrain_grid() const { return pretrain_image_size / patch; }  // side of the position table
  int head_dim() const { return hidden / heads; }
  bool is_global(int block) const;
};

struct TextConfig {
  int hidden = 1024;
  int layers = 24;
  int heads = 16;
  int mlp = 4096;
  int vocabulary = 49408;
  int context = 32;      // positions
  int projection = 512;  // width of a matrix that every checkpoint holds and no computation reads
};

// One transformer of the detector: geometry encoder, fusion encoder, DETR decoder.
struct DetrConfig {
  int layers = 6;
  int heads = 8;
  int feed_forward = 2048;
};

struct PromptEncoderConfig {
  int mask_input_channels = 16;
  int point_embeddings = 4;  // negative, positive, first box corner, second box corner
};

struct MaskDecoderConfig {  // the interactive (SAM-style) head
  int layers = 2;           // two-way blocks
  int heads = 8;
  int mlp = 2048;
  int attention_downsample_rate = 2;  // cross attentions work at fpn_width / this
  int iou_head_depth = 3;
  int iou_head_hidden = 256;
  int multimask_outputs = 3;
  bool stability_fallback = true;  // an unstable single mask gives way to the best of the multimask ones
  double stability_delta = 0.05;
  double stability_threshold = 0.98;

  int mask_tokens() const { return multimask_outputs + 1; }
};

// The video tracker's memory. The image model never runs it; its sizes say which tensors a checkpoint holds.
struct MemoryConfig {
  int frames = 7;
  int channels = 64;  // of one memory frame
  int attention_layers = 4;
  int attention_feed_forward = 2048;
  int fuser_layers = 2;
  int fuser_intermediate = 1024;
  int fuser_kernel = 7;
  int mask_downsampler_kernel = 3;
  int mask_downsampler_stride = 2;
  int mask_downsampler_total_stride = 16;
};

struct Sam3Config {
  VitConfig vit;
  int fpn_width = 256;  // channels of every neck level and of both heads (d_model)
  TextConfig text;
  DetrConfig geometry{.layers = 3};
  int roi_size = 7;  // box exemplars are pooled to roi_size × roi_size
  DetrConfig encoder;
  DetrConfig decoder;  // its feed_forward is also the hidden width of the prompt MLP in the scoring head
  int queries = 200;
  int segmentation_heads = 8;    // of the mask head's attention to the prompt
  int pixel_decoder_stages = 3;  // in the checkpoint; the model runs the first two
  PromptEncoderConfig prompt_encoder;
  MaskDecoderConfig mask_decoder;
  MemoryConfig memory;

  int grid() const { return vit.grid(); }
  int low_res_mask_size() const { return 4 * grid(); }  // side of the interactive head's mask logits, pixels

  // The model that facebook/sam3 holds: what a checkpoint without a config.json is taken to be.
  static Sam3Config released() { return {}; }

  // Positive, bounded, divisible where the model divides. The error names the field as config.json spells it.
  Status validate() const;

  // A config.json of Hugging Face's Sam3VideoModel, which parse_config reads back to this.
  std::string to_json() const;
};

// `source` names the text in messages. Unknown fields are ignored: libraries add some in every release.
Result<Sam3Config> parse_config(std::string_view json, const std::string& source);

// kNotFound when there is no such file.
Result<Sam3Config> read_config(const std::string& path);

}  // namespace samcache

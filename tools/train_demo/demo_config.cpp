#include "train_demo/demo_config.h"

namespace samcache::train {

Sam3Config demo_config(int vocabulary, int image_size) {
  Sam3Config config;
  config.vit = {.hidden = 256,
                .layers = 6,
                .heads = 8,
                .mlp = 1024,
                .image_size = image_size,
                .patch = 8,
                .window = 8,
                .pretrain_image_size = 64,
                .global_blocks = {1, 3, 5}};
  config.fpn_width = 64;
  config.text = {
      .hidden = 64, .layers = 2, .heads = 4, .mlp = 256, .vocabulary = vocabulary, .context = 16, .projection = 64};
  config.geometry = {.layers = 1, .heads = 4, .feed_forward = 128};
  config.encoder = {.layers = 2, .heads = 4, .feed_forward = 256};
  config.decoder = {.layers = 3, .heads = 4, .feed_forward = 256};
  config.queries = kQueryGrid * kQueryGrid;
  config.segmentation_heads = 4;
  config.mask_decoder.heads = 2;
  config.mask_decoder.mlp = 256;
  config.mask_decoder.iou_head_hidden = 64;
  config.memory = {.frames = 2,
                   .channels = 16,
                   .attention_layers = 1,
                   .attention_feed_forward = 64,
                   .fuser_layers = 1,
                   .fuser_intermediate = 64,
                   .fuser_kernel = 3,
                   .mask_downsampler_kernel = 3,
                   .mask_downsampler_stride = 2,
                   .mask_downsampler_total_stride = 16};
  return config;
}

}  // namespace samcache::train

// Checkpoints of any size with deterministic random weights, for tests, demos and measurements without the licensed
// ones. The recipe below is a specification: every value depends on the tensor's Meta name and shape alone, so anyone
// can reproduce the file bit for bit. All arithmetic is IEEE-754 and free of fused-multiply-add differences.
//
//   seed = FNV-1a 64 of the Meta name (offset 0xcbf29ce484222325, prime 0x100000001b3; xor, then multiply)
//   element i, row-major from 0, in the Meta shape:
//     z  = seed + (i + 1) * 0x9E3779B97F4A7C15                       modulo 2^64
//     z ^= z >> 30;  z *= 0xBF58476D1CE4E5B9;  z ^= z >> 27;  z *= 0x94D049BB133111EB;  z ^= z >> 31
//     u  = (z >> 40) * 2^-23 - 1                                     in [-1, 1), exact
//     value = float32(base + amplitude * u)                          in double, rounded once
//   (base, amplitude), the first rule that fits:
//     freqs_cis                                    not stored: a table computed from the sizes
//     1-D, ends in .gamma                          0.125, 0.0625
//     1-D, ends in weight                          1,     0.125       (norm scales)
//     1-D, ends in presence_token_head.layers.2.bias   1, 0.0625
//     1-D, ends in bias                            0,     0.0625
//     ends in reference_points.weight              0,     2
//     ends in {token_embedding,query_embed,presence_token,label_embed,cls_embed,iou_token,mask_tokens,
//       obj_score_token,not_a_point_embed,no_mask_embed}.weight or positional_encoding_gaussian_matrix,
//       or contains .point_embeddings.             0,     1
//     ends in positional_embedding, pos_embed, maskmem_tpos_enc, no_mem_embed, no_mem_pos_enc, no_obj_ptr,
//       no_obj_embed_spatial                       0,     0.5
//     else                                         0,     gain * sqrt(3 / fan_in)
//       fan_in = shape[0] if the name contains dconv_2x2 or output_upscaling or ends in text_projection,
//                else the product of shape[1:]
//       gain = 0.25 for decoder.bbox_embed.layers.2.weight, 4 for dot_prod_scoring.hs_proj.weight,
//              8 for sam_mask_decoder.output_hypernetworks_mlps.0.layers.2.weight (name endings), else 1
// Hugging Face naming holds the same numbers in its own pieces (see model/weights_table.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/checkpoint_writer.h"

namespace samcache {

// Values [first, first + out.size()) of the tensor with this Meta name and shape. Throws std::logic_error for a
// freqs_cis table or a 1-D name that fits no rule: neither is in weights_table() as `generated`.
void generate_weights(std::string_view meta_name, const std::vector<std::int64_t>& shape, std::int64_t first,
                      std::span<float> out);

// write_checkpoint() of such values; see there.
Status init_checkpoint(const Sam3Config& config, const std::filesystem::path& out_dir, Naming naming, DType dtype,
                       const WriteProgress& progress = {});

}  // namespace samcache

// From the decoder's candidates to the masks an annotator sees: choice, cleaning, enlargement.
//
// Source: facebookresearch/sam3, sam3/sam/mask_decoder.py (dynamic multimask), sam3/model/utils/sam1_utils.py
// (hole filling) and torch's bilinear interpolate (align_corners=False).
#pragma once

#include <span>
#include <vector>

#include "base/pixels.h"
#include "model/config.h"

namespace samcache {

// Indices of the candidates to answer with, out of `iou.size()`: all alternatives (1…) for multimask; otherwise
// candidate 0 if its outline is stable, else the alternative with the highest predicted IoU.
// first_mask: the logits of candidate 0.
std::vector<int> select_candidates(const MaskDecoderConfig& config, std::span<const float> first_mask,
                                   std::span<const float> iou, bool multimask);

// |{logit > delta}| / |{logit > -delta}|, 1 when both are empty.
double stability_score(std::span<const float> logits, float delta);

// In low-resolution pixels.
struct CleaningOptions {
  int max_hole_area = 256;    // background regions up to this size are filled; 0: none
  int max_sprinkle_area = 0;  // foreground regions up to this size are removed; 0: none

  bool operator==(const CleaningOptions&) const = default;

  // The official limits, 256 and 0, are meant for masks of 288 x 288 pixels: here as the same part of a mask of
  // side x side.
  static CleaningOptions for_masks(int side) { return {.max_hole_area = 256 * side * side / (288 * 288)}; }
};

// Fills small holes (to +10) and removes small sprinkles (to -10) of a [side, side] mask, in place. Regions are
// 8-connected; sprinkles are looked for in the mask as it was before holes were filled.
void clean_mask(std::span<float> logits, int side, const CleaningOptions& options);

// Limits logits to what the official predictor returns: -32..32.
void clamp_logits(std::span<float> logits);

// logits [side, side] -> bilinear [height, width]
std::vector<float> enlarge_logits(std::span<const float> logits, int side, int width, int height);

// enlarge_logits(...) > 0, without the float picture in between.
BinaryMask enlarge_mask(std::span<const float> logits, int side, int width, int height);

}  // namespace samcache

// What training minimises, written over libtorch tensors.
//
// Masks as in SAM and SAM 3: focal and dice, 20 to 1. The focal loss is the one for soft targets (quality focal loss,
// Li et al. 2020), since a low-resolution pixel may be partly covered; for targets of 0 and 1 it is the usual one
// without alpha. Boxes as in DETR: L1 and generalised IoU, 5 to 2. Query scores: cross entropy, what is no instance
// weighed down by how surely it is known already (focal, gamma 2).
#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace samcache::train {

// logits and targets [..., H, W], targets 0..1 -> [...]
at::Tensor mask_loss(const at::Tensor& logits, const at::Tensor& targets);

// {logit > 0} against {target >= 0.5}: [...], 1 where both are empty. Not differentiable.
at::Tensor mask_iou(const at::Tensor& logits, const at::Tensor& targets);

// Boxes [..., 4] as centre x, centre y, width, height in units of the picture's sides; broadcast. -> [...]
at::Tensor generalised_iou(const at::Tensor& a, const at::Tensor& b);
at::Tensor box_loss(const at::Tensor& predicted, const at::Tensor& target);

// logits and targets [...], targets 0 or 1 -> [...]
at::Tensor score_loss(const at::Tensor& logits, const at::Tensor& targets);

// Hungarian matching of one picture's queries with what there is to be found, by score, L1 and generalised IoU as in
// DETR (2, 5, 2). logits [Q], boxes [Q, 4], targets [N, 4], N <= Q -> the query of every target.
std::vector<std::int64_t> match(const at::Tensor& logits, const at::Tensor& boxes, const at::Tensor& targets);

}  // namespace samcache::train

// What teaches the model to tell one thing from another, before anybody asks for it.
//
// Training-only linear layers. One says of every token of the trunk what lies there (kind, colour, pattern, or
// background), how far it is to the edges of that thing's box, and what shape fills that box; one says of the mean of
// the detector's features over an object what it is. They cost next to nothing; learning the same by way of texts and
// queries alone takes many times as long.
#pragma once

#include <span>

#include "train_demo/example.h"
#include "train_demo/measurements.h"
#include "train_demo/training_weights.h"

namespace samcache::train {

// Adds the layers' weights, zero, under names that no checkpoint has.
void add_recognition_weights(const Sam3Config& config, NamedTensors& weights);

// trunk [B, C, G, G] -> a differentiable scalar. Measures how often a token's "token_kind", … is told rightly.
at::Tensor token_recognition_loss(const NamedTensors& weights, const at::Tensor& trunk,
                                  std::span<const Example> examples, Measurements& measured);

// detector_level [B, d, G, G]: the coarsest. The same of whole objects: "kind", "colour", "pattern".
at::Tensor object_recognition_loss(const NamedTensors& weights, const at::Tensor& detector_level,
                                   std::span<const Example> examples, Measurements& measured);

}  // namespace samcache::train

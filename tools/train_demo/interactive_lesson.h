// What a few pictures teach the interactive head: boxes, clicks, and clicks that correct.
//
// Masks alone teach it next to nothing for thousands of steps: it answers every prompt with all that stands out. So two
// training-only linear layers are asked what must be known on the way: of the head's image tokens, which of them lie on
// the prompted object; of its mask token, that object's box.
#pragma once

#include <span>
#include <string>

#include "engine/torch_ops.h"
#include "model/sam3.h"
#include "scenes/random.h"
#include "train_demo/example.h"
#include "train_demo/measurements.h"
#include "train_demo/training_weights.h"

namespace samcache::train {

// Adds the training-only layers' weights, zero, under names that no checkpoint has.
void add_guidance_weights(const Sam3Config& config, NamedTensors& weights);
bool is_guidance(const std::string& name);

// images: Sam3ImageModel::interactive_features of all pictures. -> a differentiable scalar. Measures the IoU of the
// mask an annotator would be given: "iou_box", "iou_click1", "iou_click2", …
at::Tensor interactive_loss(TorchOps& ops, const Sam3ImageModel& model, const NamedTensors& weights,
                            const InteractiveFeatures& images, std::span<const Example> examples,
                            scenes::Random& random, Measurements& measured);

}  // namespace samcache::train

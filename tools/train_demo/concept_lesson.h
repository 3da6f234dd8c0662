// What a few pictures teach the concept detector: texts and exemplars, of what is there and what is not.
#pragma once

#include <span>

#include "engine/torch_ops.h"
#include "model/concept_detector.h"
#include "model/tokenizer/tokenizer.h"
#include "scenes/random.h"
#include "train_demo/example.h"
#include "train_demo/measurements.h"

namespace samcache::train {

// The parts of the model that look for concepts. `semantic_*`: a 1x1 convolution to a map of everything that is the
// concept, which every checkpoint holds and only training computes (weights "detector.segmentation_head.
// semantic_seg_head."): it shows the detector early where to look.
struct ConceptModel {
  ConceptModel(TorchOps& ops, const Sam3Config& sizes, WeightSource& weights);

  Sam3Config config;
  ConceptDetector detector;
  PromptScoring scoring;  // of the decoder's inner layers
  Conv2d semantic_map;
};

// levels: Sam3ImageModel::detector_features of all pictures. -> a differentiable scalar. Measures losses
// ("loss_score", …), the mean IoU of matched masks ("iou_concept"), how often presence is told rightly ("presence").
at::Tensor concept_loss(TorchOps& ops, const ConceptModel& model, const Tokenizer& tokenizer,
                        const FeaturePyramid& levels, std::span<const Example> examples, scenes::Random& random,
                        Measurements& measured);

}  // namespace samcache::train

// What each exported part of the model takes, runs and answers. Internal to onnx/; docs/onnx.md is the description for
// users.
#pragma once

#include "model/concept_detector.h"
#include "model/sam3.h"
#include "onnx/onnx_ops.h"

namespace samcache {

// Everything a part is recorded from. Feature maps and text features pass between parts in `feature_type`; pictures,
// prompts and answers are float32 always.
struct PartRecorder {
  Graph& graph;
  OnnxOps& ops;
  const Sam3Config& config;
  DType feature_type = DType::kF32;

  // What an encoding of the profile `interactive` or `detector` holds, as inputs or outputs of these names.
  std::vector<Shape> interactive_shapes(std::int64_t batch) const;
  std::vector<Shape> detector_shapes(std::int64_t batch) const;
  void output(const std::string& name, const Value& value, DType type, const Shape& shape);
};

void record_vision_encoder(PartRecorder& part, const Sam3ImageModel& model);
void record_trunk(PartRecorder& part, const Sam3ImageModel& model);
void record_neck(PartRecorder& part, const Sam3ImageModel& model);
void record_detector_neck(PartRecorder& part, const Sam3ImageModel& model);

// with_mask: takes a mask too, and answers with all four candidates instead of the three alternatives.
void record_prompt_decoder(PartRecorder& part, const Sam3ImageModel& model, bool with_mask);

void record_text_encoder(PartRecorder& part, const ConceptDetector& detector);
void record_concept_decoder(PartRecorder& part, const ConceptDetector& detector);

}  // namespace samcache

// SAM 3's concept side, written once over Ops: text and exemplars find every instance in an image.
//
// The text encoder runs once per text, the image parts once per image, the rest per prompt:
// geometry encoder -> [text; geometry] prompt -> fusion encoder -> DETR decoder -> scores -> masks of what is kept.
// Source of the whole: facebookresearch/sam3, sam3/model/sam3_image.py.
#pragma once

#include <cstdint>
#include <span>

#include "model/concept_mask_head.h"
#include "model/detr_decoder.h"
#include "model/fusion_encoder.h"
#include "model/geometry_encoder.h"
#include "model/text_encoder.h"

namespace samcache {

// What the detector keeps of an image: everything that no prompt changes.
struct ConceptFeatures {
  GeometryEncoder::ImagePart geometry;
  FusionEncoder::ImagePart fusion;
  ConceptMaskHead::ImagePart masks;
};

// Text and geometry tokens in one sequence.
struct PromptSequence {
  Value tokens;   // [B, L, d]
  Value bias;     // [B, 1, 1, L]: 0, or -infinity at padding
  Value weights;  // [B, 1, L]: 1 / (number of tokens that are no padding), or 0 at padding
};

struct ConceptCandidates {
  Value queries;   // [B, Q, d]
  Value boxes;     // [B, Q, 4] centre x, centre y, width, height in units of the picture's sides
  Value logits;    // [B, Q]: that the query is an instance
  Value presence;  // [B, 1] logit: that there is any
};

// How well each query fits the prompt as a whole: weights from "detector.dot_prod_scoring.".
class PromptScoring {
 public:
  PromptScoring(const Sam3Config& config, const WeightScope& scope);
  // queries [B, Q, d] -> logits [B, Q] in -12..12
  Value operator()(Ops& ops, const PromptSequence& prompt, const Value& queries) const;

 private:
  ReluMlp prompt_mlp_;
  LayerNorm prompt_norm_;
  Linear prompt_proj_, hs_proj_;
  float scale_;
};

class ConceptDetector {
 public:
  // Takes its weights by canonical name. Immutable afterwards: any number of threads may run it, each with an Ops of
  // its own (of the kind that made it).
  ConceptDetector(Ops& ops, const Sam3Config& config, WeightSource& weights);

  bool takes_points() const { return geometry_.takes_points(); }

  // ids [B, tokens] -> [B, tokens, d]; see TextEncoder
  Value encode_text(Ops& ops, const Value& ids, int tokens) const { return text_(ops, ids, tokens); }

  // levels as Sam3ImageModel::detector_features makes them, of one image
  ConceptFeatures prepare(Ops& ops, const FeaturePyramid& levels) const;

  // text [1, T, d] and which of its tokens are there (T flags); exemplars of this image.
  PromptSequence prompt(Ops& ops, const ConceptFeatures& image, const Value& text,
                        std::span<const std::uint8_t> text_valid, const GeometryPrompt& exemplars) const;

  // The geometry tokens of such a sequence for boxes given as values, [1, N + 1, d]: for a graph that is made before
  // the prompt is known and puts the sequence together itself.
  Value exemplar_tokens(Ops& ops, const ConceptFeatures& image, const ExemplarBoxes& boxes) const {
    return geometry_(ops, image.geometry, boxes);
  }

  // -> memory [B, G*G, d]: the image as the prompt makes it look
  Value fuse(Ops& ops, const ConceptFeatures& image, const PromptSequence& prompt) const;

  ConceptCandidates detect(Ops& ops, const Value& memory, const PromptSequence& prompt) const;

  // For masks: what is common to all of them, filters of some queries [B, n, d], logits [B, n, 4G * 4G].
  Value pixels(Ops& ops, const ConceptFeatures& image, const Value& memory, const PromptSequence& prompt) const {
    return mask_head_.pixels(ops, image.masks, memory, prompt.tokens, prompt.bias);
  }
  ConceptMaskHead::Filters filters(Ops& ops, const Value& queries) const { return mask_head_.filters(ops, queries); }
  Value masks(Ops& ops, const Value& pixels, const ConceptMaskHead::Filters& filters) const {
    return mask_head_.masks(ops, pixels, filters);
  }

 private:
  int grid_;
  Value positions_;  // [1, G*G, d]
  TextEncoder text_;
  GeometryEncoder geometry_;
  FusionEncoder fusion_;
  DetrDecoder decoder_;
  PromptScoring scoring_;
  ConceptMaskHead mask_head_;
};

}  // namespace samcache

// SAM 3's image side, written once over Ops: what an image becomes, and what a click or a box makes of it.
//
// Preprocessing (pixels -> trunk input) is in preprocess.h, choosing and cleaning masks in mask_selection.h: both are
// plain loops, the same for every runner.
#pragma once

#include "model/config.h"
#include "model/mask_decoder.h"
#include "model/neck.h"
#include "model/prompt_encoder.h"
#include "model/vit.h"

namespace samcache {

class Sam3ImageModel {
 public:
  // Takes its weights from `weights` by canonical name (weights_table.h). Immutable afterwards: any number of threads
  // may run it, each with an Ops of its own (of the kind that made it).
  Sam3ImageModel(Ops& ops, const Sam3Config& config, WeightSource& weights);

  const Sam3Config& config() const { return config_; }

  // pixels [B, 3, S, S] -> [B, C, G, G]; no value if the hook gave up.
  Value trunk(Ops& ops, const Value& pixels, const BlockHook& before_block = {}) const {
    return trunk_(ops, pixels, before_block);
  }
  // trunk [B, C, G, G] -> the detector's feature pyramid
  FeaturePyramid detector_features(Ops& ops, const Value& trunk) const { return detector_neck_(ops, trunk); }
  // trunk [1, C, G, G] -> what interactive prompts need
  InteractiveFeatures interactive_features(Ops& ops, const Value& trunk) const;
  // The same before the no-memory embedding is added to the coarse map.
  InteractiveFeatures interactive_levels(Ops& ops, const Value& trunk) const;

  // The necks, for the fourth level that neither pyramid contains.
  const Neck& detector_neck() const { return detector_neck_; }
  const Neck& interactive_neck() const { return interactive_neck_; }

  // coordinates [B, P, 2] and labels [B, P] as PromptEncoder::sparse takes them, or no values (mask alone);
  // mask_input [B, 1, 4G, 4G] or no value.
  MaskCandidates decode(Ops& ops, const InteractiveFeatures& image, const Value& coordinates, const Value& labels,
                        const Value& mask_input) const;
  // The same with the mask's embedding in place of the mask: for whoever decides while running whether there is one.
  MaskCandidates decode_embedded(Ops& ops, const InteractiveFeatures& image, const Value& coordinates,
                                 const Value& labels, const Value& mask_embedding) const;
  // mask_input [B, 1, 4G, 4G] -> [B, d, G, G]; no value: what stands for no mask, [1, d, 1, 1]
  Value embed_mask(Ops& ops, const Value& mask_input) const;

 private:
  Sam3Config config_;
  VitTrunk trunk_;
  Neck detector_neck_;
  Neck interactive_neck_;
  PromptEncoder prompt_encoder_;
  MaskDecoder mask_decoder_;
  Value no_memory_;  // [1, d, 1, 1]
};

}  // namespace samcache

// From a trunk to every tensor of tensors/seed_layout.h: the detector's levels as they are derived anyway, the
// interactive ones before the no-memory embedding, the level that both necks drop, and the position codes.
#include "tensors/seed_layout.h"

#include <c10/core/InferenceMode.h>

#include "engine/engine_state.h"
#include "engine/torch_tensors.h"
#include "model/position_encoding.h"

namespace samcache {
namespace {

Status check_possible(const EngineInfo& info, const Sam3ImageModel& model, const Encoding& encoding,
                      const SeedLayoutOptions& options) {
  if (encoding.metadata.profile != Profile::kTrunk) {
    return Error{ErrorCode::kInvalidArgument, "the seed layout cannot be made from an encoding of profile " +
                                                  std::string(profile_name(encoding.metadata.profile)) +
                                                  ": only a trunk encoding holds enough"};
  }
  const bool complete = model.detector_neck().has_dropped_level() &&
                        (!options.interactive || model.interactive_neck().has_dropped_level());
  if (!complete) {
    return Error{ErrorCode::kUnsupported,
                 "the seed layout contains the necks' fourth level, and the weights of " + info.model +
                     " are without it (convs.3): use a complete checkpoint, or convert it again if this is a copy"};
  }
  return {};
}

// The largest of each 2 x 2 tokens, in float32. Not one of Ops: nothing that a prompt runs pools.
Value pooled(const Value& trunk) {
  return TorchOps::wrap(at::max_pool2d(TorchOps::tensor(trunk).to(at::kFloat), {2, 2}, {2, 2}));
}

// The four position codes [1, width, side, side], each under its name in every pyramid that has it.
void append_positions(Ops& ops, const Sam3Config& config, at::ScalarType stored, bool interactive,
                      std::vector<Tensor>& tensors) {
  const int sides[kSeedLayoutLevels] = {4 * config.grid(), 2 * config.grid(), config.grid(), config.grid() / 2};
  for (int level = 0; level < kSeedLayoutLevels; ++level) {
    const int side = sides[level];
    const Value codes = map_from_tokens(ops, grid_positions(ops, side, config.fpn_width), side, side);
    const std::string name = "vision_pos_enc_" + std::to_string(level);
    tensors.push_back(tensor_from_torch(name, TorchOps::tensor(codes).to(stored)));
    if (!interactive) continue;
    tensors.push_back(tensors.back());  // shares the numbers
    tensors.back().name = "sam2_" + name;
  }
}

}  // namespace

Result<std::vector<Tensor>> Engine::seed_layout(const Encoding& encoding, const SeedLayoutOptions& options) const {
  const Sam3ImageModel& model = *state_->model;
  if (Status status = check_possible(state_->info, model, encoding, options); !status) return status.error();
  const c10::InferenceMode no_gradients;
  const Result<std::vector<Value>> values = state_->profile_values(*this, encoding, Profile::kTrunk);
  if (!values) return values.error();
  const Value& trunk = values->front();
  const Result<Encoding> detector = derive(encoding, Profile::kDetector);  // its tensors have the layout's names
  if (!detector) return detector.error();

  const std::unique_ptr<TorchOps> ops = state_->make_ops();
  const at::ScalarType stored = TorchOps::tensor(trunk).scalar_type();
  const Value half = pooled(trunk);
  std::vector<Tensor> tensors = detector->tensors;
  const auto append = [&](const std::string& name, const Value& value) {
    tensors.push_back(tensor_from_torch(name, TorchOps::tensor(value).to(stored)));
  };
  append("backbone_fpn_3", model.detector_neck().dropped_level(*ops, half));
  if (options.interactive) {
    const InteractiveFeatures levels = model.interactive_levels(*ops, trunk);
    append("sam2_backbone_fpn_0", levels.fine);
    append("sam2_backbone_fpn_1", levels.middle);
    append("sam2_backbone_fpn_2", levels.coarse);
    append("sam2_backbone_fpn_3", model.interactive_neck().dropped_level(*ops, half));
  }
  append_positions(*ops, state_->info.config, stored, options.interactive, tensors);
  return tensors;
}

}  // namespace samcache

// From an encoding to what prompts run on: is it ours, does it fit this model, where do its tensors go.
#include <c10/core/InferenceMode.h>

#include "engine/engine_state.h"
#include "engine/torch_tensors.h"
#include "model/preprocess.h"

namespace samcache {
namespace {

Status check_made_by(const EngineInfo& info, const EncodingMetadata& metadata) {
  if (metadata.model_fingerprint != info.fingerprint) {
    return Error{ErrorCode::kInvalidArgument, "the encoding was made by another model (" + metadata.model + ", " +
                                                  metadata.model_fingerprint + ") than the one loaded (" + info.model +
                                                  ", " + info.fingerprint + "): encode the image again"};
  }
  if (metadata.preprocess != kPreprocessRevision) {
    return Error{ErrorCode::kInvalidArgument, "the encoding's preprocessing \"" + metadata.preprocess +
                                                  "\" is not this version's \"" + kPreprocessRevision +
                                                  "\": encode the image again"};
  }
  return {};
}

Status check_shape(const Tensor& tensor, const std::vector<std::int64_t>& expected) {
  if (tensor.shape == expected) return {};
  return Error{ErrorCode::kCorrupt, "the encoding's tensor " + tensor.name + " has shape " + shape_text(tensor.shape) +
                                        ", the model's is " + shape_text(expected)};
}

std::vector<std::vector<std::int64_t>> expected_shapes(const Sam3Config& config, Profile profile) {
  const std::int64_t g = config.grid();
  const std::int64_t d = config.fpn_width;
  switch (profile) {
    case Profile::kTrunk: return {{1, config.vit.hidden, g, g}};
    case Profile::kInteractive: return {{1, d / 8, 4 * g, 4 * g}, {1, d / 4, 2 * g, 2 * g}, {1, d, g, g}};
    case Profile::kDetector: return {{1, d, 4 * g, 4 * g}, {1, d, 2 * g, 2 * g}, {1, d, g, g}};
  }
  throw std::logic_error("expected_shapes: unknown profile");
}

Status check_fits(const EngineInfo& info, const Encoding& encoding) {
  const std::vector<std::string>& names = profile_tensor_names(encoding.metadata.profile);
  const auto shapes = expected_shapes(info.config, encoding.metadata.profile);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Tensor* tensor = encoding.find(names[i]);
    if (tensor == nullptr) return Error{ErrorCode::kCorrupt, "the encoding has no tensor " + names[i]};
    if (Status status = check_shape(*tensor, shapes[i]); !status) return status;
  }
  return check_made_by(info, encoding.metadata);
}

}  // namespace

Result<std::vector<Value>> Engine::State::profile_values(const Engine& engine, const Encoding& encoding,
                                                         Profile profile) const {
  if (Status status = check_fits(info, encoding); !status) return status.error();
  const Result<Encoding> derived = engine.derive(encoding, profile);
  if (!derived) return derived.error();
  std::vector<Value> values;
  for (const std::string& name : profile_tensor_names(profile)) {
    const Result<at::Tensor> view = torch_view(*derived->find(name));
    if (!view) return view.error();
    values.push_back(TorchOps::wrap(view->to(device)));
  }
  return values;
}

Status Engine::check_encoding(const Encoding& encoding) const { return check_fits(state_->info, encoding); }

Result<std::shared_ptr<const PreparedImage>> Engine::prepare(const Encoding& encoding) const {
  const c10::InferenceMode no_gradients;
  const Result<std::vector<Value>> values = state_->profile_values(*this, encoding, Profile::kInteractive);
  if (!values) return values.error();
  auto prepared = std::make_shared<PreparedImage>();
  prepared->features = {(*values)[0], (*values)[1], (*values)[2]};
  prepared->original_width = encoding.metadata.original_width;
  prepared->original_height = encoding.metadata.original_height;
  return std::shared_ptr<const PreparedImage>(std::move(prepared));
}

Result<std::shared_ptr<const ConceptImage>> Engine::prepare_concepts(const Encoding& encoding) const {
  const c10::InferenceMode no_gradients;
  const Result<std::vector<Value>> levels = state_->profile_values(*this, encoding, Profile::kDetector);
  if (!levels) return levels.error();
  const std::unique_ptr<TorchOps> ops = state_->make_ops();
  auto prepared = std::make_shared<ConceptImage>();
  prepared->features = state_->detector->prepare(*ops, {(*levels)[0], (*levels)[1], (*levels)[2]});
  prepared->original_width = encoding.metadata.original_width;
  prepared->original_height = encoding.metadata.original_height;
  return std::shared_ptr<const ConceptImage>(std::move(prepared));
}

}  // namespace samcache

#include "train_demo/training_state.h"

#include <torch/nn/utils/clip_grad.h>
#include <torch/serialize.h>

#include <algorithm>
#include <cmath>

#include "engine/torch_tensors.h"
#include "model/checkpoint.h"

namespace samcache::train {
namespace {

constexpr double kWeightDecay = 0.02;  // of matrices alone
constexpr double kMaxGradientNorm = 1.0;
constexpr double kAverageDecay = 0.998;  // of a step; less in the beginning

std::vector<torch::optim::OptimizerParamGroup> parameter_groups(const NamedTensors& weights) {
  std::vector<at::Tensor> decayed, free;
  for (const auto& [name, tensor] : weights) {
    if (!is_learnt(name)) continue;
    (tensor.dim() > 1 ? decayed : free).push_back(tensor);
  }
  const auto options = [](double decay) {
    return std::make_unique<torch::optim::AdamWOptions>(
        torch::optim::AdamWOptions().betas({0.9, 0.98}).weight_decay(decay));
  };
  std::vector<torch::optim::OptimizerParamGroup> groups;
  groups.emplace_back(std::move(decayed), options(kWeightDecay));
  groups.emplace_back(std::move(free), options(0.0));
  return groups;
}

NamedTensors ready_to_learn(NamedTensors weights) {
  for (auto& [name, tensor] : weights) tensor.requires_grad_(is_learnt(name));
  return weights;
}

NamedTensors copy_of(const NamedTensors& weights) {
  NamedTensors copy;
  for (const auto& [name, tensor] : weights) copy[name] = tensor.detach().clone();
  return copy;
}

Error archive_error(const std::filesystem::path& path, const std::string& what) {
  return {ErrorCode::kIo, path.string() + ": " + what.substr(0, what.find('\n'))};
}

}  // namespace

TrainingState::TrainingState(NamedTensors weights)
    : weights_(ready_to_learn(std::move(weights))),
      average_(copy_of(weights_)),
      optimizer_(parameter_groups(weights_)) {}

double TrainingState::descend(double learning_rate) {
  std::vector<at::Tensor> all;
  for (auto& group : optimizer_.param_groups()) {
    group.options().set_lr(learning_rate);
    all.insert(all.end(), group.params().begin(), group.params().end());
  }
  const double length = torch::nn::utils::clip_grad_norm_(all, kMaxGradientNorm);
  if (std::isfinite(length)) optimizer_.step();
  for (at::Tensor& tensor : all) tensor.mutable_grad() = at::Tensor();
  ++step;
  const at::NoGradGuard no_gradients;
  const double decay = std::min(kAverageDecay, static_cast<double>(step) / static_cast<double>(step + 10));
  for (auto& [name, tensor] : average_) tensor.lerp_(weights_.at(name).detach(), 1.0 - decay);
  return length;
}

Status TrainingState::take_weights(const std::filesystem::path& model, std::string_view kept) {
  const at::NoGradGuard no_gradients;
  const Result<Checkpoint> checkpoint = Checkpoint::open(model);
  if (!checkpoint) return checkpoint.error();
  for (auto& [name, tensor] : weights_) {
    if (!kept.empty() && name.find(kept) != std::string::npos) continue;
    const Result<Tensor> stored = checkpoint->tensor(name);
    if (!stored && stored.error().code == ErrorCode::kNotFound) continue;
    if (!stored) return stored.error();
    const Result<at::Tensor> view = torch_view(*stored);
    if (!view) return view.error();
    if (view->sizes() != tensor.sizes()) {
      return Error{ErrorCode::kInvalidArgument, model.string() + " is of other sizes: " + name + " is " +
                                                    shape_text(stored->shape) + ", not " +
                                                    shape_text(tensor.sizes().vec())};
    }
    tensor.copy_(*view);
    average_.at(name).copy_(*view);
  }
  return {};
}

Status TrainingState::save(const std::filesystem::path& path) const try {
  torch::serialize::OutputArchive archive;
  archive.write("step", torch::IValue(step));
  for (const auto& [name, tensor] : weights_) archive.write("weight/" + name, tensor.detach());
  for (const auto& [name, tensor] : average_) archive.write("average/" + name, tensor);
  torch::serialize::OutputArchive optimizer;
  optimizer_.save(optimizer);
  archive.write("optimizer", optimizer);
  std::filesystem::path unfinished = path;
  unfinished += ".unfinished";
  archive.save_to(unfinished.string());
  std::filesystem::rename(unfinished, path);
  return {};
} catch (const std::exception& e) {
  return archive_error(path, e.what());
}

Status TrainingState::load(const std::filesystem::path& path) try {
  const at::NoGradGuard no_gradients;
  torch::serialize::InputArchive archive;
  archive.load_from(path.string());
  const auto read = [&](const std::string& key, const at::Tensor& into) {
    at::Tensor stored;
    archive.read(key, stored);
    if (stored.sizes() != into.sizes()) throw std::runtime_error(key + " has another shape: made with another version");
    into.copy_(stored);
  };
  for (const auto& [name, tensor] : weights_) read("weight/" + name, tensor);
  for (const auto& [name, tensor] : average_) read("average/" + name, tensor);
  torch::serialize::InputArchive optimizer;
  archive.read("optimizer", optimizer);
  optimizer_.load(optimizer);
  torch::IValue stored_step;
  archive.read("step", stored_step);
  step = stored_step.toInt();
  return {};
} catch (const std::exception& e) {
  return archive_error(path, e.what());
}

}  // namespace samcache::train

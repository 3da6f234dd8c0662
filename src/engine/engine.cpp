#include "engine/engine.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <omp.h>

#include <filesystem>
#include <thread>

#include "base/clock.h"
#include "engine/cpu_kernels.h"
#include "engine/cpu_ops.h"
#include "engine/cuda_support.h"
#include "engine/engine_state.h"
#include "engine/torch_tensors.h"
#include "engine/torch_weights.h"
#include "model/checkpoint.h"
#include "model/fingerprint.h"
#include "model/preprocess.h"

namespace samcache {
namespace {

Result<Precision> choose_precision(const EngineOptions& options) {
  const bool cpu = options.device.kind == Device::Kind::kCpu;
  if (!options.precision) return cpu && !cpu::has_kernels() ? Precision::kFp32 : Precision::kBf16;
  if (cpu && *options.precision == Precision::kFp16) {
    return Error{ErrorCode::kUnsupported, "precision fp16 needs a CUDA device: use bf16 or fp32 on the CPU"};
  }
  return *options.precision;
}

Result<at::Device> choose_device(const Device& device) {
  const int count = cuda_device_count();
  if (device.kind == Device::Kind::kCuda && device.index >= count) {
    return Error{ErrorCode::kUnavailable, "no device cuda:" + std::to_string(device.index) + ": this build sees " +
                                              std::to_string(count) + " CUDA devices"};
  }
  return torch_device(device);
}

std::string model_name(const std::string& path) {
  std::filesystem::path name = std::filesystem::path(path).lexically_normal();
  if (!name.has_filename()) name = name.parent_path();
  return name.filename().string();
}

// The tensors of an encoding file by profile: names in the contract's order.
std::vector<Tensor> named_tensors(Profile profile, const std::vector<Value>& values, at::ScalarType stored) {
  std::vector<Tensor> tensors;
  const std::vector<std::string>& names = profile_tensor_names(profile);
  for (std::size_t i = 0; i < values.size(); ++i) {
    tensors.push_back(tensor_from_torch(names[i], TorchOps::tensor(values[i]).to(stored)));
  }
  return tensors;
}

// The tensors of `profile`, made from a stored trunk.
std::vector<Value> derive_values(const Sam3ImageModel& model, Ops& ops, const Value& trunk, Profile profile) {
  switch (profile) {
    case Profile::kTrunk: return {trunk};
    case Profile::kInteractive: {
      const InteractiveFeatures features = model.interactive_features(ops, trunk);
      return {features.fine, features.middle, features.coarse};
    }
    case Profile::kDetector: {
      const FeaturePyramid levels = model.detector_features(ops, trunk);
      return {levels.begin(), levels.end()};
    }
  }
  throw std::logic_error("derive_values: unknown profile");
}

}  // namespace

Engine::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::load(const EngineOptions& options) {
  const Result<Precision> precision = choose_precision(options);
  if (!precision) return precision.error();
  const Result<at::Device> device = choose_device(options.device);
  if (!device) return device.error();
  const Result<at::ScalarType> stored = torch_dtype(options.encoding_dtype);
  if (!stored || !at::isFloatingType(*stored) || *stored == at::kDouble) {
    return Error{ErrorCode::kInvalidArgument, "encodings are kept as fp32, bf16 or fp16"};
  }

  CheckpointOptions checkpoint_options;
  if (*precision != Precision::kFp32) checkpoint_options.converted_dtype = dtype_from_torch(torch_dtype(*precision));
  const Result<Checkpoint> checkpoint = Checkpoint::open(options.model, checkpoint_options);
  if (!checkpoint) return checkpoint.error();

  auto state = std::make_unique<State>();
  state->device = *device;
  state->compute = torch_dtype(*precision);
  state->stored = *stored;
  EngineInfo& info = state->info;
  info.config = checkpoint->config();
  info.model = model_name(options.model);
  info.device = options.device;
  info.precision = *precision;
  static const int default_threads = omp_get_max_threads();  // before anybody sets it: OMP_NUM_THREADS, or the cores
  info.threads = options.threads > 0 ? options.threads : default_threads;
  info.warnings = checkpoint->warnings();
  at::set_num_threads(info.threads);
  // CUDA's TF32 keeps 10 bits of a float32 product: not what fp32 promises.
  at::globalContext().setAllowTF32CuBLAS(false);
  at::globalContext().setAllowTF32CuDNN(false);

  info.fingerprint = options.fingerprint;
  if (info.fingerprint.empty()) {
    Result<std::string> fingerprint = model_fingerprint(*checkpoint, info.threads);
    if (!fingerprint) return fingerprint.error();
    info.fingerprint = std::move(*fingerprint);
  }

  const c10::InferenceMode no_gradients;
  TorchWeights weights(*checkpoint, state->device, state->compute);
  const std::unique_ptr<TorchOps> ops = state->make_ops();
  state->model.emplace(*ops, info.config, weights);
  state->detector.emplace(*ops, info.config, weights);
  if (weights.error()) return *weights.error();
  state->texts.emplace(options.model, info.config.text, info.config.fpn_width, options.text_cache_bytes);
  return std::unique_ptr<Engine>(new Engine(std::move(state)));
}

const EngineInfo& Engine::info() const { return state_->info; }

void Engine::set_tap(TensorTap tap) { state_->tap = std::move(tap); }

std::unique_ptr<TorchOps> Engine::State::make_ops() const {
  // OpenMP keeps the number per calling thread. (at::init_num_threads would do, but empties oneDNN's cache of compiled
  // primitives every time.)
  omp_set_num_threads(info.threads);
  std::unique_ptr<TorchOps> ops;
  if (device.is_cpu() && cpu::has_kernels()) {
    ops = std::make_unique<CpuOps>();
  } else {
    ops = std::make_unique<TorchOps>(device);
  }
  if (tap) {
    ops->set_tap([this](const std::string& name, const Value& value) {
      tap(name, tensor_from_torch(name, TorchOps::tensor(value)));
    });
  }
  return ops;
}

Result<std::vector<Encoding>> Engine::encode(const RgbImage& image, const ImageIdentity& identity,
                                             std::span<const Profile> profiles, const EncodeHook& hook) const {
  if (image.width < 1 || image.height < 1 || image.width > kMaxOriginalSize || image.height > kMaxOriginalSize) {
    return Error{ErrorCode::kInvalidArgument, "a picture of " + std::to_string(image.width) + "x" +
                                                  std::to_string(image.height) + " pixels cannot be encoded"};
  }
  const c10::InferenceMode no_gradients;
  const std::unique_ptr<TorchOps> ops = state_->make_ops();
  const int size = state_->info.config.vit.image_size;
  const std::vector<float> planes = normalized_planes(resize_antialiased(image, size), size);
  const Error cancelled{ErrorCode::kCancelled, "encoding was cancelled"};
  const int blocks = state_->info.config.vit.layers;
  if (hook && !hook(0, blocks)) return cancelled;
  const Value pixels = ops->constant({1, 3, size, size}, planes);
  ops->tap("input", pixels);
  const Value trunk = state_->model->trunk(*ops, pixels, hook);
  if (!trunk) return cancelled;

  // Everything is derived from the trunk as it is stored, memory order included (it decides which product runs, and
  // with it the last bit), so that an encoding made now and one derived later agree.
  const Value stored_trunk = TorchOps::wrap(TorchOps::tensor(trunk).to(state_->stored).contiguous());
  EncodingMetadata metadata;
  metadata.image_sha256 = identity.sha256;
  metadata.image_id = identity.id;
  metadata.model = state_->info.model;
  metadata.model_fingerprint = state_->info.fingerprint;
  metadata.preprocess = kPreprocessRevision;
  metadata.original_height = image.height;
  metadata.original_width = image.width;
  metadata.created_at = rfc3339_now();
  std::vector<Encoding> encodings;
  for (const Profile profile : profiles) {
    if (hook && !hook(blocks, blocks)) return cancelled;
    metadata.profile = profile;
    encodings.push_back(
        {metadata, named_tensors(profile, derive_values(*state_->model, *ops, stored_trunk, profile), state_->stored)});
  }
  return encodings;
}

Result<Encoding> Engine::derive(const Encoding& from, Profile profile) const {
  if (from.metadata.profile == profile) return from;
  const Tensor* stored = from.find(profile_tensor_names(Profile::kTrunk)[0]);
  if (from.metadata.profile != Profile::kTrunk || stored == nullptr) {
    return Error{ErrorCode::kInvalidArgument, "an encoding of profile " +
                                                  std::string(profile_name(from.metadata.profile)) + " cannot become " +
                                                  std::string(profile_name(profile)) + ": only a trunk encoding can"};
  }
  const Result<at::Tensor> trunk = torch_view(*stored);
  if (!trunk) return trunk.error();
  const c10::InferenceMode no_gradients;
  const std::unique_ptr<TorchOps> ops = state_->make_ops();
  const Value value = TorchOps::wrap(trunk->to(state_->device));
  Encoding derived{from.metadata,
                   named_tensors(profile, derive_values(*state_->model, *ops, value, profile), trunk->scalar_type())};
  derived.metadata.profile = profile;
  derived.metadata.created_at = rfc3339_now();
  return derived;
}

}  // namespace samcache

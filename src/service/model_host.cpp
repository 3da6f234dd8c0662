#include "service/model_host.h"

namespace samcache {
namespace {

constexpr std::size_t kCudaBatch = 8;

std::size_t batch_limit(const EngineInfo& info, const ModelHostOptions& options) {
  if (options.max_prompt_batch > 0) return options.max_prompt_batch;
  return info.device.kind == Device::Kind::kCuda ? kCudaBatch : 1;
}

}  // namespace

ModelHost::ModelHost(std::unique_ptr<Engine> engine, const ModelHostOptions& options)
    : engine_(std::move(engine)),
      cache_(options.device_cache_bytes),
      batcher_(gate_, batch_limit(engine_->info(), options),
               [this](const PreparedImage& image, std::span<const InteractivePrompt> prompts,
                      const InteractiveOptions& how) { return engine_->segment_batch(image, prompts, how); }) {}

Result<std::vector<Encoding>> ModelHost::encode(const RgbImage& image, const ImageIdentity& identity,
                                                std::span<const Profile> profiles, const std::function<bool()>& go_on) {
  DeviceGate::Turn turn = gate_.encode_turn();
  return engine_->encode(image, identity, profiles, [&](int, int) {
    if (!go_on()) return false;
    turn.give_way();
    return true;
  });
}

Result<Encoding> ModelHost::derive(const Encoding& from, Profile profile) {
  const DeviceGate::Turn turn = gate_.encode_turn();
  return engine_->derive(from, profile);
}

Result<std::vector<Tensor>> ModelHost::seed_layout(const Encoding& encoding) {
  const DeviceGate::Turn turn = gate_.encode_turn();
  return engine_->seed_layout(encoding);
}

Result<std::shared_ptr<const PreparedImage>> ModelHost::prepared(const std::string& image_key, const Load& load,
                                                                 bool& was_ready) {
  was_ready = true;
  return cache_.prepared(image_key, [&]() -> Result<std::shared_ptr<const PreparedImage>> {
    was_ready = false;
    const Result<Encoding> encoding = load();
    if (!encoding) return encoding.error();
    const DeviceGate::Turn turn = gate_.prompt_turn(Deadline::never());
    return engine_->prepare(*encoding);
  });
}

Result<std::shared_ptr<const ConceptImage>> ModelHost::concepts(const std::string& image_key, const Load& load,
                                                                bool& was_ready) {
  was_ready = true;
  return cache_.concepts(image_key, [&]() -> Result<std::shared_ptr<const ConceptImage>> {
    was_ready = false;
    const Result<Encoding> encoding = load();
    if (!encoding) return encoding.error();
    const DeviceGate::Turn turn = gate_.prompt_turn(Deadline::never());
    return engine_->prepare_concepts(*encoding);
  });
}

void ModelHost::forget(const std::string& image_key) { cache_.forget(image_key); }

Result<InteractiveAnswer> ModelHost::segment(const std::shared_ptr<const PreparedImage>& image,
                                             const InteractivePrompt& prompt, const InteractiveOptions& options,
                                             Deadline deadline) {
  return batcher_.segment(image, prompt, options, deadline);
}

Result<ConceptAnswer> ModelHost::segment(const std::shared_ptr<const ConceptImage>& image, const ConceptPrompt& prompt,
                                         const ConceptOptions& options, Deadline deadline) {
  const DeviceGate::Turn turn = gate_.prompt_turn(deadline);
  if (!turn) {
    return Error{ErrorCode::kUnavailable, "the device was busy with other prompts until the deadline: try again"};
  }
  return engine_->segment(*image, prompt, options);
}

}  // namespace samcache

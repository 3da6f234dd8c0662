#include "service/prompt_service.h"

#include "base/clock.h"
#include "image/mask_codec.h"

namespace samcache {
namespace {

// An encoding that was there a moment ago can be gone when it is read (removed, evicted, found damaged).
constexpr int kMaxLoads = 3;

}  // namespace

PromptService::PromptService(std::shared_ptr<EncodingService> encodings, std::shared_ptr<ModelHost> model)
    : encodings_(std::move(encodings)), model_(std::move(model)) {}

int PromptService::logits_side() const { return model_->info().config.low_res_mask_size(); }

template <class Prepare>
auto PromptService::ready(const ImageRecord& image, Profile profile, const PromptWish& wish, std::string& cache,
                          const Prepare& prepare) -> decltype(prepare({}, {}, std::declval<bool&>())) {
  bool encoded = false;
  for (int load = 1;; ++load) {
    std::string source = "device";
    bool was_ready = false;
    auto image_ready = prepare(
        content_id_of(image),
        [&]() -> Result<Encoding> {
          Result<LoadedEncoding> loaded = encodings_->load(image, profile, wish.deadline);
          if (!loaded) return loaded.error();
          source = loaded->cache;
          return std::move(loaded->encoding);
        },
        was_ready);
    cache = encoded ? "encoded" : source;
    const bool missing = !image_ready && image_ready.error().code == ErrorCode::kNotFound;
    if (!missing || !wish.make || load == kMaxLoads) return image_ready;
    // What the catalog calls encoded and no store has must be made again.
    const bool again = load > 1 || image.encoding_status == EncodingStatus::kCompleted;
    if (Status made = encodings_->encode_and_wait(image, again, wish.deadline); !made) return made.error();
    encoded = true;
  }
}

Result<std::shared_ptr<const PreparedImage>> PromptService::for_clicks(const ImageRecord& image, const PromptWish& wish,
                                                                       std::string& cache) {
  return ready(image, Profile::kInteractive, wish, cache,
               [this](const std::string& key, const ModelHost::Load& load, bool& was_ready) {
                 return model_->prepared(key, load, was_ready);
               });
}

Result<std::shared_ptr<const ConceptImage>> PromptService::for_concepts(const ImageRecord& image,
                                                                        const PromptWish& wish, std::string& cache) {
  return ready(image, Profile::kDetector, wish, cache,
               [this](const std::string& key, const ModelHost::Load& load, bool& was_ready) {
                 return model_->concepts(key, load, was_ready);
               });
}

Result<PromptAnswer> PromptService::answer(const ImageRecord& image, const PromptRequest& request,
                                           const PromptWish& wish, const MaskSink& sink) {
  if (const auto* clicks = std::get_if<InteractiveQuery>(&request)) return answer_clicks(image, *clicks, wish, sink);
  return answer_concept(image, std::get<ConceptQuery>(request), wish, sink);
}

Result<PromptAnswer> PromptService::answer_clicks(const ImageRecord& image, const InteractiveQuery& query,
                                                  const PromptWish& wish, const MaskSink& sink) {
  PromptAnswer answer;
  Stopwatch stopwatch;
  const auto prepared = for_clicks(image, wish, answer.cache);
  if (!prepared) return prepared.error();
  answer.timing.load_ms = stopwatch.elapsed_ms();
  stopwatch.restart();
  const Result<InteractiveAnswer> found =
      model_->segment(*prepared, query.prompt, {.multimask = query.multimask}, wish.deadline);
  if (!found) return found.error();
  answer.timing.prompt_ms = stopwatch.elapsed_ms();
  stopwatch.restart();
  answer.object_score = found->object_score;
  for (const InteractiveMask& mask : found->masks) {
    const AnsweredMask answered{.score = mask.predicted_iou, .box = box_of_mask(mask.mask), .logits = mask.low_res};
    if (Status taken = sink(answered, mask.mask); !taken) return taken.error();
  }
  answer.timing.mask_ms = stopwatch.elapsed_ms();
  return answer;
}

Result<PromptAnswer> PromptService::answer_concept(const ImageRecord& image, const ConceptQuery& query,
                                                   const PromptWish& wish, const MaskSink& sink) {
  ConceptOptions options = query.options;
  options.masks = wish.masks;
  // Before an encode that may take a minute.
  if (Status asks = model_->engine().check_concept(query.prompt, options); !asks) return asks.error();
  PromptAnswer answer;
  Stopwatch stopwatch;
  const auto prepared = for_concepts(image, wish, answer.cache);
  if (!prepared) return prepared.error();
  answer.timing.load_ms = stopwatch.elapsed_ms();
  stopwatch.restart();
  const Result<ConceptAnswer> found = model_->segment(*prepared, query.prompt, options, wish.deadline);
  if (!found) return found.error();
  answer.timing.prompt_ms = stopwatch.elapsed_ms();
  stopwatch.restart();
  answer.object_score = found->presence;
  for (std::size_t i = 0; i < found->detections.size(); ++i) {
    const Detection& detection = found->detections[i];
    const AnsweredMask answered{.score = detection.score, .box = detection.box, .logits = detection.low_res};
    if (Status taken = sink(answered, wish.masks ? found->mask(i) : BinaryMask{}); !taken) return taken.error();
  }
  answer.timing.mask_ms = stopwatch.elapsed_ms();
  return answer;
}

Result<std::shared_ptr<const void>> PromptService::keep_ready(const ImageRecord& image, Deadline deadline) {
  std::string cache;
  const auto prepared = for_clicks(image, {.deadline = deadline}, cache);
  if (!prepared) return prepared.error();
  return std::shared_ptr<const void>(*prepared);
}

}  // namespace samcache

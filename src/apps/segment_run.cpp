#include "apps/segment_run.h"

#include <algorithm>

#include "apps/console.h"
#include "apps/interrupt.h"
#include "apps/mask_input.h"
#include "base/clock.h"
#include "image/mask_codec.h"

namespace samcache {
namespace {

// Concepts are told apart by their colours when there are several, else instances are.
std::size_t colour_of(const ConceptRequest& request, std::size_t text, std::size_t instance) {
  return request.texts.size() > 1 ? text : instance;
}

Status stop_if_interrupted() {
  if (interrupted()) return Error{ErrorCode::kCancelled, "interrupted; the files written so far are whole"};
  return {};
}

}  // namespace

SegmentRun::SegmentRun(SegmentRunOptions options, SegmentRequest request, EngineOptions engine_options,
                       const CommonOptions& common)
    : options_(std::move(options)), request_(std::move(request)), model_(std::move(engine_options)), stored_(common) {}

Status SegmentRun::run() {
  if (Status status = check_target(options_.source.target); !status) return status;
  const Result<const Engine*> engine = model_.engine();  // not part of the answer's time, as in a server
  if (!engine) return as_failure(engine.error());
  const auto* concepts = std::get_if<ConceptRequest>(&request_);
  for (std::size_t i = 0; concepts != nullptr && i < concepts->prompt_count(); ++i) {
    // Before the minute that an encode takes: a model without a tokenizer, a text that is nothing after cleaning, …
    if (Status status = (*engine)->check_concept(concepts->prompt(i), concepts->options); !status) return status;
  }
  const Result<SegmentSource> source = open_source();
  bar_.clear();
  if (!source) return source.error();
  SegmentOutput output(options_.output, *source, concepts != nullptr ? concepts->texts : std::vector<std::string>{});
  output.timing().load_ms = load_ms_;
  const Status answered =
      std::visit([&](const auto& request) { return answer(**engine, *source, request, output); }, request_);
  if (!answered) return answered;
  return output.finish();
}

Result<SegmentSource> SegmentRun::open_source() {
  const Stopwatch stopwatch;
  const auto hook = [&](int done, int total) {
    bar_.show(static_cast<double>(done) / total,
              "encoding, block " + std::to_string(done) + "/" + std::to_string(total));
    return !interrupted();
  };
  Result<SegmentSource> source = open_segment_source(options_.source, request_, model_, stored_, hook);
  load_ms_ = stopwatch.elapsed_ms();
  return source;
}

Status SegmentRun::answer(const Engine& engine, const SegmentSource& source, const InteractiveRequest& request,
                          SegmentOutput& output) {
  const EncodingMetadata& metadata = source.encoding.metadata;
  const int side = engine.info().config.low_res_mask_size();
  Stopwatch stopwatch;
  const Result<std::shared_ptr<const PreparedImage>> prepared = engine.prepare(source.encoding);
  if (!prepared) return as_failure(prepared.error().within(options_.source.target));
  output.timing().load_ms += stopwatch.elapsed_ms();
  InteractivePrompt prompt = request.prompt;
  if (!request.mask_file.empty()) {
    Result<std::vector<float>> mask =
        read_mask_input(request.mask_file, metadata.original_width, metadata.original_height, side);
    if (!mask) return mask.error();
    prompt.mask_input = std::move(*mask);
  }
  stopwatch.restart();
  InteractiveOptions interactive;
  interactive.multimask = request.multimask;
  const Result<InteractiveAnswer> masks = engine.segment(**prepared, prompt, interactive);
  if (!masks) return masks.error();
  output.timing().prompt_ms = stopwatch.elapsed_ms();
  if (Status saved = save_mask_input(*masks, side, output); !saved) return saved;
  for (std::size_t i = 0; i < masks->masks.size(); ++i) {
    const InteractiveMask& found = masks->masks[i];
    const Status added =
        output.add({.score = found.predicted_iou, .box = box_of_mask(found.mask)}, found.mask, {.colour = i});
    if (!added) return added;
  }
  output.show_prompt(prompt);
  return {};
}

Status SegmentRun::answer(const Engine& engine, const SegmentSource& source, const ConceptRequest& request,
                          SegmentOutput& output) {
  Stopwatch stopwatch;
  const Result<std::shared_ptr<const ConceptImage>> prepared = engine.prepare_concepts(source.encoding);
  if (!prepared) return as_failure(prepared.error().within(options_.source.target));
  SegmentTiming& timing = output.timing();
  timing.load_ms += stopwatch.elapsed_ms();
  for (std::size_t i = 0; i < request.prompt_count(); ++i) {
    if (Status status = stop_if_interrupted(); !status) return status;
    const ConceptPrompt prompt = request.prompt(i);
    stopwatch.restart();
    const Result<ConceptAnswer> found = engine.segment(**prepared, prompt, request.options);
    if (!found) return found.error();
    timing.prompt_ms += stopwatch.elapsed_ms();
    for (std::size_t k = 0; k < found->detections.size(); ++k) {
      if (Status status = stop_if_interrupted(); !status) return status;
      stopwatch.restart();
      const BinaryMask mask = found->mask(k);
      timing.mask_ms += stopwatch.elapsed_ms();
      const Detection& detection = found->detections[k];
      const Status added = output.add({.label = prompt.text, .score = detection.score, .box = detection.box}, mask,
                                      {.colour = colour_of(request, i, k), .box = true});
      if (!added) return added;
    }
  }
  output.show_prompt(request.exemplars);
  return {};
}

Status SegmentRun::save_mask_input(const InteractiveAnswer& masks, int side, SegmentOutput& output) const {
  if (options_.save_mask_input.empty()) return {};
  const auto best = std::max_element(
      masks.masks.begin(), masks.masks.end(),
      [](const InteractiveMask& a, const InteractiveMask& b) { return a.predicted_iou < b.predicted_iou; });
  if (Status saved = write_mask_logits(options_.save_mask_input, best->low_res, side); !saved) return saved;
  output.add_written_file(options_.save_mask_input);
  return {};
}

}  // namespace samcache

#include "apps/bench_concepts.h"

#include <algorithm>

#include "base/clock.h"
#include "engine/machine_limits.h"

namespace samcache {
namespace {

constexpr int kMasks = 20;  // in the answers that are timed: what a busy picture has
// What the project promises for the released sizes on two cores.
constexpr double kWantedTextAgainMs = 1;

// Medians of each part over several prompts.
struct PartTimes {
  std::vector<double> text, prompt, fusion, decoder, masks, total;

  void add(const ConceptTiming& timing) {
    text.push_back(timing.text_ms);
    prompt.push_back(timing.prompt_ms);
    fusion.push_back(timing.fusion_ms);
    decoder.push_back(timing.decoder_ms);
    masks.push_back(timing.masks_ms);
    total.push_back(timing.total_ms());
  }
};

class Run {
 public:
  explicit Run(const ConceptBench& bench)
      : bench_(bench), operations_(concept_operations(bench.engine.info().config)) {}

  Result<std::vector<Measurement>> measure() {
    if (Status status = prepare(); !status) return status.error();
    PartTimes new_text, with_box;
    std::vector<double> rates;
    for (int round = 0; round <= bench_.rounds; ++round) {  // the first one warms up
      const double rate = measure_matrix_rate(bench_.engine.info(), kRateRounds);
      ConceptPrompt prompt{.text = "thing number " + std::to_string(round)};
      const Result<ConceptTiming> first = ask(prompt);
      if (!first) {
        if (first.error().code == ErrorCode::kUnavailable) return std::vector<Measurement>{};
        return first.error();
      }
      const auto width = static_cast<float>(bench_.trunk.metadata.original_width);
      const auto height = static_cast<float>(bench_.trunk.metadata.original_height);
      prompt.boxes.push_back({{width / 4, height / 4, width / 2, height / 2}, true});
      const Result<ConceptTiming> second = ask(prompt);
      if (!second) return second.error();
      if (round == 0) continue;
      rates.push_back(rate);
      new_text.add(*first);
      with_box.add(*second);
    }
    rate_ = median(rates);
    text_limit_ms_ = std::max(limit_ms(operations_.text), text_matrix_bytes(bench_.engine.info()) /
                                                              measure_read_bandwidth(kRateRounds) * kMsPerSecond);
    if (Status status = measure_text_again(); !status) return status.error();
    report(new_text, with_box);
    return std::move(rows_);
  }

 private:
  double limit_ms(double operations) const { return operations / rate_ * kMsPerSecond; }

  Status prepare() {
    const Result<Encoding> detector = bench_.engine.derive(bench_.trunk, Profile::kDetector);
    if (!detector) return detector.error();
    for (int round = 0; round < bench_.rounds; ++round) {
      const Stopwatch stopwatch;
      Result<std::shared_ptr<const ConceptImage>> image = bench_.engine.prepare_concepts(*detector);
      if (!image) return image.error();
      prepare_ms_.push_back(stopwatch.elapsed_ms());
      image_ = std::move(*image);
    }
    return {};
  }

  Result<ConceptTiming> ask(const ConceptPrompt& prompt) const {
    ConceptOptions options;
    options.threshold = -1;  // every query, so that there are masks whatever the weights are
    options.max_detections = kMasks;
    const Result<ConceptAnswer> answer = bench_.engine.segment(*image_, prompt, options);
    if (!answer) return answer.error();
    return answer->timing;
  }

  Status measure_text_again() {
    ConceptOptions nothing;
    nothing.masks = false;
    for (int round = 0; round < bench_.rounds + 2; ++round) {
      const Result<ConceptAnswer> answer =
          bench_.engine.segment(*image_, ConceptPrompt{.text = "the same again"}, nothing);
      if (!answer) return answer.error();
      if (round > 0) text_again_ms_.push_back(answer->timing.text_ms);
    }
    return {};
  }

  void report(const PartTimes& new_text, const PartTimes& with_box) {
    const auto row = [&](const char* name, const std::vector<double>& times_ms, std::optional<double> limit,
                         const char* note) {
      rows_.push_back({name, median(times_ms), "ms", limit, note});
    };
    row("prepare_concepts", prepare_ms_, limit_ms(operations_.prepare),
        "once per image, from a detector encoding; limits from here on: the part's operations at the matrix rate");
    row("concept", new_text.total, text_limit_ms_ + limit_ms(operations_.prompt(kMasks)),
        "a new text, 20 low-resolution masks; wanted: <= 2000 ms, ratio <= 1.67");
    row("concept_text", new_text.text, text_limit_ms_, "of it: text encoder; limit: reading its matrices once");
    row("concept_fusion", new_text.fusion, limit_ms(operations_.fusion), "of it: fusion encoder");
    row("concept_decoder", new_text.decoder, limit_ms(operations_.decoder), "of it: boxes and scores");
    row("concept_masks", new_text.masks, limit_ms(operations_.masks + kMasks * operations_.per_mask),
        "of it: 20 masks");
    row("concept_box_added", with_box.total, limit_ms(operations_.prompt(kMasks)),
        "the same text with an exemplar box; wanted: no slower than concept without its text");
    row("concept_text_again", text_again_ms_, kWantedTextAgainMs, "a text's second use; limit: wanted");
  }

  const ConceptBench& bench_;
  const ConceptOperations operations_;
  std::shared_ptr<const ConceptImage> image_;
  std::vector<double> prepare_ms_, text_again_ms_;
  double rate_ = 0;  // FLOP/s
  double text_limit_ms_ = 0;
  std::vector<Measurement> rows_;
};

}  // namespace

Result<std::vector<Measurement>> measure_concept_prompts(const ConceptBench& bench) { return Run(bench).measure(); }

}  // namespace samcache

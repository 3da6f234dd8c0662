#include "train_demo/trainer.h"

#include <omp.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "base/clock.h"
#include "model/checkpoint_writer.h"
#include "model/tokenizer/tokenizer.h"
#include "scenes/concept.h"
#include "train_demo/concept_lesson.h"
#include "train_demo/concept_questions.h"
#include "train_demo/demo_config.h"
#include "train_demo/demo_tokenizer.h"
#include "train_demo/interactive_lesson.h"
#include "train_demo/recognition_lesson.h"
#include "train_demo/training_state.h"

namespace samcache::train {
namespace {

// Seeds of scenes start at a multiple of this: evaluations, which use lower ones, see none of them, and a run with
// another seed sees none of this one's.
constexpr std::uint64_t kScenesOfARun = std::uint64_t{1} << 40;

constexpr double kRecognitionWeight = 0.5;

// What clicks and boxes are answered with and texts are not.
bool is_interactive(const std::string& name) {
  return name.starts_with("tracker.") || name.find(".sam2_convs.") != std::string::npos || is_guidance(name);
}

class Trainer {
 public:
  Trainer(const TrainerOptions& options, int vocabulary, Tokenizer tokenizer)
      : options_(options),
        vocabulary_(vocabulary),
        tokenizer_(std::move(tokenizer)),
        state_(initial_weights(config_at(0), options.seed, options.device)) {}

  Status run() {
    const std::filesystem::path state_file = options_.out / "training-state.pt";
    if (std::filesystem::exists(state_file)) {
      if (Status loaded = state_.load(state_file); !loaded) return loaded;
      std::printf("going on from step %lld\n", static_cast<long long>(state_.step));
    } else if (!options_.from.empty()) {
      if (Status taken = state_.take_weights(options_.from, options_.renew); !taken) return taken;
    }
    Measurements measured;
    Stopwatch stopwatch;
    std::int64_t reported = state_.step;
    while (state_.step < options_.steps) {
      const double length = step(measured);
      const std::int64_t done = state_.step;
      if (done % options_.report_steps == 0) {
        const double seconds = stopwatch.elapsed_ms() / 1000.0 / static_cast<double>(done - reported);
        std::printf("step %lld  %.2f s  rate %.1e  gradient %.2f  %s\n", static_cast<long long>(done), seconds,
                    learning_rate(), length, measured.text().c_str());
        std::fflush(stdout);
        measured = {};
        stopwatch.restart();
        reported = done;
      }
      if (done % options_.save_steps == 0 || done == options_.steps) {
        if (Status saved = state_.save(state_file); !saved) return saved;
        if (Status written = write_model(); !written) return written;
      }
    }
    return {};
  }

 private:
  Sam3Config config_at(std::int64_t step) const {
    return demo_config(vocabulary_, step < options_.small_steps ? options_.small_image_size : options_.image_size);
  }

  double learning_rate() const {
    // Parts that learn nothing from the first lesson meet their first gradients after it.
    const std::int64_t lesson = state_.step < options_.recognition_steps ? 0 : options_.recognition_steps;
    const double rising =
        std::min(1.0, static_cast<double>(state_.step + 1 - lesson) / static_cast<double>(options_.warmup_steps));
    const auto step = static_cast<double>(state_.step + 1);
    const auto steps = static_cast<double>(options_.steps);
    const double falling = std::min(1.0, (steps - step + 1) / (steps * options_.cooldown));
    return options_.learning_rate * rising * falling;
  }

  double step(Measurements& measured) {
    const auto replicas = static_cast<std::size_t>(options_.replicas);
    std::vector<NamedTensors> weights(replicas);
    std::vector<Measurements> own_measured(replicas);
    std::vector<std::exception_ptr> failures(replicas);
    for (NamedTensors& own : weights) own = leaves();
    const auto learn = [&](std::size_t replica) {
      try {
        const std::uint64_t number = static_cast<std::uint64_t>(state_.step) * replicas + replica;
        backward(weights[replica], number, own_measured[replica]);
      } catch (...) {
        failures[replica] = std::current_exception();
      }
    };
    if (replicas == 1) {
      learn(0);
    } else {
      std::vector<std::jthread> threads;
      for (std::size_t replica = 0; replica < replicas; ++replica) {
        threads.emplace_back([&, replica] {
          omp_set_num_threads(1);  // this thread's own operations
          learn(replica);
        });
      }
    }
    for (const std::exception_ptr& failure : failures) {
      if (failure) std::rethrow_exception(failure);
    }
    for (const auto& [name, tensor] : state_.weights()) {
      if (!is_learnt(name)) continue;
      at::Tensor sum;
      for (const NamedTensors& own : weights) {
        const at::Tensor& gradient = own.at(name).grad();
        if (gradient.defined()) sum = sum.defined() ? sum.add_(gradient) : gradient;
      }
      if (sum.defined()) tensor.mutable_grad() = sum.div_(static_cast<double>(replicas));
    }
    for (const Measurements& own : own_measured) measured.add(own);
    return state_.descend(learning_rate());
  }

  // The weights' memory under gradients of its own.
  NamedTensors leaves() const {
    NamedTensors leaves;
    for (const auto& [name, tensor] : state_.weights()) {
      const bool taught = !options_.interactive_only || is_interactive(name);
      leaves[name] = tensor.detach().requires_grad_(taught && is_learnt(name));
    }
    return leaves;
  }

  // One replica's part of a step; `number` tells it from all others of the run.
  void backward(const NamedTensors& weights, std::uint64_t number, Measurements& measured) const {
    const Sam3Config config = config_at(state_.step);
    scenes::Random random(options_.seed * 0x9E3779B97F4A7C15 + number);
    std::vector<Example> examples;
    std::vector<at::Tensor> pixels;
    for (int i = 0; i < options_.pictures; ++i) {
      const std::uint64_t scene =
          number * static_cast<std::uint64_t>(options_.pictures) + static_cast<std::uint64_t>(i);
      examples.push_back(make_example((options_.seed + 1) * kScenesOfARun + scene, config, options_.device));
      pixels.push_back(examples.back().pixels);
    }
    TorchOps ops(options_.device);
    TrainingWeights source(weights, options_.compute);
    const Sam3ImageModel model(ops, config, source);
    const Value trunk = model.trunk(ops, TorchOps::wrap(at::stack(pixels)));
    if (options_.interactive_only) {
      return interactive_loss(ops, model, weights, model.interactive_features(ops, trunk), examples, random, measured)
          .backward();
    }
    const at::Tensor recognition_of_tokens =
        token_recognition_loss(weights, TorchOps::tensor(trunk), examples, measured);
    measured.add("loss_tokens", recognition_of_tokens.item<double>());
    if (state_.step < options_.recognition_steps) return recognition_of_tokens.backward();
    const ConceptModel concepts(ops, config, source);
    const at::Tensor interactive_part =
        interactive_loss(ops, model, weights, model.interactive_features(ops, trunk), examples, random, measured);
    const FeaturePyramid detector = model.detector_features(ops, trunk);
    const at::Tensor concept_part = concept_loss(ops, concepts, tokenizer_, detector, examples, random, measured);
    const at::Tensor recognition =
        recognition_of_tokens + object_recognition_loss(weights, TorchOps::tensor(detector[2]), examples, measured);
    (interactive_part + concept_part + kRecognitionWeight * recognition).backward();
    measured.add("loss_interactive", interactive_part.item<double>());
    measured.add("loss_concept", concept_part.item<double>());
  }

  Status write_model() const {
    NamedTensors average;
    for (const auto& [name, tensor] : state_.average()) average[name] = tensor.to(at::kCPU).contiguous();
    const WeightValues values = [&average](const WeightSpec& spec, std::int64_t first, std::span<float> out) {
      const at::Tensor& tensor = average.at(spec.name);
      // Meta's table of positions has a row more, in front, than anybody reads or Hugging Face keeps.
      const std::int64_t dropped = spec.drops_first_row() ? tensor.size(-1) : 0;
      std::copy_n(tensor.data_ptr<float>() + (first - dropped), out.size(), out.begin());
    };
    const auto is_learnt_here = [&average](const WeightSpec& spec) { return average.contains(spec.name); };
    const CheckpointFormat format{.naming = Naming::kHuggingFace, .dtype = DType::kBF16, .includes = is_learnt_here};
    return write_checkpoint(demo_config(vocabulary_, options_.image_size), options_.out, format, values);
  }

  TrainerOptions options_;
  int vocabulary_;
  Tokenizer tokenizer_;
  TrainingState state_;
};

}  // namespace

Status train(const TrainerOptions& options) {
  std::filesystem::create_directories(options.out);
  std::vector<std::string> words = scenes::all_words();
  words.emplace_back(kVisualText);
  const Result<int> vocabulary = write_tokenizer(words, options.out);
  if (!vocabulary) return vocabulary.error();
  Result<Tokenizer> tokenizer = Tokenizer::load(options.out);
  if (!tokenizer) return tokenizer.error();
  return Trainer(options, *vocabulary, std::move(*tokenizer)).run();
}

}  // namespace samcache::train

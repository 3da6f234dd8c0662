// Trains the demo model. See README.md in models/demo for the command that made the one that ships.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "train_demo/trainer.h"

int main(int argc, char** argv) {
  // Activations of a step are freed and wanted again a moment later: keep their pages.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 2147483647);

  samcache::train::TrainerOptions options;
  std::string device = "cpu";
  bool bf16 = false;
  CLI::App app{
      "Trains samcache's demo model on procedural scenes.\n"
      "Goes on from OUT/training-state.pt if there is one; the model in OUT is complete at any time.",
      "train_demo"};
  app.add_option("--out", options.out, "Folder for the model and the state of the training")->required();
  app.add_option("--from", options.from, "Model to start a new run with, of the same sizes (default: random weights)");
  app.add_option("--renew", options.renew, "Part of the names of weights that start anew all the same");
  app.add_flag("--interactive-only", options.interactive_only,
               "Teach clicks and boxes alone: the trunk, and what texts and exemplars find, stay as they are");
  app.add_option("--steps", options.steps, "In all, those of an earlier run included")->capture_default_str();
  app.add_option("--recognition-steps", options.recognition_steps,
                 "Of them, the first, teach the trunk alone, to tell what is where")
      ->capture_default_str();
  app.add_option("--small-steps", options.small_steps, "Of them, the first, on small pictures")->capture_default_str();
  app.add_option("--small-image-size", options.small_image_size, "Side of those in pixels")->capture_default_str();
  app.add_option("--image-size", options.image_size, "Side of the model's input in pixels")->capture_default_str();
  app.add_option("--replicas", options.replicas, "Parts a step is computed in at once: threads on a CPU, 1 on a GPU")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--pictures", options.pictures, "Of each replica, a step")->capture_default_str();
  app.add_option("--rate", options.learning_rate, "Learning rate")->capture_default_str();
  app.add_option("--cooldown", options.cooldown, "Last part of the steps, in which the rate falls to nothing")
      ->check(CLI::Range(0.01, 1.0))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Of weights, scenes and questions")->capture_default_str();
  app.add_option("--device", device, "cpu, cuda or cuda:N")->capture_default_str();
  app.add_flag("--bf16", bf16, "Matrix products in bf16, as the engine runs the model");
  app.add_option("--report-steps", options.report_steps, "A line of progress every so many steps")
      ->capture_default_str();
  app.add_option("--save-steps", options.save_steps, "Model and state every so many steps")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    options.device = at::Device(device);
    if (bf16) options.compute = at::kBFloat16;
    if (const samcache::Status trained = samcache::train::train(options); !trained) {
      std::fprintf(stderr, "train_demo: %s\n", trained.error().message.c_str());
      return 1;
    }
  } catch (const std::exception& e) {
    std::fprintf(stderr, "train_demo: %s\n", e.what());
    return 1;
  }
  return 0;
}

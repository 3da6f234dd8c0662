// The training loop of the demo model.
//
// Every step shows each of several replicas of the weights a few new scenes; their gradients are averaged and AdamW
// takes a step. On the CPU a replica is a thread, which is faster than sharing small operations out among threads, and
// gives the same result on any machine with the same options. A step's scenes and questions depend on the seed and the
// step's number alone, so that a run that was stopped goes on where it was.
//
// The trunk's first lesson is what lies where, alone: a third of the time a whole step takes, and what all else is
// built on.
//
// What is written to `out`: the model (config.json, model.safetensors: the running average of the weights, vocab.json,
// merges.txt), complete at any time, and training-state.pt, from which a run goes on.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/error.h"

namespace samcache::train {

struct TrainerOptions {
  std::filesystem::path out;
  std::filesystem::path from;              // a model of the same sizes to start a new run with; empty: random weights
  std::string renew;                       // weights with this in their names are not taken from it; empty: all are
  bool interactive_only = false;           // teach clicks and boxes; what texts are answered with stays as it is
  std::int64_t steps = 26000;              // in all, those of an earlier run included
  std::int64_t recognition_steps = 10000;  // of them, the first, teach the trunk alone, to tell what is where
  std::int64_t small_steps = 22000;        // of them, the first, on small pictures
  int small_image_size = 128;
  int image_size = 256;
  int replicas = 2;
  int pictures = 4;  // of each replica, a step
  double learning_rate = 5e-4;
  std::int64_t warmup_steps = 200;  // of each lesson
  double cooldown = 0.3;            // the last part of the steps, in which the rate falls to nothing
  std::uint64_t seed = 1;
  at::Device device = at::kCPU;
  at::ScalarType compute = at::kFloat;  // of matrix products
  std::int64_t report_steps = 50;
  std::int64_t save_steps = 500;
};

// Goes on from out/training-state.pt if there is one, else starts anew. Prints a line every report_steps.
Status train(const TrainerOptions& options);

}  // namespace samcache::train

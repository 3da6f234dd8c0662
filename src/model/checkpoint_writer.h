// A checkpoint of any sizes, written from values that come from somewhere: made up (weight_init.h) or learnt.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>

#include "base/error.h"
#include "model/checkpoint.h"
#include "model/config.h"
#include "model/weights_table.h"

namespace samcache {

struct CheckpointFormat {
  Naming naming = Naming::kHuggingFace;                       // or kMeta
  DType dtype = DType::kF32;                                  // or kBF16, kF16
  std::function<bool(const WeightSpec& spec)> includes = {};  // what to write; none: everything
};

// Fills in elements [first, first + out.size()) of the tensor in its Meta shape, WeightSpec::shape. Called from several
// threads at once.
using WeightValues = std::function<void(const WeightSpec& spec, std::int64_t first, std::span<float> out)>;

// Called now and then from the calling thread with bytes written so far and in all; false cancels (kCancelled).
using WriteProgress = std::function<bool(std::uint64_t done_bytes, std::uint64_t total_bytes)>;

// Writes out_dir/model.safetensors and out_dir/config.json (out_dir is made if it is not there). Streams: memory stays
// at a few chunks whatever the size. An existing model.safetensors is replaced only when the new one is complete.
Status write_checkpoint(const Sam3Config& config, const std::filesystem::path& out_dir, const CheckpointFormat& format,
                        const WeightValues& values, const WriteProgress& progress = {});

}  // namespace samcache

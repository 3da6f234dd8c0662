#include "engine/machine_limits.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <numeric>

#include "engine/torch_tensors.h"

namespace samcache {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Weights of one block: (outputs, inputs) of each linear layer.
std::vector<std::pair<std::int64_t, std::int64_t>> block_products(const VitConfig& vit) {
  return {{3 * vit.hidden, vit.hidden}, {vit.hidden, vit.hidden}, {vit.mlp, vit.hidden}, {vit.hidden, vit.mlp}};
}

// Waits for the device by fetching a number that depends on the work.
void finish(const at::Tensor& result) { (void)result.flatten()[0].item<float>(); }

}  // namespace

double trunk_operations(const Sam3Config& config) {
  const VitConfig& vit = config.vit;
  const double tokens = static_cast<double>(vit.grid()) * vit.grid();
  const double window_tokens = static_cast<double>(vit.window) * vit.window;
  double per_token = 2.0 * 3 * vit.patch * vit.patch * vit.hidden;
  for (int i = 0; i < vit.layers; ++i) {
    for (const auto& [out, in] : block_products(vit))
      per_token += 2.0 * static_cast<double>(out) * static_cast<double>(in);
    per_token += 4.0 * (vit.is_global(i) ? tokens : window_tokens) * vit.hidden;
  }
  return tokens * per_token;
}

double neck_operations(const Sam3Config& config) {
  const double tokens = static_cast<double>(config.grid()) * config.grid();
  const double c = config.vit.hidden;
  const double d = config.fpn_width;
  const double conv3x3 = 9 * d * d;
  const double fine = c * c / 2 * 4 + 4 * (c / 2 * c / 4 * 4) + 16 * (c / 4 * d + conv3x3 + d * d / 8);
  const double middle = c * c / 2 * 4 + 4 * (c / 2 * d + conv3x3 + d * d / 4);
  const double coarse = c * d + conv3x3;
  return 2.0 * tokens * (fine + middle + coarse);
}

ConceptOperations concept_operations(const Sam3Config& config) {
  const double n = static_cast<double>(config.grid()) * config.grid();
  const double d = config.fpn_width;
  const double d2 = d * d;
  const double queries = config.queries + 1.0;  // and presence
  const double text_tokens = 8;                 // a few words, start and end
  const double prompt = text_tokens + 1;
  const double conv_taps = 9;
  const double upsampled_taps = 4;      // of a 3x3 kernel on a doubled map (Ops::upsampled_conv2d)
  const double finer = 4 * n + 16 * n;  // pixels of the two finer levels

  const double self_attention = 4 * n * d2 + 2 * n * n * d;
  const double cross_queries = n * d2;
  const double cross_rest = n * d2 + 2 * n * prompt * d + 2 * prompt * d2;
  const double mix = 2 * n * d * config.encoder.feed_forward;
  const double layers = config.encoder.layers;

  const double image_attention = 2 * n * d2 + 2 * queries * n * d;
  const double query_side = 10 * queries * d2 + 2 * queries * d * config.decoder.feed_forward;

  ConceptOperations operations;
  operations.prepare = conv_taps * d2 * finer + self_attention + cross_queries + config.geometry.layers * 2 * n * d2;
  const double c = config.text.hidden;
  operations.text = text_tokens * (config.text.layers * (4 * c * c + 2 * c * config.text.mlp) + c * d);
  operations.fusion = (layers - 1) * (self_attention + cross_queries) + layers * (cross_rest + mix);
  operations.decoder = config.decoder.layers * (image_attention + query_side);
  operations.masks = cross_queries + cross_rest + upsampled_taps * d2 * finer;
  operations.per_mask = 16 * n * d;
  for (double* part : {&operations.prepare, &operations.text, &operations.fusion, &operations.decoder,
                       &operations.masks, &operations.per_mask}) {
    *part *= 2;  // a multiply and an add
  }
  return operations;
}

double text_matrix_bytes(const EngineInfo& info) {
  const TextConfig& text = info.config.text;
  const double c = text.hidden;
  const double element_bytes = info.precision == Precision::kFp32 ? 4 : 2;
  return text.layers * (4 * c * c + 2 * c * text.mlp) * element_bytes;
}

double measure_matrix_rate(const EngineInfo& info, int rounds) {
  const c10::InferenceMode no_gradients;
  omp_set_num_threads(info.threads);
  const auto options = at::TensorOptions().dtype(torch_dtype(info.precision)).device(torch_device(info.device));
  const VitConfig& vit = info.config.vit;
  const std::int64_t tokens = static_cast<std::int64_t>(vit.grid()) * vit.grid();
  double operations = 0;
  double seconds = 0;
  for (const auto& [out, in] : block_products(vit)) {
    const at::Tensor x = at::ones({tokens, in}, options);
    const at::Tensor weight = at::ones({out, in}, options);
    double best = 1e30;
    for (int round = 0; round <= rounds; ++round) {  // the first one warms up
      const auto start = std::chrono::steady_clock::now();
      finish(at::linear(x, weight));
      if (round > 0) best = std::min(best, seconds_since(start));
    }
    operations += 2.0 * static_cast<double>(tokens) * static_cast<double>(out) * static_cast<double>(in);
    seconds += best;
  }
  return operations / seconds;
}

double measure_read_bandwidth(int rounds) {
  const std::vector<std::uint64_t> data(std::size_t{32} << 20, 1);  // 256 MiB
  double best = 1e30;
  std::uint64_t sum = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    sum += std::accumulate(data.begin(), data.end(), std::uint64_t{0});
    best = std::min(best, seconds_since(start));
  }
  check(sum > 0, "measure_read_bandwidth: nothing was read");
  return static_cast<double>(data.size() * sizeof(std::uint64_t)) / best;
}

}  // namespace samcache

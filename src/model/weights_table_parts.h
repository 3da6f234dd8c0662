// How weights_table() is put together: a builder that knows the two naming schemes, and one function per part of the
// model. Private to weights_table*.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/weights_table.h"

namespace samcache {

// Adds rows. `meta` and `hf` are the module's name in each scheme, without ".weight".
class WeightsBuilder {
 public:
  using Dims = std::vector<std::int64_t>;

  // Applies to the rows added from here on.
  void used_by_image_model(bool used) { used_ = used; }
  void optional(bool optional) { optional_ = optional; }

  // A parameter of this exact name.
  WeightSpec& parameter(const std::string& meta, Dims shape, const std::string& hf);
  // A parameter that Hugging Face does not store.
  WeightSpec& meta_only(const std::string& meta, Dims shape);

  // ".weight" of `shape` and ".bias" of `bias` elements.
  void affine(const std::string& meta, const std::string& hf, Dims shape, std::int64_t bias);
  void linear(const std::string& meta, const std::string& hf, int in, int out) { affine(meta, hf, {out, in}, out); }
  void norm(const std::string& meta, const std::string& hf, int width) { affine(meta, hf, {width}, width); }
  void conv(const std::string& meta, const std::string& hf, int in, int out, int kernel) {
    affine(meta, hf, {out, in, kernel, kernel}, out);
  }
  void conv_transpose(const std::string& meta, const std::string& hf, int in, int out) {
    affine(meta, hf, {in, out, 2, 2}, out);
  }

  // Meta's one [3 · width, width] projection (its weight and bias called meta_weight and meta_bias), which Hugging Face
  // splits into `hf`.q_proj, .k_proj and .v_proj.
  void fused_qkv(const std::string& meta_weight, const std::string& meta_bias, const std::string& hf, int width);
  // torch.nn.MultiheadAttention: the fused projection and `out_proj`, called `hf_out` by Hugging Face.
  void multihead_attention(const std::string& meta, const std::string& hf, int width, const char* hf_out = "o_proj");

  // Meta's MLP `meta`.layers.0, .1, … through `widths` (in, hidden…, out), as `hf`.layer1, .layer2, …
  void numbered_mlp(const std::string& meta, const std::string& hf, const std::vector<int>& widths);
  // The same as `hf`.proj_in, .layers.0, …, .proj_out.
  void in_out_mlp(const std::string& meta, const std::string& hf, const std::vector<int>& widths);

  std::vector<WeightSpec> take() && { return std::move(specs_); }

 private:
  bool used_ = true;
  bool optional_ = false;
  std::vector<WeightSpec> specs_;
};

void add_vision_weights(const Sam3Config& config, WeightsBuilder& builder);
void add_text_weights(const Sam3Config& config, WeightsBuilder& builder);
void add_detector_weights(const Sam3Config& config, WeightsBuilder& builder);
void add_tracker_weights(const Sam3Config& config, WeightsBuilder& builder);

}  // namespace samcache

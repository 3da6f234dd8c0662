#include "train_demo/training_weights.h"

#include <cmath>

#include "base/error.h"
#include "model/weights_table.h"
#include "scenes/random.h"
#include "train_demo/demo_config.h"
#include "train_demo/interactive_lesson.h"
#include "train_demo/recognition_lesson.h"

namespace samcache::train {
namespace {

bool contains(const std::string& name, std::string_view part) { return name.find(part) != std::string::npos; }

// Tokens and tables that the official code draws from a standard normal distribution, or from a narrow one.
float table_deviation(const std::string& name) {
  for (const char* wide :
       {"query_embed.", "presence_token.", "label_embed.", "cls_embed.", "iou_token.", "mask_tokens.",
        "obj_score_token.", "not_a_point_embed.", "no_mask_embed.", "point_embeddings.", "gaussian_matrix"}) {
    if (contains(name, wide)) return 1.0F;
  }
  if (contains(name, "token_embedding.")) return 0.5F;
  for (const char* narrow : {"positional_embedding", "pos_embed", "no_mem_embed"}) {
    if (name.ends_with(narrow)) return 0.02F;
  }
  return 0.0F;
}

// Of matrices that do not keep the size of what they are given. Outputs of residual branches start small, so that deep
// stacks start near the identity; boxes start where the queries look, and masks undecided. In the interactive head what
// comes from the prompt starts louder than what comes from the picture, or it is not listened to for thousands of
// steps.
float gain(const std::string& name) {
  struct Rule {
    const char* ending;
    float gain;
  };
  for (const Rule& rule :
       {Rule{"bbox_embed.layers.2.weight", 0.0F}, Rule{"mask_embed.layers.2.weight", 0.1F},
        Rule{"cross_attn_image_to_token.out_proj.weight", 2.0F},
        Rule{"decoder.layers.0.cross_attn.out_proj.weight", 1.5F},
        Rule{"decoder.layers.1.cross_attn.out_proj.weight", 1.5F},
        Rule{"decoder.layers.2.cross_attn.out_proj.weight", 1.5F}, Rule{"cross_attn_image.out_proj.weight", 1.0F},
        Rule{"ca_text.out_proj.weight", 1.0F}, Rule{"conv_s0.weight", 0.3F}, Rule{"conv_s1.weight", 0.3F},
        Rule{"convs.2.conv_3x3.weight", 0.25F}, Rule{".attn.proj.weight", 0.5F}, Rule{".out_proj.weight", 0.5F},
        Rule{".fc2.weight", 0.5F}, Rule{".linear2.weight", 0.5F}, Rule{".c_proj.weight", 0.5F},
        Rule{".lin2.weight", 0.5F}}) {
    if (name.ends_with(rule.ending)) return rule.gain;
  }
  return 1.0F;
}

// Logits of centres on a grid over the picture and of a middling size, [Q, 4].
at::Tensor reference_points() {
  const auto logit = [](float p) { return std::log(p / (1.0F - p)); };
  std::vector<float> points;
  for (int y = 0; y < kQueryGrid; ++y) {
    for (int x = 0; x < kQueryGrid; ++x) {
      const auto centre = [](int i) { return (static_cast<float>(i) + 0.5F) / kQueryGrid; };
      points.insert(points.end(), {logit(centre(x)), logit(centre(y)), logit(0.25F), logit(0.25F)});
    }
  }
  return at::tensor(points).reshape({kQueryGrid * kQueryGrid, 4});
}

at::Tensor normal(const std::vector<std::int64_t>& shape, float deviation, scenes::Random& random) {
  std::vector<float> values(static_cast<std::size_t>(c10::multiply_integers(shape)));
  for (float& value : values) value = deviation * static_cast<float>(random.normal());
  return at::tensor(values).reshape(shape);
}

at::Tensor initial(const std::string& name, const std::vector<std::int64_t>& shape, scenes::Random& random) {
  if (name.ends_with("reference_points.weight")) return reference_points();
  if (const float deviation = table_deviation(name); deviation > 0) return normal(shape, deviation, random);
  if (shape.size() == 1) return name.ends_with("weight") ? at::ones(shape) : at::zeros(shape);
  const bool inputs_first = contains(name, "dconv_2x2") || contains(name, "output_upscaling");
  const std::int64_t fan_in = inputs_first ? shape[0] : c10::multiply_integers(shape.begin() + 1, shape.end());
  return normal(shape, gain(name) / std::sqrt(static_cast<float>(fan_in)), random);
}

// Keys are projected as queries are, so that like attends to like from the start: a click and the pixels near it, whose
// position codes are alike. Learning takes thousands of steps to find this out alone. Among themselves a token attends
// to itself about as much as to all others together: the first self-attention replaces its tokens, so less would make
// all of them one and the same, and more would keep the prompt from the mask tokens.
void attend_to_the_like(NamedTensors& tensors) {
  constexpr double kSharpness = 2.0;
  constexpr double kSelfSharpness = 0.35;
  for (auto& [name, keys] : tensors) {
    if (!contains(name, "sam_mask_decoder.transformer.") || !name.ends_with(".k_proj.weight")) continue;
    std::string queries = name;
    queries.replace(queries.rfind(".k_proj"), 7, ".q_proj");
    const bool among_tokens = contains(name, ".self_attn.");
    if (!among_tokens) tensors.at(queries).mul_(kSharpness);
    keys = tensors.at(queries).clone();
    if (among_tokens) tensors.at(queries).mul_(kSelfSharpness);
  }
}

// Queries attend within their boxes from the start: two units of the bias's hidden layer measure how far a pixel lies
// before the box's low edge and past its high one, and lower every head's bias by it.
void look_within_boxes(NamedTensors& tensors) {
  constexpr double kSteepness = 10.0;
  for (const char* axis : {"x", "y"}) {
    const std::string mlp = "detector.transformer.decoder.boxRPB_embed_" + std::string(axis) + ".layers.";
    at::Tensor& hidden = tensors.at(mlp + "0.weight");  // [d, 2]: of (distance from low edge, from high edge)
    at::Tensor& output = tensors.at(mlp + "1.weight");  // [heads, d]
    hidden.slice(0, 0, 2).copy_(at::tensor({-1.0F, 0.0F, 0.0F, 1.0F}).reshape({2, 2}));
    output.mul_(0.1).slice(1, 0, 2).fill_(-kSteepness);
  }
}

}  // namespace

NamedTensors initial_weights(const Sam3Config& config, std::uint64_t seed, at::Device device) {
  NamedTensors tensors;
  scenes::Random random(seed);
  for (const WeightSpec& spec : weights_table(config)) {
    const bool semantic_map = contains(spec.name, "semantic_seg_head");
    if (!spec.generated || spec.optional || !(spec.used_by_image_model || semantic_map)) continue;
    tensors[spec.name] = initial(spec.name, spec.canonical_shape(), random);
  }
  add_recognition_weights(config, tensors);
  add_guidance_weights(config, tensors);
  attend_to_the_like(tensors);
  look_within_boxes(tensors);
  for (auto& [name, tensor] : tensors) tensor = tensor.to(device);
  return tensors;
}

bool is_learnt(const std::string& name) { return !contains(name, "gaussian_matrix"); }

Value TrainingWeights::weight(const std::string& name, WeightRole role) {
  const auto found = tensors_.find(name);
  check(found != tensors_.end(), "TrainingWeights: no tensor " + name);
  const bool narrow = role == WeightRole::kMatrix || role == WeightRole::kVector;
  return TorchOps::wrap(narrow ? found->second.to(compute_) : found->second);
}

}  // namespace samcache::train

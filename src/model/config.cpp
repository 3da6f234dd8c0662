#include "model/config.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

namespace samcache {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxConfigBytes = 1 << 20;

// CLIPTextConfig's defaults: a text_config that is there but leaves fields out means these, not SAM 3's.
constexpr TextConfig kClipTextDefaults{
    .hidden = 512, .layers = 12, .heads = 8, .mlp = 2048, .vocabulary = 49408, .context = 77, .projection = 512};

// One object of the document and where it is. The first thing that is wrong anywhere is kept in `failure`; after that
// reads change nothing.
class Section {
 public:
  Section(const Json* node, std::string path, std::optional<Error>& failure)
      : node_(node), path_(std::move(path)), failure_(failure) {}

  bool exists() const { return node_ != nullptr; }

  Section child(const char* key) const {
    const Json* found = find(key);
    if (found != nullptr && !found->is_object()) fail(key, "is not an object");
    return {found != nullptr && found->is_object() ? found : nullptr, join(key), failure_};
  }

  void read(const char* key, int& value) const {
    if (const Json* found = find(key)) to_int(*found, key, value);
  }

  // A length, or [height, width] of a square.
  void read_side(const char* key, int& value) const {
    const Json* found = find(key);
    if (found == nullptr) return;
    if (!found->is_array()) return to_int(*found, key, value);
    if (found->size() != 2 || (*found)[0] != (*found)[1]) return fail(key, "is not square");
    to_int((*found)[0], key, value);
  }

  void read(const char* key, double& value) const {
    const Json* found = find(key);
    if (found == nullptr) return;
    if (!found->is_number()) return fail(key, "is not a number");
    value = found->get<double>();
  }

  void read(const char* key, bool& value) const {
    const Json* found = find(key);
    if (found == nullptr) return;
    if (!found->is_boolean()) return fail(key, "is not true or false");
    value = found->get<bool>();
  }

  void read(const char* key, std::vector<int>& value) const {
    const Json* found = find(key);
    if (found == nullptr) return;
    if (!found->is_array()) return fail(key, "is not a list of integers");
    value.assign(found->size(), 0);
    for (std::size_t i = 0; i < value.size(); ++i) to_int((*found)[i], key, value[i]);
  }

  // The model's parts hand their channels on unchanged, so widths given in several places must agree.
  void require(const char* key, int expected, const char* same_as) const {
    int given = expected;
    read(key, given);
    if (given != expected)
      fail(key, "is " + std::to_string(given) + ", must be " + std::to_string(expected) + " (" + same_as + ")");
  }

  void fail(const char* key, const std::string& what) const {
    if (!failure_) failure_ = Error{ErrorCode::kInvalidArgument, join(key) + " " + what};
  }

  // An absent or null field, or one of an absent section, is the default.
  const Json* find(const char* key) const {
    if (node_ == nullptr) return nullptr;
    const auto found = node_->find(key);
    return found == node_->end() || found->is_null() ? nullptr : &*found;
  }

 private:
  std::string join(const char* key) const { return path_.empty() ? key : path_ + "." + key; }

  void to_int(const Json& node, const char* key, int& value) const {
    if (!node.is_number_integer()) return fail(key, "is not an integer");
    const bool fits =
        node.is_number_unsigned() ? node.get<std::uint64_t>() <= INT_MAX : node.get<std::int64_t>() >= INT_MIN;
    if (!fits) return fail(key, "is out of range");
    value = node.get<int>();
  }

  const Json* node_;
  std::string path_;
  std::optional<Error>& failure_;
};

void read_vision(const Section& vision, Sam3Config& config) {
  vision.read("fpn_hidden_size", config.fpn_width);
  if (const Json* factors = vision.find("scale_factors"); factors != nullptr && *factors != Json({4.0, 2.0, 1.0, 0.5}))
    vision.fail("scale_factors", "is not [4.0, 2.0, 1.0, 0.5], the only neck this program knows");

  const Section backbone = vision.child("backbone_config");
  VitConfig& vit = config.vit;
  backbone.read("hidden_size", vit.hidden);
  backbone.read("intermediate_size", vit.mlp);
  backbone.read("num_hidden_layers", vit.layers);
  backbone.read("num_attention_heads", vit.heads);
  backbone.require("num_channels", 3, "pictures are RGB");
  backbone.read_side("image_size", vit.image_size);
  backbone.read_side("patch_size", vit.patch);
  backbone.read("rope_theta", vit.rope_theta);
  backbone.child("rope_parameters").read("rope_theta", vit.rope_theta);  // where newer libraries keep it
  backbone.read("window_size", vit.window);
  backbone.read("global_attn_indexes", vit.global_blocks);
  backbone.read_side("pretrain_image_size", vit.pretrain_image_size);
}

void read_text(const Section& text, TextConfig& config) {
  if (!text.exists()) return;
  config = kClipTextDefaults;
  text.read("hidden_size", config.hidden);
  text.read("intermediate_size", config.mlp);
  text.read("num_hidden_layers", config.layers);
  text.read("num_attention_heads", config.heads);
  text.read("vocab_size", config.vocabulary);
  text.read("max_position_embeddings", config.context);
  text.read("projection_dim", config.projection);
}

void read_transformer(const Section& section, int width, DetrConfig& config) {
  section.require("hidden_size", width, "fpn_hidden_size");
  section.read("num_layers", config.layers);
  section.read("num_attention_heads", config.heads);
  section.read("intermediate_size", config.feed_forward);
}

void read_detector(const Section& detector, Sam3Config& config) {
  read_vision(detector.child("vision_config"), config);
  read_text(detector.child("text_config"), config.text);
  const int width = config.fpn_width;
  const Section geometry = detector.child("geometry_encoder_config");
  read_transformer(geometry, width, config.geometry);
  geometry.read("roi_size", config.roi_size);
  read_transformer(detector.child("detr_encoder_config"), width, config.encoder);
  const Section decoder = detector.child("detr_decoder_config");
  read_transformer(decoder, width, config.decoder);
  decoder.read("num_queries", config.queries);
  const Section masks = detector.child("mask_decoder_config");
  masks.require("hidden_size", width, "fpn_hidden_size");
  masks.read("num_upsampling_stages", config.pixel_decoder_stages);
  masks.read("num_attention_heads", config.segmentation_heads);
}

void read_memory(const Section& tracker, int width, MemoryConfig& config) {
  tracker.read("num_maskmem", config.frames);
  tracker.require("memory_attention_hidden_size", width, "fpn_hidden_size");
  tracker.require("memory_encoder_hidden_size", width, "fpn_hidden_size");
  tracker.require("mask_downsampler_embed_dim", width, "fpn_hidden_size");
  tracker.require("memory_fuser_embed_dim", width, "fpn_hidden_size");
  tracker.read("memory_encoder_output_channels", config.channels);
  tracker.read("memory_attention_num_layers", config.attention_layers);
  tracker.read("memory_attention_feed_forward_hidden_size", config.attention_feed_forward);
  tracker.read("memory_fuser_num_layers", config.fuser_layers);
  tracker.read("memory_fuser_intermediate_dim", config.fuser_intermediate);
  tracker.read("memory_fuser_kernel_size", config.fuser_kernel);
  tracker.read("mask_downsampler_kernel_size", config.mask_downsampler_kernel);
  tracker.read("mask_downsampler_stride", config.mask_downsampler_stride);
  tracker.read("mask_downsampler_total_stride", config.mask_downsampler_total_stride);
}

void read_tracker(const Section& tracker, Sam3Config& config) {
  const int width = config.fpn_width;
  const Section prompt = tracker.child("prompt_encoder_config");
  prompt.require("hidden_size", width, "fpn_hidden_size");
  prompt.read("mask_input_channels", config.prompt_encoder.mask_input_channels);
  prompt.read("num_point_embeddings", config.prompt_encoder.point_embeddings);

  const Section decoder = tracker.child("mask_decoder_config");
  MaskDecoderConfig& head = config.mask_decoder;
  decoder.require("hidden_size", width, "fpn_hidden_size");
  decoder.read("mlp_dim", head.mlp);
  decoder.read("num_hidden_layers", head.layers);
  decoder.read("num_attention_heads", head.heads);
  decoder.read("attention_downsample_rate", head.attention_downsample_rate);
  decoder.read("num_multimask_outputs", head.multimask_outputs);
  decoder.read("iou_head_depth", head.iou_head_depth);
  decoder.read("iou_head_hidden_dim", head.iou_head_hidden);
  decoder.read("dynamic_multimask_via_stability", head.stability_fallback);
  decoder.read("dynamic_multimask_stability_delta", head.stability_delta);
  decoder.read("dynamic_multimask_stability_thresh", head.stability_threshold);
  read_memory(tracker, width, config.memory);
}

// Checks that stop at the first failure, each with the field's name in config.json.
class Validator {
 public:
  void range(const char* field, long value, long least, long most) {
    if (value < least || value > most)
      fail(std::string(field) + " is " + std::to_string(value) + ", must be " + std::to_string(least) + " to " +
           std::to_string(most));
  }
  void divides(const char* divisor_field, long divisor, const char* field, long value) {
    if (failure_ || (divisor > 0 && value % divisor == 0)) return;
    fail(std::string(field) + " " + std::to_string(value) + " is not a multiple of " + divisor_field + " " +
         std::to_string(divisor));
  }
  void require(bool holds, const std::string& message) {
    if (!holds) fail(message);
  }
  bool ok() const { return !failure_; }
  Status result() const { return failure_ ? Status(*failure_) : Status(); }

 private:
  void fail(const std::string& message) {
    if (!failure_) failure_ = Error{ErrorCode::kInvalidArgument, message};
  }
  std::optional<Error> failure_;
};

void validate_vit(const VitConfig& vit, Validator& v) {
  v.range("backbone_config.hidden_size", vit.hidden, 4, 16384);
  v.range("backbone_config.num_hidden_layers", vit.layers, 1, 256);
  v.range("backbone_config.num_attention_heads", vit.heads, 1, 256);
  v.range("backbone_config.intermediate_size", vit.mlp, 1, 131072);
  v.range("backbone_config.patch_size", vit.patch, 1, 256);
  v.range("backbone_config.image_size", vit.image_size, 1, 8192);
  v.range("backbone_config.pretrain_image_size", vit.pretrain_image_size, 1, 8192);
  v.range("backbone_config.window_size", vit.window, 1, 1024);
  if (!v.ok()) return;
  v.divides("patch_size", vit.patch, "backbone_config.image_size", vit.image_size);
  v.divides("patch_size", vit.patch, "backbone_config.pretrain_image_size", vit.pretrain_image_size);
  v.divides("num_attention_heads", vit.heads, "backbone_config.hidden_size", vit.hidden);
  v.range("image_size / patch_size", vit.grid(), 1, 1024);
  if (!v.ok()) return;
  v.divides("window_size", vit.window, "image_size / patch_size", vit.grid());
  // The position table is tiled over the grid; a last tile that is cut short is well defined, a table larger than the
  // grid would mean a model that was shrunk, which the official code does not do.
  v.require(vit.pretrain_grid() <= vit.grid(), "backbone_config.pretrain_image_size is larger than image_size");
  v.divides("4 (rotary embedding pairs of rows and columns)", 4, "hidden_size / num_attention_heads", vit.head_dim());
  v.divides("4 (the neck halves the channels twice)", 4, "backbone_config.hidden_size", vit.hidden);
  v.require(vit.rope_theta >= 1 && vit.rope_theta <= 1e12, "backbone_config.rope_theta must be 1 to 1e12");
  v.require(
      std::is_sorted(vit.global_blocks.begin(), vit.global_blocks.end(), std::less_equal<>()) &&
          (vit.global_blocks.empty() || (vit.global_blocks.front() >= 0 && vit.global_blocks.back() < vit.layers)),
      "backbone_config.global_attn_indexes must be ascending and below num_hidden_layers");
}

void validate_transformer(const std::string& section, const DetrConfig& part, int width, Validator& v) {
  v.range((section + ".num_layers").c_str(), part.layers, 1, 64);
  v.range((section + ".num_attention_heads").c_str(), part.heads, 1, 256);
  v.range((section + ".intermediate_size").c_str(), part.feed_forward, 1, 131072);
  v.divides((section + ".num_attention_heads").c_str(), part.heads, "fpn_hidden_size", width);
}

void validate_detector(const Sam3Config& c, Validator& v) {
  v.range("vision_config.fpn_hidden_size", c.fpn_width, 8, 4096);
  v.divides("8 (group norm, sine encodings, conv_s0)", 8, "vision_config.fpn_hidden_size", c.fpn_width);
  v.range("text_config.hidden_size", c.text.hidden, 1, 16384);
  v.range("text_config.num_hidden_layers", c.text.layers, 1, 256);
  v.range("text_config.num_attention_heads", c.text.heads, 1, 256);
  v.range("text_config.intermediate_size", c.text.mlp, 1, 131072);
  v.range("text_config.vocab_size", c.text.vocabulary, 1, 1 << 20);
  v.range("text_config.max_position_embeddings", c.text.context, 2, 4096);
  v.range("text_config.projection_dim", c.text.projection, 1, 16384);
  v.divides("text_config.num_attention_heads", c.text.heads, "text_config.hidden_size", c.text.hidden);
  validate_transformer("geometry_encoder_config", c.geometry, c.fpn_width, v);
  v.range("geometry_encoder_config.roi_size", c.roi_size, 1, 64);
  validate_transformer("detr_encoder_config", c.encoder, c.fpn_width, v);
  validate_transformer("detr_decoder_config", c.decoder, c.fpn_width, v);
  v.range("detr_decoder_config.num_queries", c.queries, 1, 10000);
  v.range("mask_decoder_config.num_attention_heads", c.segmentation_heads, 1, 256);
  v.divides("mask_decoder_config.num_attention_heads", c.segmentation_heads, "fpn_hidden_size", c.fpn_width);
  v.range("mask_decoder_config.num_upsampling_stages", c.pixel_decoder_stages, 2, 8);
}

void validate_tracker(const Sam3Config& c, Validator& v) {
  v.range("prompt_encoder_config.mask_input_channels", c.prompt_encoder.mask_input_channels, 4, 4096);
  v.divides("4 (mask_downscaling)", 4, "prompt_encoder_config.mask_input_channels",
            c.prompt_encoder.mask_input_channels);
  v.range("prompt_encoder_config.num_point_embeddings", c.prompt_encoder.point_embeddings, 4, 4);
  const MaskDecoderConfig& head = c.mask_decoder;
  v.range("tracker_config.mask_decoder_config.num_hidden_layers", head.layers, 1, 64);
  v.range("tracker_config.mask_decoder_config.num_attention_heads", head.heads, 1, 256);
  v.range("tracker_config.mask_decoder_config.mlp_dim", head.mlp, 1, 131072);
  v.range("tracker_config.mask_decoder_config.attention_downsample_rate", head.attention_downsample_rate, 1, 64);
  v.range("tracker_config.mask_decoder_config.iou_head_depth", head.iou_head_depth, 2, 16);
  v.range("tracker_config.mask_decoder_config.iou_head_hidden_dim", head.iou_head_hidden, 1, 16384);
  v.range("tracker_config.mask_decoder_config.num_multimask_outputs", head.multimask_outputs, 1, 16);
  v.divides("attention_downsample_rate × num_attention_heads", long{head.attention_downsample_rate} * head.heads,
            "fpn_hidden_size", c.fpn_width);
  v.require(head.stability_delta >= 0 && head.stability_delta <= 100,
            "dynamic_multimask_stability_delta must be 0 to 100");
  v.require(head.stability_threshold >= 0 && head.stability_threshold <= 1,
            "dynamic_multimask_stability_thresh must be 0 to 1");
}

void validate_memory(const MemoryConfig& m, Validator& v) {
  v.range("tracker_config.num_maskmem", m.frames, 1, 64);
  v.range("tracker_config.memory_encoder_output_channels", m.channels, 1, 4096);
  v.range("tracker_config.memory_attention_num_layers", m.attention_layers, 1, 64);
  v.range("tracker_config.memory_attention_feed_forward_hidden_size", m.attention_feed_forward, 1, 131072);
  v.range("tracker_config.memory_fuser_num_layers", m.fuser_layers, 1, 64);
  v.range("tracker_config.memory_fuser_intermediate_dim", m.fuser_intermediate, 1, 131072);
  v.range("tracker_config.memory_fuser_kernel_size", m.fuser_kernel, 1, 31);
  v.range("tracker_config.mask_downsampler_kernel_size", m.mask_downsampler_kernel, 1, 31);
  v.range("tracker_config.mask_downsampler_stride", m.mask_downsampler_stride, 2, 16);
  v.range("tracker_config.mask_downsampler_total_stride", m.mask_downsampler_total_stride, 2, 64);
  long reached = 1;
  while (v.ok() && reached < m.mask_downsampler_total_stride) reached *= m.mask_downsampler_stride;
  v.require(!v.ok() || reached == m.mask_downsampler_total_stride,
            "tracker_config.mask_downsampler_total_stride is not a power of mask_downsampler_stride");
}

}  // namespace

bool VitConfig::is_global(int block) const {
  return std::binary_search(global_blocks.begin(), global_blocks.end(), block);
}

Status Sam3Config::validate() const {
  Validator v;
  validate_vit(vit, v);
  validate_detector(*this, v);
  validate_tracker(*this, v);
  validate_memory(memory, v);
  return v.result();
}

Result<Sam3Config> parse_config(std::string_view json, const std::string& source) {
  const Json document = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) return Error{ErrorCode::kCorrupt, source + " is not a JSON object"};
  std::optional<Error> failure;
  const Section root(&document, "", failure);
  const Json* type = root.find("model_type");
  const std::string model_type = type != nullptr && type->is_string() ? type->get<std::string>() : "";
  // A detector alone (model_type "sam3") has the detector's sections at the top.
  const bool detector_alone = model_type == "sam3";
  if (!detector_alone && model_type != "sam3_video")
    return Error{ErrorCode::kUnsupported,
                 source + ": model_type is '" + model_type.substr(0, 60) + "', not 'sam3_video': not a SAM 3 model"};
  Sam3Config config;
  read_detector(detector_alone ? root : root.child("detector_config"), config);
  read_tracker(root.child("tracker_config"), config);
  if (failure) return failure->within(source);
  if (const Status valid = config.validate(); !valid) return valid.error().within(source);
  return config;
}

Result<Sam3Config> read_config(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return errno_error("open " + path, errno);
  std::string text(kMaxConfigBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return errno_error("read " + path, errno);
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxConfigBytes) return Error{ErrorCode::kTooLarge, path + " is over 1 MiB: not a config.json"};
  return parse_config(text, path);
}

}  // namespace samcache

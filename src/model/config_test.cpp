#include "model/config.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace samcache {
namespace {

using Json = nlohmann::json;

const std::string kTinyConfig = std::string(SAMCACHE_TEST_DATA) + "/tiny_hf/config.json";

Json tiny_json() { return Json::parse(read_config(kTinyConfig).value().to_json()); }

std::string error_of(const Json& document) {
  const auto config = parse_config(document.dump(), "config.json");
  return config.ok() ? "no error" : config.error().message;
}

TEST(Config, ReadsEverySizeOfAHuggingFaceFile) {
  const auto config = read_config(kTinyConfig);
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->vit.hidden, 64);
  EXPECT_EQ(config->vit.layers, 4);
  EXPECT_EQ(config->vit.heads, 4);
  EXPECT_EQ(config->vit.mlp, 296);
  EXPECT_EQ(config->vit.image_size, 168);
  EXPECT_EQ(config->vit.grid(), 12);
  EXPECT_EQ(config->vit.pretrain_grid(), 4);
  EXPECT_EQ(config->vit.window, 4);
  EXPECT_FALSE(config->vit.is_global(0));
  EXPECT_TRUE(config->vit.is_global(1));
  EXPECT_TRUE(config->vit.is_global(3));
  EXPECT_EQ(config->fpn_width, 32);
  EXPECT_EQ(config->text.hidden, 32);
  EXPECT_EQ(config->text.layers, 2);
  EXPECT_EQ(config->geometry.layers, 2);
  EXPECT_EQ(config->decoder.layers, 3);
  EXPECT_EQ(config->decoder.feed_forward, 96);
  EXPECT_EQ(config->queries, 12);
  EXPECT_EQ(config->segmentation_heads, 4);
  EXPECT_EQ(config->mask_decoder.mlp, 2048);
  EXPECT_EQ(config->memory.channels, 16);
  EXPECT_EQ(config->memory.attention_feed_forward, 80);
  EXPECT_EQ(config->low_res_mask_size(), 48);
}

TEST(Config, WhatIsLeftOutIsTheReleasedModel) {
  const auto config = parse_config(R"({"model_type": "sam3_video", "future_field": [1]})", "config.json");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->to_json(), Sam3Config::released().to_json());
  EXPECT_EQ(config->vit.grid(), 72);
  EXPECT_TRUE(Sam3Config::released().validate().ok());
}

TEST(Config, ATextSectionThatLeavesFieldsOutMeansClipsDefaults) {
  const auto config = parse_config(
      R"({"model_type": "sam3_video", "detector_config": {"text_config": {"hidden_size": 1024, "num_attention_heads": 16}}})",
      "config.json");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->text.hidden, 1024);
  EXPECT_EQ(config->text.layers, 12);
  EXPECT_EQ(config->text.context, 77);
  EXPECT_EQ(config->text.vocabulary, 49408);
}

TEST(Config, RoundTripsThroughItsOwnJson) {
  const auto config = read_config(kTinyConfig);
  ASSERT_TRUE(config.ok());
  const auto again = parse_config(config->to_json(), "again");
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(again->to_json(), config->to_json());
  EXPECT_EQ(Json::parse(config->to_json())["architectures"], Json::array({"Sam3VideoModel"}));
}

// Every field that both files have says the same, so that other libraries read what this one writes.
TEST(Config, WritesTheFieldsHuggingFaceReads) {
  const Json written = tiny_json().flatten();
  std::ifstream file(kTinyConfig);
  const Json reference = Json::parse(file).flatten();
  for (const auto& [key, value] : written.items()) {
    ASSERT_TRUE(reference.contains(key)) << key;
    EXPECT_EQ(reference[key], value) << key;
  }
}

TEST(Config, ReadsADetectorAlone) {
  Json detector = tiny_json()["detector_config"];
  ASSERT_EQ(detector["model_type"], "sam3");
  detector["vision_config"]["fpn_hidden_size"] = 32;
  const auto config = parse_config(detector.dump(), "config.json");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->vit.hidden, 64);
  EXPECT_EQ(config->queries, 12);
}

TEST(Config, EveryBadFieldIsNamed) {
  struct Case {
    const char* pointer;
    Json value;
    const char* expected;
  };
  const std::string vit = "/detector_config/vision_config/backbone_config/";
  const Case cases[] = {
      {"image_size", 170, "image_size"},
      {"image_size", 0, "image_size"},
      {"image_size", -14, "image_size"},
      {"image_size", 14 * 1000000, "image_size"},
      {"image_size", Json::array({168, 154}), "image_size is not square"},
      {"image_size", "168", "image_size is not an integer"},
      {"image_size", 168.5, "image_size is not an integer"},
      {"patch_size", 13, "patch_size"},
      {"window_size", 5, "window_size"},
      {"hidden_size", 66, "hidden_size"},
      {"num_attention_heads", 0, "num_attention_heads"},
      {"num_attention_heads", 32, "head"},
      {"num_hidden_layers", 1000000000, "num_hidden_layers"},
      {"num_hidden_layers", 99999999999, "num_hidden_layers is out of range"},
      {"num_channels", 4, "num_channels"},
      {"pretrain_image_size", 336, "pretrain_image_size"},
      {"pretrain_image_size", 55, "pretrain_image_size"},
      {"global_attn_indexes", Json::array({3, 1}), "global_attn_indexes"},
      {"global_attn_indexes", Json::array({1, 4}), "global_attn_indexes"},
      {"global_attn_indexes", 3, "global_attn_indexes is not a list"},
      {"rope_theta", 0, "rope_theta"},
      {"rope_theta", "x", "rope_theta is not a number"},
  };
  for (const Case& c : cases) {
    Json document = tiny_json();
    document[Json::json_pointer(vit + c.pointer)] = c.value;
    EXPECT_NE(error_of(document).find(c.expected), std::string::npos) << c.pointer << ": " << error_of(document);
    EXPECT_EQ(error_of(document).rfind("config.json: ", 0), 0u) << error_of(document);
  }
}

TEST(Config, WidthsThatDisagreeAreRefused) {
  for (const char* section :
       {"/detector_config/detr_encoder_config/hidden_size", "/detector_config/mask_decoder_config/hidden_size",
        "/tracker_config/prompt_encoder_config/hidden_size", "/tracker_config/memory_encoder_hidden_size"}) {
    Json document = tiny_json();
    document[Json::json_pointer(section)] = 64;
    EXPECT_NE(error_of(document).find("is 64, must be 32"), std::string::npos) << error_of(document);
  }
}

TEST(Config, OtherDocumentsAreRefused) {
  EXPECT_NE(error_of({{"model_type", "resnet"}}).find("not 'sam3_video'"), std::string::npos);
  EXPECT_NE(error_of(Json::array({1})).find("not a JSON object"), std::string::npos);
  EXPECT_FALSE(parse_config("{", "c").ok());
  EXPECT_FALSE(parse_config(std::string(100000, '['), "c").ok());
  EXPECT_NE(error_of({{"model_type", "sam3_video"}, {"detector_config", 3}}).find("detector_config is not an object"),
            std::string::npos);
  const auto missing = read_config("/nonexistent/config.json");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace samcache

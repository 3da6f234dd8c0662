#include "model/weight_init.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <bit>
#include <cstring>
#include <filesystem>

#include "tensors/cast.h"
#include "tensors/pt_file.h"
#include "tensors/safetensors.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;

const std::string kData = SAMCACHE_TEST_DATA;

class WeightInit : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("samcache-weight-init-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    tiny_ = read_config(kData + "/tiny_hf/config.json").value();
  }
  void TearDown() override { fs::remove_all(folder_); }

  SafetensorsFile written() {
    return SafetensorsFile::open(folder_ / "model.safetensors", SafetensorsLimits::for_checkpoints()).value();
  }

  fs::path folder_;
  Sam3Config tiny_;
};

// Computed once, independently, from the specification in weight_init.h: elements 0, 1, n/2 and n-1.
TEST_F(WeightInit, FollowsTheSpecification) {
  struct Case {
    const char* name;
    std::vector<std::int64_t> shape;
    std::uint32_t bits[4];
  };
  const Case cases[] = {
      {"detector.transformer.decoder.query_embed.weight",
       {200, 256},
       {0x3ead9324u, 0xbeb77aa8u, 0xbdfab340u, 0x3ea0bd64u}},
      {"detector.backbone.vision_backbone.trunk.blocks.0.attn.qkv.weight",
       {3072, 1024},
       {0x3d420f74u, 0xbcf4903du, 0x3d4a4f6du, 0xbc5d6c2du}},
      {"detector.backbone.vision_backbone.trunk.blocks.0.norm1.weight",
       {1024},
       {0x3f80b064u, 0x3f890f70u, 0x3f886b6cu, 0x3f8d42a9u}},
      {"tracker.sam_mask_decoder.output_upscaling.0.weight",
       {256, 64, 2, 2},
       {0x3d3636a9u, 0x3c8e2d51u, 0x3d2427f7u, 0xbd0a7406u}},
      {"tracker.no_mem_embed", {1, 1, 256}, {0xbdc38f38u, 0x3ec71450u, 0xbeb0caccu, 0xbe422364u}},
      {"detector.dot_prod_scoring.hs_proj.weight", {256, 256}, {0xbe78fbcfu, 0x3e83f521u, 0x3e0cd7abu, 0xbd1c9aeau}},
      {"detector.transformer.decoder.presence_token_head.layers.2.bias",
       {1},
       {0x3f77a869u, 0x3f77a869u, 0x3f77a869u, 0x3f77a869u}},
      {"tracker.maskmem_backbone.fuser.layers.0.gamma", {256}, {0x3dc755d1u, 0x3de22d3cu, 0x3de3947fu, 0x3e3681e0u}},
  };
  for (const Case& c : cases) {
    const auto count = static_cast<std::int64_t>(element_count(c.shape).value());
    const std::int64_t places[] = {0, std::min<std::int64_t>(1, count - 1), count / 2, count - 1};
    std::vector<float> all(static_cast<std::size_t>(count));
    generate_weights(c.name, c.shape, 0, all);
    for (int i = 0; i < 4; ++i) {
      float alone = 0;
      generate_weights(c.name, c.shape, places[i], {&alone, 1});
      EXPECT_EQ(std::bit_cast<std::uint32_t>(alone), c.bits[i]) << c.name << " element " << places[i];
      EXPECT_EQ(std::bit_cast<std::uint32_t>(all[static_cast<std::size_t>(places[i])]), c.bits[i]) << c.name;
    }
  }
}

TEST_F(WeightInit, ThrowsForWhatHasNoRule) {
  float value = 0;
  EXPECT_THROW(generate_weights("blocks.0.attn.freqs_cis", {16, 8}, 0, {&value, 1}), std::logic_error);
  EXPECT_THROW(generate_weights("running_mean", {16}, 0, {&value, 1}), std::logic_error);
}

TEST_F(WeightInit, WritesTheReferenceCheckpointUnderHuggingFacesNames) {
  const Status made = init_checkpoint(tiny_, folder_, Naming::kHuggingFace, DType::kF32);
  ASSERT_TRUE(made.ok()) << made.error().message;
  const SafetensorsFile ours = written();
  EXPECT_TRUE(ours.verify_digest().ok());
  const auto reference =
      SafetensorsFile::open(kData + "/tiny_hf/model.safetensors", SafetensorsLimits::for_checkpoints());
  ASSERT_TRUE(reference.ok());
  ASSERT_EQ(ours.tensors().size(), reference->tensors().size());
  for (const Tensor& expected : reference->tensors()) {
    const Tensor* tensor = ours.find(expected.name);
    ASSERT_NE(tensor, nullptr) << expected.name;
    ASSERT_EQ(tensor->shape, expected.shape) << expected.name;
    ASSERT_EQ(std::memcmp(tensor->data.data(), expected.data.data(), expected.data.size()), 0) << expected.name;
  }
  const auto config = read_config((folder_ / "config.json").string());
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->to_json(), tiny_.to_json());
}

TEST_F(WeightInit, WritesTheReferenceCheckpointUnderMetasNames) {
  ASSERT_TRUE(init_checkpoint(tiny_, folder_, Naming::kMeta, DType::kF32).ok());
  const SafetensorsFile ours = written();
  const auto reference = open_pt(kData + "/tiny_meta/sam3_tiny.pt");
  ASSERT_TRUE(reference.ok());
  std::size_t compared = 0;
  for (const Tensor& expected : *reference) {
    if (expected.dtype == DType::kC64) continue;  // the rotary tables
    const Tensor* tensor = ours.find(expected.name);
    ASSERT_NE(tensor, nullptr) << expected.name;
    ASSERT_EQ(tensor->shape, expected.shape) << expected.name;
    ASSERT_EQ(std::memcmp(tensor->data.data(), expected.data.data(), expected.data.size()), 0) << expected.name;
    ++compared;
  }
  EXPECT_EQ(compared, ours.tensors().size());
}

TEST_F(WeightInit, RoundsForNarrowTypes) {
  for (const DType dtype : {DType::kBF16, DType::kF16}) {
    ASSERT_TRUE(init_checkpoint(tiny_, folder_, Naming::kMeta, dtype).ok());
    const SafetensorsFile ours = written();
    const Tensor* tensor = ours.find("tracker.sam_mask_decoder.conv_s0.weight");
    ASSERT_NE(tensor, nullptr);
    EXPECT_EQ(tensor->dtype, dtype);
    Tensor exact{tensor->name, DType::kF32, tensor->shape, {}};
    std::vector<float> values(element_count(exact.shape).value());
    generate_weights(exact.name, exact.shape, 0, values);
    exact.data = SharedBytes::copy_of(bytes_of(values));
    const Tensor rounded = cast_tensor(exact, dtype).value();
    EXPECT_EQ(std::memcmp(rounded.data.data(), tensor->data.data(), tensor->data.size()), 0);
  }
}

TEST_F(WeightInit, ReportsProgressAndLeavesNothingWhenCancelled) {
  std::uint64_t last = 0;
  std::uint64_t total = 0;
  ASSERT_TRUE(init_checkpoint(tiny_, folder_ / "a", Naming::kMeta, DType::kF32, [&](std::uint64_t d, std::uint64_t t) {
                EXPECT_GE(d, last);
                last = d;
                total = t;
                return true;
              }).ok());
  EXPECT_EQ(last, total);
  EXPECT_GT(total, 11'000'000u);
  const Status cancelled = init_checkpoint(tiny_, folder_ / "b", Naming::kMeta, DType::kF32,
                                           [](std::uint64_t, std::uint64_t) { return false; });
  ASSERT_FALSE(cancelled.ok());
  EXPECT_EQ(cancelled.error().code, ErrorCode::kCancelled);
  EXPECT_TRUE(fs::is_empty(folder_ / "b"));
}

TEST_F(WeightInit, RefusesImpossibleSizes) {
  tiny_.vit.patch = 13;
  const Status made = init_checkpoint(tiny_, folder_, Naming::kHuggingFace, DType::kF32);
  ASSERT_FALSE(made.ok());
  EXPECT_NE(made.error().message.find("patch_size"), std::string::npos);
  EXPECT_FALSE(fs::exists(folder_));
}

}  // namespace
}  // namespace samcache

#include "tensors/seed_layout.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tensors/safetensors.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;

Tensor tensor_of(const std::string& name, std::vector<std::int64_t> shape) {
  std::vector<std::byte> bytes(tensor_size_bytes(DType::kBF16, shape).value());
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::byte{static_cast<unsigned char>(i * 31 + name.size())};
  return {name, DType::kBF16, std::move(shape), SharedBytes(std::move(bytes))};
}

std::vector<Tensor> layout_of(bool interactive) {
  std::vector<Tensor> tensors;
  for (const std::string& name : seed_layout_names(interactive)) {
    const std::int64_t side = 24 >> (name.back() - '0');
    tensors.push_back(tensor_of(name, {1, 4, side, side}));
  }
  return tensors;
}

EncodingMetadata metadata() {
  EncodingMetadata metadata;
  metadata.original_height = 427;
  metadata.original_width = 640;
  metadata.created_at = "2025-01-31T23:59:59Z";
  return metadata;
}

class SeedLayout : public ::testing::Test {
 protected:
  ~SeedLayout() override { fs::remove_all(folder_); }

  const fs::path folder_ = fs::temp_directory_path() / ("samcache_seed_layout_test_" + std::to_string(getpid()));
  const fs::path path_ = folder_ / "7f0c9a4e.safetensors";
};

TEST(SeedLayoutNames, AreThoseThatThePythonCodeLooksUp) {
  const std::vector<std::string> detector = {"backbone_fpn_0",   "backbone_fpn_1",   "backbone_fpn_2",
                                             "backbone_fpn_3",   "vision_pos_enc_0", "vision_pos_enc_1",
                                             "vision_pos_enc_2", "vision_pos_enc_3"};
  EXPECT_EQ(seed_layout_names(false), detector);
  std::vector<std::string> both = detector;
  for (const std::string& name : detector) both.push_back("sam2_" + name);
  EXPECT_EQ(seed_layout_names(true), both);
}

TEST(SeedLayoutNames, TheMetadataPathReplacesTheLastSuffixAsPythonDoes) {
  EXPECT_EQ(seed_metadata_path("a/b.safetensors"), "a/b.meta.json");
  EXPECT_EQ(seed_metadata_path("a.b/c.d.safetensors"), "a.b/c.d.meta.json");
  EXPECT_EQ(seed_metadata_path("a/b"), "a/b.meta.json");
}

TEST_F(SeedLayout, BothFilesComeBack) {
  for (const bool interactive : {false, true}) {
    const std::vector<Tensor> tensors = layout_of(interactive);
    ASSERT_TRUE(write_seed_layout(path_, tensors, metadata()).ok());
    const auto file = SafetensorsFile::open(path_, SafetensorsLimits::for_encodings());
    ASSERT_TRUE(file.ok()) << file.error().message;
    EXPECT_TRUE(file->verify_digest().ok());
    EXPECT_EQ(file->tensors().size(), tensors.size());
    for (const Tensor& tensor : tensors) {
      const Tensor* found = file->find(tensor.name);
      ASSERT_NE(found, nullptr) << tensor.name;
      EXPECT_EQ(found->shape, tensor.shape);
      EXPECT_EQ(found->dtype, tensor.dtype);
      EXPECT_EQ(text_of(found->data), text_of(tensor.data)) << tensor.name;
    }
    std::ifstream text(folder_ / "7f0c9a4e.meta.json");
    const nlohmann::json json = nlohmann::json::parse(text);
    EXPECT_EQ(json.size(), 3u);
    EXPECT_EQ(json["original_height"], 427);
    EXPECT_EQ(json["original_width"], 640);
    EXPECT_EQ(json["created_at"], "2025-01-31T23:59:59Z");
  }
}

TEST_F(SeedLayout, WhatIsNotTheLayoutIsRefusedAndNothingIsWritten) {
  const auto refusal = [&](const std::vector<Tensor>& tensors) {
    const Status status = write_seed_layout(path_, tensors, metadata());
    if (status.ok()) return std::string("accepted");
    EXPECT_EQ(status.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(status.error().message.find(path_.string()), std::string::npos);
    return status.error().message;
  };
  std::vector<Tensor> tensors = layout_of(false);
  tensors.erase(tensors.begin() + 3);
  EXPECT_NE(refusal(tensors).find("there is no tensor backbone_fpn_3"), std::string::npos);
  tensors = layout_of(true);
  tensors.pop_back();
  EXPECT_NE(refusal(tensors).find("there is no tensor sam2_vision_pos_enc_3"), std::string::npos);
  tensors = layout_of(false);
  tensors.push_back(tensor_of("trunk", {1}));
  EXPECT_NE(refusal(tensors).find("the layout has no tensor \"trunk\""), std::string::npos);
  tensors.back() = tensors.front();
  EXPECT_NE(refusal(tensors).find("backbone_fpn_0"), std::string::npos);
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_FALSE(fs::exists(seed_metadata_path(path_)));
}

TEST_F(SeedLayout, APlaceThatCannotBeWrittenToIsAnError) {
  fs::create_directories(folder_);
  std::ofstream(folder_ / "file") << "in the way";
  EXPECT_FALSE(write_seed_layout(folder_ / "file" / "x.safetensors", layout_of(false), metadata()).ok());
  // The metadata cannot be published: then neither are the tensors.
  fs::create_directories(seed_metadata_path(path_) / "occupied");
  EXPECT_FALSE(write_seed_layout(path_, layout_of(false), metadata()).ok());
  EXPECT_FALSE(fs::exists(path_));
}

}  // namespace
}  // namespace samcache

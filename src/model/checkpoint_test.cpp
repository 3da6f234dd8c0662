#include "model/checkpoint.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <thread>

#include "model/fingerprint.h"
#include "tensors/pt_file.h"
#include "tensors/safetensors.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;

const fs::path kData = SAMCACHE_TEST_DATA;
const std::string kTrunk = "detector.backbone.vision_backbone.trunk.";

// A folder with the tiny config.json, to put checkpoints of all kinds into.
class CheckpointFiles : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("samcache-checkpoint-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    fs::copy(kData / "tiny_hf/config.json", folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::vector<Tensor> hf_tensors() const {
    return SafetensorsFile::open(kData / "tiny_hf/model.safetensors", SafetensorsLimits::for_checkpoints())
        .value()
        .tensors();
  }

  void write(const std::vector<Tensor>& tensors, const std::string& name = "model.safetensors") const {
    const Status written = write_safetensors(folder_ / name, tensors, {});
    ASSERT_TRUE(written.ok()) << written.error().message;
  }

  std::string open_error() const {
    const auto checkpoint = Checkpoint::open(folder_);
    EXPECT_TRUE(checkpoint.ok() || checkpoint.error().message.find('\n') == std::string::npos);
    return checkpoint.ok() ? "no error" : checkpoint.error().message;
  }

  fs::path folder_;
};

using Edit = std::function<void(std::vector<Tensor>&)>;

Tensor& named(std::vector<Tensor>& tensors, const std::string& name) {
  for (Tensor& tensor : tensors)
    if (tensor.name == name) return tensor;
  throw std::logic_error("no tensor " + name);
}

void drop(std::vector<Tensor>& tensors, const std::string& name) {
  std::erase_if(tensors, [&](const Tensor& tensor) { return tensor.name == name; });
}

bool same_bytes(const SharedBytes& a, const SharedBytes& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size()) == 0;
}

TEST_F(CheckpointFiles, BothNamingsHoldTheSameModel) {
  fs::copy(kData / "tiny_meta/sam3_tiny.pt", folder_ / "sam3.pt");
  const auto meta = Checkpoint::open(folder_);
  ASSERT_TRUE(meta.ok()) << meta.error().message;
  EXPECT_EQ(meta->naming(), Naming::kMeta);
  EXPECT_EQ(meta->tensor_count(), 623);
  EXPECT_TRUE(meta->missing_unused().empty());

  const auto hf = Checkpoint::open(kData / "tiny_hf");
  ASSERT_TRUE(hf.ok()) << hf.error().message;
  EXPECT_EQ(hf->naming(), Naming::kHuggingFace);
  EXPECT_EQ(hf->tensor_count(), 707);
  EXPECT_TRUE(hf->has_config_file());
  EXPECT_TRUE(hf->warnings().empty());
  EXPECT_EQ(hf->missing_unused().size(), 6u);  // the detector's point prompts
  EXPECT_EQ(hf->dtypes(), (std::map<DType, int>{{DType::kF32, 707}}));

  for (const WeightSpec& spec : hf->table()) {
    if (!spec.generated || spec.hf.empty()) continue;
    const auto a = meta->tensor(spec.name);
    const auto b = hf->tensor(spec.name);
    ASSERT_TRUE(a.ok()) << a.error().message;
    ASSERT_TRUE(b.ok()) << b.error().message;
    ASSERT_EQ(a->shape, spec.canonical_shape());
    ASSERT_EQ(b->shape, spec.canonical_shape());
    ASSERT_TRUE(same_bytes(a->data, b->data)) << spec.name;
  }
  EXPECT_EQ(model_fingerprint(*meta).value(), model_fingerprint(*hf).value());
}

TEST_F(CheckpointFiles, WholeTensorsAreMappedAndPiecesAreAssembled) {
  const auto hf = Checkpoint::open(kData / "tiny_hf");
  ASSERT_TRUE(hf.ok());
  const auto owner = hf->tensor(kTrunk + "ln_pre.weight").value().data.owner();
  EXPECT_EQ(hf->tensor(kTrunk + "pos_embed").value().data.owner(), owner);
  EXPECT_EQ(hf->tensor("tracker.sam_prompt_encoder.point_embeddings.2.weight").value().data.owner(), owner);
  const Tensor qkv = hf->tensor(kTrunk + "blocks.0.attn.qkv.weight").value();
  EXPECT_NE(qkv.data.owner(), owner);
  EXPECT_EQ(qkv.shape, (std::vector<std::int64_t>{192, 64}));
  EXPECT_EQ(hf->pieces(kTrunk + "blocks.0.attn.qkv.weight").value().spans.size(), 3u);
  const auto absent = hf->tensor("detector.geometry_encoder.points_pool_project.weight");
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(hf->tensor("no.such.tensor").ok());
}

TEST_F(CheckpointFiles, TensorsOutliveTheCheckpointAndThreadsShareIt) {
  std::optional<Tensor> kept;
  {
    const auto hf = Checkpoint::open(kData / "tiny_hf");
    ASSERT_TRUE(hf.ok());
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([copy = *hf] {
        for (const WeightSpec& spec : copy.table())
          if (spec.used_by_image_model) {
            EXPECT_TRUE(copy.tensor(spec.name).ok()) << spec.name;
          }
      });
    for (std::thread& thread : threads) thread.join();
    kept = hf->tensor(kTrunk + "ln_pre.weight").value();
  }
  float first = 0;
  std::memcpy(&first, kept->data.data(), sizeof first);
  EXPECT_GT(first, 0.8f);
}

TEST_F(CheckpointFiles, WhatDoesNotFitIsNamed) {
  const std::string layer = "detector_model.vision_encoder.backbone.layers.0.";
  const std::pair<Edit, std::vector<std::string>> cases[] = {
      {[&](auto& t) { drop(t, layer + "layer_norm1.weight"); }, {"1 tensor missing", layer + "layer_norm1.weight"}},
      {[&](auto& t) { drop(t, layer + "attention.k_proj.bias"); }, {"missing", layer + "attention.k_proj.bias"}},
      {[&](auto& t) { named(t, layer + "mlp.fc1.bias").name = "detector_model.mystery"; },
       {"1 tensor missing", layer + "mlp.fc1.bias", "1 tensor unknown", "detector_model.mystery"}},
      {[&](auto& t) {
         named(t, layer + "mlp.fc1.weight").shape = {64, 296};
       },
       {"of another shape", layer + "mlp.fc1.weight is F32 [64, 296], expected [296, 64]"}},
      {[&](auto& t) { named(t, layer + "mlp.fc1.bias").dtype = DType::kI32; }, {"mlp.fc1.bias is I32"}},
      {[&](auto& t) {
         named(t, "tracker_model.prompt_encoder.point_embed.weight").shape = {2, 64};
       },
       {"1 tensor of another shape", "point_embed.weight"}},
      {[&](auto& t) {
         Tensor& q = named(t, layer + "attention.q_proj.weight");
         q.dtype = DType::kBF16;
         q.data = q.data.slice(0, q.data.size() / 2);
       },
       {"unlike the projections beside it"}},
      {[&](auto& t) { std::erase_if(t, [](const Tensor& x) { return x.name.starts_with("tracker_neck."); }); },
       {"18 tensors missing", "tracker_neck.fpn_layers.0", ", …)"}},
      {[&](auto& t) {
         Tensor extra = named(t, layer + "mlp.fc1.bias");
         for (const char* name : {"z", "b", "c", "d\n\x01", "a"}) t.push_back((extra.name = name, extra));
       },
       {"5 tensors unknown (\"a\", \"b\", \"c\", …)"}},
  };
  for (const auto& [edit, expected] : cases) {
    std::vector<Tensor> tensors = hf_tensors();
    edit(tensors);
    write(tensors);
    const std::string message = open_error();
    EXPECT_NE(message.find("model.safetensors does not fit its config.json"), std::string::npos) << message;
    for (const std::string& part : expected)
      EXPECT_NE(message.find(part), std::string::npos) << part << "\n" << message;
  }
}

TEST_F(CheckpointFiles, UnusedTensorsMayBeMissing) {
  std::vector<Tensor> tensors = hf_tensors();
  std::erase_if(tensors, [](const Tensor& t) {
    return t.name.find("memory") != std::string::npos && t.name != "tracker_model.no_memory_embedding";
  });
  drop(tensors, "detector_model.text_encoder.text_projection.weight");
  drop(tensors, "tracker_model.shared_image_embedding.positional_embedding");
  write(tensors);
  const auto checkpoint = Checkpoint::open(folder_);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().message;
  EXPECT_GT(checkpoint->missing_unused().size(), 50u);
  EXPECT_EQ(model_fingerprint(*checkpoint).value(), model_fingerprint(*Checkpoint::open(kData / "tiny_hf")).value());
}

TEST_F(CheckpointFiles, AcceptsFusedProjectionsUnderHuggingFaceNames) {
  const auto reference = Checkpoint::open(kData / "tiny_hf");
  ASSERT_TRUE(reference.ok());
  for (const std::size_t spelling : {0, 1, 2}) {
    std::vector<Tensor> tensors = hf_tensors();
    for (const WeightSpec& spec : reference->table()) {
      if (spec.hf_fused_names.empty()) continue;
      for (const HfPiece& piece : spec.hf) drop(tensors, piece.name);
      Tensor fused = reference->tensor(spec.name).value();
      fused.name = spec.hf_fused_names[spelling];
      tensors.push_back(fused);
    }
    write(tensors);
    const auto checkpoint = Checkpoint::open(folder_);
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().message;
    EXPECT_EQ(model_fingerprint(*checkpoint).value(), model_fingerprint(*reference).value());
  }
}

TEST_F(CheckpointFiles, WarnsWhenTheTwoFourierMatricesDiffer) {
  std::vector<Tensor> tensors = hf_tensors();
  Tensor& copy = named(tensors, "tracker_model.shared_image_embedding.positional_embedding");
  copy.data = SharedBytes::copy_of(std::vector<std::byte>(copy.data.size()));
  write(tensors);
  const auto checkpoint = Checkpoint::open(folder_);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().message;
  ASSERT_EQ(checkpoint->warnings().size(), 1u);
  EXPECT_NE(checkpoint->warnings()[0].find("differs"), std::string::npos);
}

TEST_F(CheckpointFiles, OtherModelsAreRefusedInOneLine) {
  const std::vector<float> zeros(64);
  const Tensor conv{"conv1.weight", DType::kF32, {64}, SharedBytes::copy_of(bytes_of(zeros))};
  write({conv});
  EXPECT_NE(open_error().find("is not a SAM 3 checkpoint: none of its 1 tensors"), std::string::npos) << open_error();
  EXPECT_NE(open_error().find("conv1.weight"), std::string::npos);
  write({});
  EXPECT_NE(open_error().find("is not a SAM 3 checkpoint"), std::string::npos) << open_error();
}

TEST_F(CheckpointFiles, WithoutAConfigTheReleasedSizesAreAssumed) {
  fs::remove(folder_ / "config.json");
  write(hf_tensors());
  EXPECT_NE(open_error().find("there is no config.json beside it"), std::string::npos) << open_error();
}

TEST_F(CheckpointFiles, TruncatedAndAbsentFilesAreErrors) {
  write(hf_tensors());
  fs::resize_file(folder_ / "model.safetensors", 5'000'000);
  EXPECT_NE(open_error().find("model.safetensors"), std::string::npos);
  EXPECT_NE(open_error(), "no error");
  fs::remove(folder_ / "model.safetensors");
  EXPECT_NE(open_error().find("looked for model.safetensors"), std::string::npos) << open_error();
  EXPECT_EQ(Checkpoint::open(folder_ / "nothing").error().code, ErrorCode::kNotFound);
  fs::copy(kData / "tiny_meta/sam3_tiny.pt", folder_ / "a.pt");
  EXPECT_EQ(open_error(), "no error");
  fs::copy(kData / "tiny_meta/sam3_tiny.pt", folder_ / "b.pt");
  EXPECT_NE(open_error().find("several .pt files"), std::string::npos) << open_error();
  EXPECT_TRUE(Checkpoint::open(folder_ / "b.pt").ok());
}

TEST_F(CheckpointFiles, ABrokenConfigIsAnErrorAndNotSkipped) {
  write(hf_tensors());
  std::ofstream(folder_ / "config.json") << "{\"model_type\": \"resnet\"}";
  EXPECT_NE(open_error().find("not a SAM 3 model"), std::string::npos) << open_error();
}

TEST_F(CheckpointFiles, ReadsShards) {
  std::vector<Tensor> all = hf_tensors();
  const std::vector<Tensor> first(all.begin(), all.begin() + 300);
  const std::vector<Tensor> second(all.begin() + 300, all.end());
  write(first, "model-00001-of-00002.safetensors");
  write(second, "model-00002-of-00002.safetensors");
  const auto index = [&](const std::function<std::string(std::size_t)>& shard_of) {
    std::ofstream file(folder_ / "model.safetensors.index.json");
    file << "{\"weight_map\": {";
    for (std::size_t i = 0; i < all.size(); ++i)
      file << (i > 0 ? "," : "") << '"' << all[i].name << "\": \"" << shard_of(i) << '"';
    file << "}}";
  };
  index(
      [](std::size_t i) { return i < 300 ? "model-00001-of-00002.safetensors" : "model-00002-of-00002.safetensors"; });
  const auto checkpoint = Checkpoint::open(folder_);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().message;
  EXPECT_EQ(checkpoint->source_files().size(), 2u);
  EXPECT_EQ(checkpoint->tensor_count(), 707);
  EXPECT_EQ(model_fingerprint(*checkpoint).value(), model_fingerprint(*Checkpoint::open(kData / "tiny_hf")).value());

  index([](std::size_t) { return "model-00001-of-00002.safetensors"; });
  EXPECT_NE(open_error().find("promises"), std::string::npos) << open_error();
  index([](std::size_t) { return "../model.safetensors"; });
  EXPECT_NE(open_error().find("not a file beside it"), std::string::npos) << open_error();
  std::ofstream(folder_ / "model.safetensors.index.json") << "[]";
  EXPECT_NE(open_error().find("weight_map"), std::string::npos) << open_error();
  write(first, "model-00002-of-00002.safetensors");
  index(
      [](std::size_t i) { return i < 300 ? "model-00001-of-00002.safetensors" : "model-00002-of-00002.safetensors"; });
  EXPECT_NE(open_error().find("two shards hold"), std::string::npos) << open_error();
}

TEST_F(CheckpointFiles, TheFingerprintFollowsEveryValueAndSize) {
  const std::string original = model_fingerprint(*Checkpoint::open(kData / "tiny_hf")).value();
  EXPECT_EQ(original.size(), 32u);
  EXPECT_EQ(original, model_fingerprint(*Checkpoint::open(kData / "tiny_hf"), 1).value());
  std::vector<Tensor> tensors = hf_tensors();
  Tensor& bias = named(tensors, "tracker_model.mask_decoder.conv_s1.bias");
  std::vector<std::byte> bytes(bias.data.data(), bias.data.data() + bias.data.size());
  bytes[0] ^= std::byte{1};
  bias.data = SharedBytes::copy_of(bytes);
  write(tensors);
  EXPECT_NE(model_fingerprint(*Checkpoint::open(folder_)).value(), original);

  write(hf_tensors());
  EXPECT_EQ(model_fingerprint(*Checkpoint::open(folder_)).value(), original);
  Sam3Config config = read_config((folder_ / "config.json").string()).value();
  config.vit.global_blocks = {1, 2};
  std::ofstream(folder_ / "config.json") << config.to_json();
  EXPECT_NE(model_fingerprint(*Checkpoint::open(folder_)).value(), original);
}

}  // namespace
}  // namespace samcache

#include "onnx/export.h"

#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include "base/atomic_file.h"
#include "base/mapped_file.h"
#include "model/fingerprint.h"
#include "model/preprocess.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;

const fs::path kTiny = fs::path(SAMCACHE_TEST_DATA) / "tiny_hf";

onnx::ModelProto parsed(ByteSpan bytes) {
  onnx::ModelProto model;
  EXPECT_TRUE(model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  return model;
}

// "float32[batch_size,3,168,168]"
std::string described(const onnx::ValueInfoProto& value) {
  const onnx::TypeProto::Tensor& tensor = value.type().tensor_type();
  const std::map<int, std::string> types = {{onnx::TensorProto::FLOAT, "float32"},
                                            {onnx::TensorProto::FLOAT16, "float16"},
                                            {onnx::TensorProto::INT64, "int64"}};
  std::string text = types.at(tensor.elem_type()) + "[";
  for (int i = 0; i < tensor.shape().dim_size(); ++i) {
    const auto& dim = tensor.shape().dim(i);
    text += (i > 0 ? "," : "") + (dim.has_dim_param() ? dim.dim_param() : std::to_string(dim.dim_value()));
  }
  return text + "]";
}

template <class Values>
std::map<std::string, std::string> described_all(const Values& values) {
  std::map<std::string, std::string> all;
  for (const onnx::ValueInfoProto& value : values) all[value.name()] = described(value);
  return all;
}

const onnx::TensorProto* find_initializer(const onnx::ModelProto& model, const std::string& name) {
  for (const onnx::TensorProto& tensor : model.graph().initializer()) {
    if (tensor.name() == name) return &tensor;
  }
  return nullptr;
}

class ExportOnnx : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("samcache-export-onnx-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    options_.fingerprint = "0123456789abcdef0123456789abcdef";
  }
  void TearDown() override { fs::remove_all(folder_); }

  onnx::ModelProto exported(OnnxPart part, DType dtype = DType::kF32) {
    options_.dtype = dtype;
    const Result<SharedBytes> bytes = onnx_bytes(checkpoint_, part, options_);
    EXPECT_TRUE(bytes.ok()) << bytes.error().message;
    return parsed(*bytes);
  }

  std::size_t files_in_folder() const {
    if (!fs::exists(folder_)) return 0;
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  Checkpoint checkpoint_ = Checkpoint::open(kTiny).value();
  OnnxExportOptions options_;
  fs::path folder_;
};

TEST_F(ExportOnnx, TheDecoderTakesAndAnswersWhatTheCommunitysDoes) {
  const onnx::ModelProto model = exported(OnnxPart::kPromptDecoder);
  const std::map<std::string, std::string> inputs = {
      {"input_points", "float32[batch_size,num_point_sets,num_points,2]"},
      {"input_labels", "int64[batch_size,num_label_sets,num_points]"},
      {"input_boxes", "float32[batch_size,num_boxes,4]"},
      {"image_embeddings.0", "float32[batch_size,4,48,48]"},
      {"image_embeddings.1", "float32[batch_size,8,24,24]"},
      {"image_embeddings.2", "float32[batch_size,32,12,12]"}};
  const std::map<std::string, std::string> outputs = {{"iou_scores", "float32[batch_size,num_objects,3]"},
                                                      {"pred_masks", "float32[batch_size,num_objects,3,48,48]"},
                                                      {"object_score_logits", "float32[batch_size,num_objects,1]"}};
  EXPECT_EQ(described_all(model.graph().input()), inputs);
  EXPECT_EQ(described_all(model.graph().output()), outputs);
  EXPECT_EQ(described_all(exported(OnnxPart::kVisionEncoder).graph().input())["pixel_values"],
            "float32[batch_size,3,168,168]");
}

TEST_F(ExportOnnx, Float16IsOfFeatureMapsAndNotOfPicturesPromptsAndAnswers) {
  const std::set<std::string> features = {"trunk",          "image_embeddings.0", "image_embeddings.1",
                                          "text_features",  "image_embeddings.2", "backbone_fpn_0",
                                          "backbone_fpn_1", "backbone_fpn_2"};
  for (const OnnxPart part : onnx_parts()) {
    const onnx::ModelProto model = exported(part, DType::kF16);
    auto values = described_all(model.graph().input());
    values.merge(described_all(model.graph().output()));
    for (const auto& [name, description] : values) {
      EXPECT_EQ(description.starts_with("float16"), features.contains(name)) << onnx_part_name(part) << " " << name;
    }
  }
}

TEST_F(ExportOnnx, EveryInitializerIsUsedAndEveryNodeIsNeeded) {
  for (const OnnxPart part : onnx_parts()) {
    for (const DType dtype : {DType::kF32, DType::kF16}) {
      const onnx::ModelProto model = exported(part, dtype);
      std::set<std::string> read;
      for (const onnx::NodeProto& node : model.graph().node()) read.insert(node.input().begin(), node.input().end());
      for (const onnx::ValueInfoProto& output : model.graph().output()) read.insert(output.name());
      for (const onnx::TensorProto& tensor : model.graph().initializer()) {
        EXPECT_TRUE(read.contains(tensor.name())) << onnx_part_name(part) << " " << tensor.name();
      }
      for (const onnx::NodeProto& node : model.graph().node()) {
        EXPECT_TRUE(read.contains(node.output(0))) << onnx_part_name(part) << " " << node.name();
      }
      for (const onnx::ValueInfoProto& input : model.graph().input()) {
        EXPECT_TRUE(read.contains(input.name())) << onnx_part_name(part) << " " << input.name();
      }
    }
  }
}

TEST_F(ExportOnnx, NodesAndWeightsAreCalledWhatTheyAreCalledInTheModel) {
  const onnx::ModelProto model = exported(OnnxPart::kPromptDecoder);
  std::set<std::string> nodes;
  for (const onnx::NodeProto& node : model.graph().node()) nodes.insert(node.name());
  EXPECT_TRUE(nodes.contains("md/layer1.queries"));
  EXPECT_TRUE(nodes.contains("tracker.sam_mask_decoder.transformer.layers.0.self_attn.q_proj/MatMul"));

  const std::string name = "tracker.sam_mask_decoder.transformer.layers.0.mlp.lin1.weight";
  const onnx::TensorProto* matrix = find_initializer(model, name + ".transposed");
  ASSERT_NE(matrix, nullptr);
  const Tensor stored = checkpoint_.tensor(name).value();
  ASSERT_EQ(stored.shape, (std::vector<std::int64_t>{matrix->dims(1), matrix->dims(0)}));
  const auto rows = static_cast<std::size_t>(stored.shape[0]), columns = static_cast<std::size_t>(stored.shape[1]);
  std::vector<float> ours(rows * columns), theirs(rows * columns);
  std::memcpy(ours.data(), matrix->raw_data().data(), matrix->raw_data().size());
  std::memcpy(theirs.data(), stored.data.data(), stored.data.size());
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      ASSERT_EQ(ours[column * rows + row], theirs[row * columns + column]);
    }
  }
}

TEST_F(ExportOnnx, TheFileSaysWhichModelItIsOf) {
  options_.model = "tiny";
  options_.fingerprint.clear();
  std::map<std::string, std::string> metadata;
  const onnx::ModelProto model = exported(OnnxPart::kNeck, DType::kF16);
  for (const auto& entry : model.metadata_props()) metadata[entry.key()] = entry.value();
  EXPECT_EQ(metadata["model"], "tiny");
  EXPECT_EQ(metadata["model_fingerprint"], model_fingerprint(checkpoint_).value());
  EXPECT_EQ(metadata["preprocess"], kPreprocessRevision);
  EXPECT_EQ(metadata["part"], "neck");
  EXPECT_EQ(metadata["dtype"], "fp16");
  EXPECT_EQ(metadata["image_size"], "168");
  EXPECT_EQ(model.opset_import(0).version(), 17);
  EXPECT_EQ(model.ir_version(), 8);
}

TEST_F(ExportOnnx, AFileHoldsTheSameBytesWhoeverAsksAndHoweverManyAtOnce) {
  const SharedBytes bytes = onnx_bytes(checkpoint_, OnnxPart::kConceptDecoder, options_).value();
  std::vector<fs::path> written(4);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < written.size(); ++i) {
    threads.emplace_back([&, i] {
      const fs::path folder = folder_ / std::to_string(i % 2);
      written[i] = export_onnx(checkpoint_, OnnxPart::kConceptDecoder, folder, options_).value().model;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const fs::path& path : written) {
    EXPECT_EQ(path.filename(), "concept_decoder.onnx");
    EXPECT_EQ(text_of(map_file(path).value()), text_of(bytes));
  }
}

TEST_F(ExportOnnx, ExternalDataIsThePagesOfASecondFile) {
  const onnx::ModelProto whole = exported(OnnxPart::kNeck);
  options_.external_data = true;
  const OnnxFiles files = export_onnx(checkpoint_, OnnxPart::kNeck, folder_, options_).value();
  EXPECT_EQ(files.data.filename(), "neck.onnx_data");
  EXPECT_EQ(files.model_bytes, fs::file_size(files.model));
  EXPECT_EQ(files.data_bytes, fs::file_size(files.data));
  const SharedBytes data = map_file(files.data).value();
  const onnx::ModelProto model = parsed(map_file(files.model).value());
  ASSERT_EQ(model.graph().initializer_size(), whole.graph().initializer_size());
  int outside = 0;
  for (const onnx::TensorProto& tensor : model.graph().initializer()) {
    const onnx::TensorProto* same = find_initializer(whole, tensor.name());
    ASSERT_NE(same, nullptr) << tensor.name();
    if (tensor.data_location() != onnx::TensorProto::EXTERNAL) {
      EXPECT_EQ(tensor.raw_data(), same->raw_data()) << tensor.name();
      continue;
    }
    ++outside;
    std::map<std::string, std::string> where;
    for (const auto& entry : tensor.external_data()) where[entry.key()] = entry.value();
    EXPECT_EQ(where["location"], "neck.onnx_data");
    const std::size_t offset = std::stoul(where["offset"]);
    EXPECT_EQ(offset % 4096, 0u);
    EXPECT_EQ(text_of(data.slice(offset, std::stoul(where["length"]))), same->raw_data()) << tensor.name();
  }
  EXPECT_GT(outside, 0);
}

TEST_F(ExportOnnx, WhatIsTooLargeForOneMessageGoesIntoTwoFiles) {
  options_.max_inline_bytes = 100'000;
  const OnnxFiles files = export_onnx(checkpoint_, OnnxPart::kNeck, folder_, options_).value();
  EXPECT_TRUE(fs::exists(files.data));
  EXPECT_LT(files.model_bytes, 100'000u);
  const Result<SharedBytes> bytes = onnx_bytes(checkpoint_, OnnxPart::kNeck, options_);
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().code, ErrorCode::kTooLarge);
  EXPECT_NE(bytes.error().message.find("neck"), std::string::npos);
}

TEST_F(ExportOnnx, AnUnknownPartIsAnErrorThatNamesThoseThereAre) {
  for (const OnnxPart part : onnx_parts()) EXPECT_EQ(parse_onnx_part(onnx_part_name(part)).value(), part);
  for (const char* name : {"", "encoder", "neck ", "../neck", "NECK"}) {
    const Result<OnnxPart> part = parse_onnx_part(name);
    ASSERT_FALSE(part.ok()) << name;
    EXPECT_EQ(part.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(part.error().message.find("prompt_encoder_mask_decoder_with_mask"), std::string::npos);
  }
}

TEST_F(ExportOnnx, AFolderThatCannotBeIsAnError) {
  fs::create_directories(folder_);
  ASSERT_TRUE(write_file_atomically(folder_ / "file", bytes_of("x")).ok());
  const Result<OnnxFiles> files = export_onnx(checkpoint_, OnnxPart::kNeck, folder_ / "file/below", options_);
  ASSERT_FALSE(files.ok());
  EXPECT_NE(files.error().message.find((folder_ / "file").string()), std::string::npos);
  EXPECT_EQ(files_in_folder(), 1u);
}

TEST_F(ExportOnnx, GivingUpLeavesNothingBehind) {
  for (const bool external : {false, true}) {
    options_.external_data = external;
    options_.progress = [](std::uint64_t done, std::uint64_t all) { return done * 2 < all; };
    const Result<OnnxFiles> files = export_onnx(checkpoint_, OnnxPart::kTrunk, folder_, options_);
    ASSERT_FALSE(files.ok());
    EXPECT_EQ(files.error().code, ErrorCode::kCancelled);
    EXPECT_EQ(files_in_folder(), 0u);
  }
}

TEST_F(ExportOnnx, WeightsThatFloat16CannotHoldAreAnErrorThatNamesOne) {
  const fs::path large = folder_ / "large";
  const auto values = [](const WeightSpec& spec, std::int64_t, std::span<float> out) {
    std::fill(out.begin(), out.end(), spec.name.ends_with("convs.0.conv_3x3.weight") ? 1e5f : 0.5f);
  };
  ASSERT_TRUE(write_checkpoint(checkpoint_.config(), large, {}, values).ok());
  const Checkpoint checkpoint = Checkpoint::open(large).value();
  EXPECT_TRUE(onnx_bytes(checkpoint, OnnxPart::kNeck, options_).ok());
  options_.dtype = DType::kF16;
  const Result<SharedBytes> bytes = onnx_bytes(checkpoint, OnnxPart::kNeck, options_);
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(bytes.error().message.find("sam2_convs.0.conv_3x3.weight"), std::string::npos) << bytes.error().message;
}

}  // namespace
}  // namespace samcache

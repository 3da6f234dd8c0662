#include "model/weights_table.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tensors/pt_file.h"
#include "tensors/safetensors.h"

namespace samcache {
namespace {

using Json = nlohmann::json;

const std::string kData = SAMCACHE_TEST_DATA;

// How the reference file spells an operation.
Json op_json(const HfPiece& piece) {
  switch (piece.op) {
    case HfPiece::Op::kSame: return "same";
    case HfPiece::Op::kRows: return {"rows", piece.index, piece.count};
    case HfPiece::Op::kDropFirst: return "drop_cls";
    case HfPiece::Op::kTranspose: return "t";
    case HfPiece::Op::kConcatRow: return {"cat", piece.index};
  }
  return nullptr;
}

TEST(WeightsTable, ReproducesTheReleasedCheckpointTensorForTensor) {
  std::ifstream file(kData + "/golden/full_tensors.json");
  const Json reference = Json::parse(file);
  const std::vector<WeightSpec> table = weights_table(Sam3Config::released());
  ASSERT_EQ(table.size(), 1465u);
  ASSERT_EQ(table.size(), reference["tensors"].size());
  std::set<std::string> hf_names;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const WeightSpec& spec = table[i];
    const Json& expected = reference["tensors"][i];
    ASSERT_EQ(spec.name, expected["meta"].get<std::string>());
    ASSERT_EQ(Json(spec.shape), expected["shape"]) << spec.name;
    ASSERT_EQ(spec.generated, expected["generated"]) << spec.name;
    ASSERT_EQ(spec.hf.size(), expected["hf"].size()) << spec.name;
    for (std::size_t j = 0; j < spec.hf.size(); ++j) {
      ASSERT_EQ(spec.hf[j].name, expected["hf"][j]["name"]) << spec.name;
      ASSERT_EQ(Json(spec.hf[j].shape), expected["hf"][j]["shape"]) << spec.name;
      ASSERT_EQ(op_json(spec.hf[j]), expected["hf"][j]["op"]) << spec.name;
      hf_names.insert(spec.hf[j].name);
    }
  }
  EXPECT_EQ(hf_names.size(), 1797u);
}

TEST(WeightsTable, FitsTheTinyCheckpointInBothNamings) {
  const auto config = read_config(kData + "/tiny_hf/config.json");
  ASSERT_TRUE(config.ok());
  std::map<std::string, std::vector<std::int64_t>> meta, hf;
  for (const WeightSpec& spec : weights_table(*config)) {
    meta[spec.name] = spec.shape;
    for (const HfPiece& piece : spec.hf) hf[piece.name] = piece.shape;
  }
  const auto pt = open_pt(kData + "/tiny_meta/sam3_tiny.pt");
  ASSERT_TRUE(pt.ok()) << pt.error().message;
  EXPECT_EQ(pt->size(), meta.size());
  for (const Tensor& t : *pt) EXPECT_EQ(meta[t.name], t.shape) << t.name;
  const auto safetensors =
      SafetensorsFile::open(kData + "/tiny_hf/model.safetensors", SafetensorsLimits::for_checkpoints());
  ASSERT_TRUE(safetensors.ok()) << safetensors.error().message;
  EXPECT_EQ(safetensors->tensors().size(), hf.size());
  for (const Tensor& t : safetensors->tensors()) EXPECT_EQ(hf[t.name], t.shape) << t.name;
}

TEST(WeightsTable, SaysWhatTheImageModelUses) {
  std::map<std::string, WeightSpec> table;
  for (const WeightSpec& spec : weights_table(Sam3Config::released())) table[spec.name] = spec;
  for (const char* used :
       {"tracker.no_mem_embed", "tracker.sam_mask_decoder.conv_s0.weight",
        "tracker.sam_prompt_encoder.pe_layer.positional_encoding_gaussian_matrix",
        "tracker.sam_mask_decoder.pred_obj_score_head.layers.2.bias",
        "detector.backbone.vision_backbone.sam2_convs.2.conv_3x3.weight",
        "detector.geometry_encoder.boxes_pool_project.weight",
        "detector.segmentation_head.pixel_decoder.conv_layers.1.weight",
        "detector.backbone.language_backbone.resizer.bias", "detector.dot_prod_scoring.hs_proj.weight"})
    EXPECT_TRUE(table.at(used).used_by_image_model) << used;
  for (const char* unused :
       {"tracker.maskmem_tpos_enc", "tracker.no_mem_pos_enc", "tracker.mask_downsample.weight",
        "tracker.transformer.encoder.layers.3.norm1.bias", "tracker.maskmem_backbone.out_proj.weight",
        "tracker.obj_ptr_proj.layers.2.bias", "tracker.obj_ptr_tpos_proj.weight",
        "detector.backbone.vision_backbone.convs.3.conv_1x1.bias",
        "detector.backbone.vision_backbone.trunk.blocks.7.attn.freqs_cis",
        "detector.backbone.language_backbone.encoder.text_projection",
        "detector.segmentation_head.pixel_decoder.norms.2.weight",
        "detector.segmentation_head.semantic_seg_head.weight", "detector.geometry_encoder.points_pool_project.bias"})
    EXPECT_FALSE(table.at(unused).used_by_image_model) << unused;
  for (const auto& [name, spec] : table) {
    const bool may_be_used = name.find("convs.3.") != std::string::npos ||
                             name.find("detector.geometry_encoder.points_") != std::string::npos;
    EXPECT_EQ(spec.optional, may_be_used) << name;
  }
  const WeightSpec& positions = table.at("detector.backbone.vision_backbone.trunk.pos_embed");
  EXPECT_EQ(positions.canonical_shape(), (std::vector<std::int64_t>{1, 576, 1024}));
  EXPECT_EQ(table.at("tracker.no_mem_embed").canonical_shape(), (std::vector<std::int64_t>{1, 1, 256}));
}

}  // namespace
}  // namespace samcache

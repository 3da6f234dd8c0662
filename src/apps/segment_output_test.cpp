#include "apps/segment_output.h"

#include <gtest/gtest.h>
#include <stdlib.h>  // mkdtemp

#include "apps/test_mask.h"
#include "base/mapped_file.h"
#include "image/decode.h"

namespace samcache {
namespace {

using Json = nlohmann::ordered_json;

class SegmentOutputTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/output-XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    source_.encoding.metadata.original_width = 8;
    source_.encoding.metadata.original_height = 6;
    source_.pixels = RgbImage{8, 6, std::vector<std::uint8_t>(8 * 6 * 3, 100)};
    source_.name = "photo";
    source_.file_name = "photo.jpg";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // What is printed for one mask for each label, in as many colours.
  std::string printed(const OutputOptions& options, const std::vector<std::string>& texts,
                      const std::vector<std::string>& labels) {
    testing::internal::CaptureStdout();
    SegmentOutput output(options, source_, texts);
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const FoundMask found{.label = labels[i], .score = 0.5F, .box = {1, 2, 4, 5.5F}};
      EXPECT_TRUE(output.add(found, square(), {.colour = i, .box = true}));
    }
    output.show_prompt(ConceptPrompt{.text = {}, .boxes = {{{0, 0, 3, 3}, false}}, .points = {{5, 5, true}}});
    EXPECT_TRUE(output.finish());
    return testing::internal::GetCapturedStdout();
  }

  std::string folder_;
  SegmentSource source_;
};

TEST_F(SegmentOutputTest, JsonNamesTheTextOfEveryMask) {
  const std::string text =
      printed({.formats = {MaskFormat::kRle}, .folder = {}, .json = true}, {"cat", "dog"}, {"cat", "dog", "dog"});
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  const Json json = Json::parse(text);
  EXPECT_EQ(json["labels"], Json({"cat", "dog", "dog"}));
  EXPECT_EQ(json["scores"], Json({0.5, 0.5, 0.5}));
  EXPECT_EQ(json["boxes"][2], Json({1.0, 2.0, 4.0, 5.5}));
  ASSERT_EQ(json["masks"].size(), 3U);
  EXPECT_TRUE(json["masks"][0].contains("counts"));
  EXPECT_FALSE(json.contains("files"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(SegmentOutputTest, JsonOfAnAnswerWithoutMasksHasEmptyLists) {
  const Json json = Json::parse(printed({.formats = {MaskFormat::kRle}, .folder = {}, .json = true}, {"unicorn"}, {}));
  for (const char* list : {"masks", "boxes", "scores", "labels"}) EXPECT_EQ(json[list], Json::array()) << list;
  const Json without_text = Json::parse(printed({.formats = {MaskFormat::kRle}, .folder = {}, .json = true}, {}, {}));
  EXPECT_FALSE(without_text.contains("labels"));
}

TEST_F(SegmentOutputTest, SeveralFormsOfAMaskAreAnObject) {
  const OutputOptions options{
      .formats = {MaskFormat::kRle, MaskFormat::kCoco, MaskFormat::kPolygon}, .folder = folder_, .json = true};
  const Json mask = Json::parse(printed(options, {}, {""}))["masks"][0];
  EXPECT_EQ(mask.size(), 2U);
  EXPECT_TRUE(mask.contains("rle") && mask.contains("polygon"));
}

TEST_F(SegmentOutputTest, WritesEveryFormatInItsFiles) {
  const OutputOptions options{
      .formats = {MaskFormat::kPng, MaskFormat::kRle, MaskFormat::kPolygon, MaskFormat::kOverlay, MaskFormat::kCoco},
      .folder = folder_,
      .json = false};
  const std::string summary = printed(options, {"cat"}, {"cat", "cat"});
  for (const char* file : {"photo.mask0.png", "photo.mask0.rle.json", "photo.mask1.polygon.json", "photo.overlay.png",
                           "photo.coco.json"}) {
    EXPECT_TRUE(std::filesystem::exists(folder_ + "/" + file)) << file;
    EXPECT_NE(summary.find(file), std::string::npos) << summary;
  }
  const auto overlay = read_file(folder_ + "/photo.overlay.png", 1 << 20);
  ASSERT_TRUE(overlay);
  const auto drawn = decode_image(overlay->span(), "overlay");
  ASSERT_TRUE(drawn);
  EXPECT_EQ(drawn->rgb.width, 8);
  EXPECT_NE(drawn->rgb.pixels, source_.pixels->pixels);
  const auto coco = read_file(folder_ + "/photo.coco.json", 1 << 20);
  ASSERT_TRUE(coco);
  const Json document = Json::parse(text_of(coco->span()));
  EXPECT_EQ(document["annotations"].size(), 2U);
  EXPECT_EQ(document["images"][0]["file_name"], "photo.jpg");
}

TEST_F(SegmentOutputTest, CocoListsTextsThatFoundNothing) {
  printed({.formats = {MaskFormat::kCoco}, .folder = folder_, .json = false}, {"cat", "unicorn"}, {"cat"});
  const auto coco = read_file(folder_ + "/photo.coco.json", 1 << 20);
  ASSERT_TRUE(coco);
  EXPECT_EQ(Json::parse(text_of(coco->span()))["categories"][1]["name"], "unicorn");
}

TEST_F(SegmentOutputTest, ThePeoplesSummaryKeepsHostileLabelsOnTheirLine) {
  const std::string summary =
      printed({.formats = {MaskFormat::kPng}, .folder = folder_, .json = false}, {}, {"a\nb\x1b[2J"});
  EXPECT_NE(summary.find("mask 0: a b [2J, score 0.5, 9 pixels, box 1,2,4,5.5\n"), std::string::npos) << summary;
  EXPECT_NE(printed({.formats = {MaskFormat::kPng}, .folder = folder_, .json = false}, {"x"}, {}).find("nothing found"),
            std::string::npos);
}

TEST_F(SegmentOutputTest, AFolderThatCannotBeWrittenIsAnError) {
  const OutputOptions options{.formats = {MaskFormat::kPng}, .folder = "/dev/null/below", .json = true};
  SegmentOutput output(options, source_, {});
  EXPECT_FALSE(output.add({}, square(), {}));
}

TEST(ChooseFormats, DependsOnWhatCanBeMade) {
  const OutputOptions people;
  const OutputOptions json{.formats = {}, .folder = {}, .json = true};
  const OutputOptions json_and_files{.formats = {}, .folder = "out", .json = true};
  EXPECT_EQ(*choose_formats("", people, true), std::vector{MaskFormat::kOverlay});
  EXPECT_EQ(*choose_formats("", people, false), std::vector{MaskFormat::kPng});
  EXPECT_EQ(*choose_formats("", json, true), std::vector{MaskFormat::kRle});
  EXPECT_EQ(*choose_formats("coco", people, false), std::vector{MaskFormat::kCoco});
  EXPECT_TRUE(choose_formats("rle,coco,overlay", json_and_files, true));
  for (const char* files : {"overlay", "rle,coco"}) {
    const auto formats = choose_formats(files, json, true);
    ASSERT_FALSE(formats) << files;
    EXPECT_NE(formats.error().message.find("--out"), std::string::npos);
  }
}

}  // namespace
}  // namespace samcache

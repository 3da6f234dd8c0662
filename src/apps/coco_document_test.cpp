#include "apps/coco_document.h"

#include <gtest/gtest.h>

#include <limits>

#include "apps/test_mask.h"
#include "image/mask_codec.h"

namespace samcache {
namespace {

using Json = nlohmann::ordered_json;

TEST(CocoDocument, HoldsWhatReadersOfAnnotationsLookFor) {
  CocoDocument document("photo.jpg", 8, 6);
  document.add({.label = "cat", .score = 0.75F, .box = {1, 2, 4, 5}}, square());
  const Json json = Json::parse(document.text());
  EXPECT_EQ(json["images"], Json::parse(R"([{"id": 1, "file_name": "photo.jpg", "width": 8, "height": 6}])"));
  EXPECT_EQ(json["categories"], Json::parse(R"([{"id": 1, "name": "cat"}])"));
  ASSERT_EQ(json["annotations"].size(), 1U);
  const Json& annotation = json["annotations"][0];
  EXPECT_EQ(annotation["id"], 1);
  EXPECT_EQ(annotation["image_id"], 1);
  EXPECT_EQ(annotation["category_id"], 1);
  EXPECT_EQ(annotation["area"], 9);
  EXPECT_EQ(annotation["iscrowd"], 0);
  EXPECT_EQ(annotation["score"], 0.75);
  EXPECT_EQ(annotation["bbox"], Json({1.0, 2.0, 3.0, 3.0}));
  EXPECT_EQ(annotation["segmentation"]["size"], Json({6, 8}));
  const CocoRle rle{.height = 6, .width = 8, .counts = annotation["segmentation"]["counts"]};
  EXPECT_EQ(mask_from_rle(rle)->pixels, square().pixels);
}

TEST(CocoDocument, NamesCategoriesByTextAndOnceEach) {
  CocoDocument document("photo.jpg", 8, 6);
  document.category("found nowhere");
  document.add({.label = "cat"}, square());
  document.add({.label = "dog"}, square());
  document.add({.label = "cat"}, square());
  document.add({}, square());
  const Json json = Json::parse(document.text());
  std::vector<std::string> names;
  for (const Json& category : json["categories"]) names.push_back(category["name"]);
  EXPECT_EQ(names, (std::vector<std::string>{"found nowhere", "cat", "dog", "visual"}));
  std::vector<int> used;
  for (const Json& annotation : json["annotations"]) used.push_back(annotation["category_id"]);
  EXPECT_EQ(used, (std::vector{2, 3, 2, 4}));
  EXPECT_EQ(json["annotations"][3]["id"], 4);
}

TEST(CocoDocument, ClipsBoxesToThePicture) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  CocoDocument document("photo.jpg", 8, 6);
  document.add({.box = {-2.5F, -1, 9, 3}}, square());
  document.add({.box = {20, 20, 30, 30}}, square());
  document.add({.box = {nan, -inf, inf, nan}}, square());
  const Json json = Json::parse(document.text());
  EXPECT_EQ(json["annotations"][0]["bbox"], Json({0.0, 0.0, 8.0, 3.0}));
  EXPECT_EQ(json["annotations"][1]["bbox"], Json({8.0, 6.0, 0.0, 0.0}));
  EXPECT_EQ(json["annotations"][2]["bbox"], Json({0.0, 0.0, 8.0, 0.0}));
}

TEST(CocoDocument, IsValidWithoutMasksAndWithHostileNames) {
  CocoDocument document("\xFF\"\n.jpg", 8, 6);
  const Json json = Json::parse(document.text(), nullptr, false);
  ASSERT_TRUE(json.is_object());
  EXPECT_EQ(json["annotations"], Json::array());
  EXPECT_EQ(json["categories"], Json::array());
  EXPECT_EQ(document.text().find('\n'), document.text().size() - 1);
}

TEST(CocoDocument, AMaskOfAnotherSizeIsAProgrammersError) {
  CocoDocument document("photo.jpg", 6, 8);
  EXPECT_THROW(document.add({}, square()), std::logic_error);
}

}  // namespace
}  // namespace samcache

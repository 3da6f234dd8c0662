#include "store/object_name.h"

#include <gtest/gtest.h>

namespace samcache {
namespace {

constexpr const char* kModel = "0123456789abcdef0123456789abcdef";
constexpr const char* kImage = "3f2a9c10-1111-8222-8333-444455556666";

TEST(ObjectName, TakesNamesThatAreSafeEverywhere) {
  for (const char* name : {"a", "a/b", "originals/3f2a9c10.jpg", "x-1_2.y/z", "1/2/3/4/5/6"}) {
    EXPECT_TRUE(check_object_name(name)) << name;
  }
  EXPECT_TRUE(check_object_name(std::string(100, 'a')));
}

TEST(ObjectName, RefusesWhatCouldLeaveTheStoreOrNeedEscaping) {
  for (const std::string& name :
       {std::string(), std::string("/a"), std::string("a/"), std::string("a//b"), std::string(".."),
        std::string("a/../b"), std::string(".hidden"), std::string("a/.b"), std::string("A"), std::string("a b"),
        std::string("a%2f"), std::string("a\\b"), std::string("a\0b", 3), std::string("ä"), std::string(101, 'a'),
        std::string("1/2/3/4/5/6/7"), std::string("a\n")}) {
    const Status status = check_object_name(name);
    ASSERT_FALSE(status) << name;
    EXPECT_EQ(status.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(ObjectName, PrefixesMayEndAnywhere) {
  for (const char* prefix : {"", "a", "a/", "a/b", "encodings/0123"}) EXPECT_TRUE(check_name_prefix(prefix)) << prefix;
  for (const char* prefix : {"/", "../", "a//", "A", ".a", "a/."}) EXPECT_FALSE(check_name_prefix(prefix)) << prefix;
}

TEST(EncodingName, FollowsTheDocumentedLayoutAndComesBack) {
  const EncodingKey key{kModel, kImage, "trunk"};
  const Result<std::string> name = encoding_name(key);
  ASSERT_TRUE(name);
  EXPECT_EQ(*name, "encodings/" + std::string(kModel) + "/" + kImage + ".trunk.safetensors");
  EXPECT_TRUE(check_object_name(*name));
  EXPECT_EQ(parse_encoding_name(*name), key);
}

TEST(EncodingName, RefusesKeysThatAreNone) {
  const std::string image = kImage;
  for (const EncodingKey& key : std::vector<EncodingKey>{
           {"..", image, "trunk"},
           {"../../etc", image, "trunk"},
           {"", image, "trunk"},
           {"ABCDEF0123456789", image, "trunk"},
           {kModel, "../../../../../../../../../../tmp/x", "trunk"},
           {kModel, image.substr(0, 35), "trunk"},
           {kModel, image + "0", "trunk"},
           {kModel, std::string(36, '-'), "trunk"},
           {kModel, image, "../trunk"},
           {kModel, image, ""},
           {kModel, image, std::string("a\0b", 3)},
       }) {
    const Result<std::string> name = encoding_name(key);
    ASSERT_FALSE(name) << *name;
    EXPECT_EQ(name.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(EncodingName, OtherNamesAreNoEncodings) {
  const std::string model = kModel;
  for (const std::string& name :
       {std::string("encodings/x"), "encodings/" + model + "/notes.txt", "encodings/" + model + "/" + kImage,
        "encodings/" + model + "/" + kImage + ".safetensors",
        "originals/" + model + "/" + kImage + ".trunk.safetensors", std::string("encodings/.safetensors"),
        std::string(".safetensors"), std::string("encodings/safetensors")}) {
    EXPECT_FALSE(parse_encoding_name(name)) << name;
  }
}

TEST(ImageIdPrefix, IsAUuidOrEnoughOfOne) {
  for (const char* text : {kImage, "3f2a9c10", "3F2A9C10-1111-8"}) EXPECT_TRUE(is_image_id_prefix(text)) << text;
  for (const char* text : {"3f2a9c1", "", "photo.jpg", "3f2a9c101111", "../3f2a9c10"}) {
    EXPECT_FALSE(is_image_id_prefix(text)) << text;
  }
}

}  // namespace
}  // namespace samcache

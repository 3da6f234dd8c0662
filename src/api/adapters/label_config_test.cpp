#include "api/adapters/label_config.h"

#include <gtest/gtest.h>

namespace samcache {
namespace {

// As Label Studio's own template for Segment Anything has it.
constexpr const char* kTemplate = R"(<View>
  <Image name="image" value="$image" zoom="true"/>
  <KeyPointLabels name="tag2" toName="image" smart="true"><Label value="Banana"/></KeyPointLabels>
  <View style="x"><BrushLabels name="tag" toName="image"><Label value="Banana"/></BrushLabels></View>
  <PolygonLabels name="tag4" toName="image"><Label value="Banana"/></PolygonLabels>
</View>)";

TEST(LabelConfig, MasksGoToTheBrush) {
  const LabelConfig config = parse_label_config(kTemplate).value();
  EXPECT_EQ(config.from_name, "tag");
  EXPECT_EQ(config.to_name, "image");
  EXPECT_EQ(config.image_field, "image");
  EXPECT_EQ(config.mask, LabelStudioMask::kBrush);
}

TEST(LabelConfig, WithoutABrushTheyAreSentAsPolygons) {
  const LabelConfig config = parse_label_config(R"(<View><Text name="t" value="$t"/><Image name="i" value="$photo"/>
      <BrushLabels name="other" toName="t"/><PolygonLabels name="p" toName="i"/></View>)")
                                 .value();
  EXPECT_EQ(config.from_name, "p");
  EXPECT_EQ(config.image_field, "photo");
  EXPECT_EQ(config.mask, LabelStudioMask::kPolygon);
}

TEST(LabelConfig, WhatHasNoPlaceForMasksIsRefused) {
  for (const char* xml : {"", "<View/>", "<View><Image name='i' value='$i'/></View>", "no XML", "<View>",
                          "<View><BrushLabels name='b' toName='i'/></View>",
                          "<View><Image name='i'/><BrushLabels name='b' toName='i'/></View>"}) {
    const Result<LabelConfig> config = parse_label_config(xml);
    ASSERT_FALSE(config) << xml;
    EXPECT_EQ(config.error().code, ErrorCode::kInvalidArgument) << xml;
  }
}

TEST(LabelConfig, HostileXmlDoesNoHarm) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  for (int i = 0; i < 100'000; ++i) deep += "</a>";
  EXPECT_FALSE(parse_label_config(deep));
  EXPECT_FALSE(parse_label_config(std::string(kMaxLabelConfigBytes + 1, ' ')));
  EXPECT_FALSE(parse_label_config(R"(<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><View>&e;</View>)"));
}

}  // namespace
}  // namespace samcache

#include "image/overlay.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <vector>

#include "image/test_masks.h"

namespace samcache {
namespace {

using Pixel = std::array<int, 3>;

RgbImage grey_image(int width, int height, std::uint8_t value) {
  return {width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width) * height * 3, value)};
}

Pixel pixel_at(const RgbImage& image, int x, int y) {
  const std::size_t at = (static_cast<std::size_t>(y) * image.width + x) * 3;
  return {image.pixels[at], image.pixels[at + 1], image.pixels[at + 2]};
}

Pixel colour(std::size_t index) {
  const auto c = overlay_colour(index);
  return {c[0], c[1], c[2]};
}

RgbImage draw_overlay(const RgbImage& image, const std::vector<OverlayItem>& items,
                      const std::vector<OverlayPoint>& points = {}) {
  OverlayPainter painter(image);
  for (const OverlayItem& item : items) painter.add(item);
  for (const OverlayPoint& point : points) painter.add_point(point);
  return painter.finish();
}

TEST(Overlay, ColoursAreDistinct) {
  std::set<std::array<std::uint8_t, 3>> colours;
  for (std::size_t i = 0; i < 60; ++i) colours.insert(overlay_colour(i));
  EXPECT_EQ(colours.size(), 60U);
}

TEST(Overlay, DimsTheImageTintsTheMaskAndOutlinesIt) {
  const RgbImage image = grey_image(60, 60, 100);
  const BinaryMask mask = rectangle_mask(60, 60, 20, 20, 40, 40);
  const std::vector<OverlayItem> items{{.mask = &mask}};
  const RgbImage drawn = draw_overlay(image, items);
  EXPECT_EQ(pixel_at(drawn, 5, 5), (Pixel{80, 80, 80}));
  const Pixel inside = pixel_at(drawn, 30, 30);
  for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(inside[c], (100 + colour(0)[c]) / 2.0, 1);
  // Two pixels of line, one on each side of the edge, then one of halo.
  EXPECT_EQ(pixel_at(drawn, 20, 30), colour(0));
  EXPECT_EQ(pixel_at(drawn, 19, 30), colour(0));
  EXPECT_EQ(pixel_at(drawn, 18, 30), (Pixel{32, 32, 32}));
  EXPECT_EQ(pixel_at(drawn, 40, 30), colour(0));
  EXPECT_EQ(pixel_at(drawn, 30, 39), colour(0));
}

TEST(Overlay, EveryItemHasItsOwnColour) {
  const BinaryMask left = rectangle_mask(60, 20, 0, 0, 20, 20);
  const BinaryMask right = rectangle_mask(60, 20, 40, 0, 60, 20);
  const std::vector<OverlayItem> items{{.mask = &left}, {.mask = &right}};
  const RgbImage drawn = draw_overlay(grey_image(60, 20, 0), items);
  EXPECT_EQ(pixel_at(drawn, 19, 10), colour(0));
  EXPECT_EQ(pixel_at(drawn, 40, 10), colour(1));
}

TEST(Overlay, DrawsPointsGreenAndRed) {
  const std::vector<OverlayPoint> points{{20.5F, 20.5F, true}, {60.5F, 20.5F, false}};
  const RgbImage drawn = draw_overlay(grey_image(80, 40, 200), {}, points);
  const Pixel positive = pixel_at(drawn, 20, 20);
  const Pixel negative = pixel_at(drawn, 60, 20);
  EXPECT_GT(positive[1], 2 * positive[0]);
  EXPECT_GT(negative[0], 2 * negative[1]);
  EXPECT_EQ(pixel_at(drawn, 26, 20), positive) << "the plus has a horizontal arm";
  EXPECT_EQ(pixel_at(drawn, 66, 26), negative) << "the cross has a diagonal arm";
}

TEST(Overlay, WritesLabelsWithoutAnyFontOnTheMachine) {
  const BinaryMask mask = rectangle_mask(300, 100, 50, 50, 90, 90);
  const std::vector<OverlayItem> with{{.mask = &mask, .label = "dog \xC3\xA9", .score = 0.914F}};
  const std::vector<OverlayItem> without{{.mask = &mask}};
  const RgbImage image = grey_image(300, 100, 90);
  const RgbImage a = draw_overlay(image, with);
  const RgbImage b = draw_overlay(image, without);
  // "dog é 0.91": 10 letters of 7 pixels over the mask's corner, black on blue or white on blue.
  std::set<Pixel> tag;
  for (int y = 36; y < 48; ++y) {
    for (int x = 52; x < 52 + 70; ++x) tag.insert(pixel_at(a, x, y));
  }
  EXPECT_EQ(tag.size(), 2U);
  EXPECT_EQ(tag.count(colour(0)), 1U);
  EXPECT_EQ(pixel_at(a, 130, 40), pixel_at(b, 130, 40)) << "the tag is no longer than its text";
}

TEST(Overlay, AColourCanBeShared) {
  const BinaryMask left = rectangle_mask(60, 20, 0, 0, 20, 20);
  const BinaryMask right = rectangle_mask(60, 20, 40, 0, 60, 20);
  const RgbImage drawn = draw_overlay(grey_image(60, 20, 0), {{.mask = &left, .colour = overlay_colour(3)},
                                                              {.mask = &right, .colour = overlay_colour(3)}});
  EXPECT_EQ(pixel_at(drawn, 19, 10), colour(3));
  EXPECT_EQ(pixel_at(drawn, 40, 10), colour(3));
}

TEST(Overlay, MasksGoOverOlderMasksAndUnderTheirOutlines) {
  const BinaryMask small = rectangle_mask(60, 60, 20, 20, 40, 40);
  const BinaryMask all = rectangle_mask(60, 60, 0, 0, 60, 60);
  const RgbImage image = grey_image(60, 60, 100);
  const RgbImage drawn = draw_overlay(image, {{.mask = &small}, {.mask = &all}});
  EXPECT_EQ(pixel_at(drawn, 20, 30), colour(0)) << "the outline of the first mask";
  EXPECT_EQ(pixel_at(drawn, 30, 30), pixel_at(draw_overlay(image, {{}, {.mask = &all}}), 30, 30));
}

TEST(Overlay, LabelsEndUpOverLaterMasksAndBoxes) {
  const BinaryMask mask = rectangle_mask(300, 100, 50, 50, 90, 90);
  const BinaryMask over_the_tag = rectangle_mask(300, 100, 40, 20, 140, 50);
  const OverlayItem labelled{.mask = &mask, .label = "dog"};
  const RgbImage image = grey_image(300, 100, 90);
  const RgbImage alone = draw_overlay(image, {labelled});
  const RgbImage crowded =
      draw_overlay(image, {labelled, {.mask = &over_the_tag, .box = std::array{45.0F, 25.0F, 80.0F, 45.0F}}});
  for (int x = 50; x < 50 + 3 * 7 + 4; ++x) EXPECT_EQ(pixel_at(crowded, x, 42), pixel_at(alone, x, 42)) << x;
}

TEST(Overlay, AMaskIsNotNeededOnceItIsAdded) {
  const RgbImage image = grey_image(60, 60, 100);
  const BinaryMask kept = rectangle_mask(60, 60, 20, 20, 40, 40);
  OverlayPainter painter(image);
  BinaryMask dropped = kept;
  painter.add({.mask = &dropped, .label = "x"});
  dropped = {};
  EXPECT_EQ(painter.finish().pixels, draw_overlay(image, {{.mask = &kept, .label = "x"}}).pixels);
}

TEST(Overlay, AFinishedPainterTakesNothingMore) {
  const RgbImage image = grey_image(6, 6, 100);
  OverlayPainter painter(image);
  painter.finish();
  EXPECT_THROW(painter.add({}), std::logic_error);
  EXPECT_THROW(painter.add_point({}), std::logic_error);
  EXPECT_THROW(painter.finish(), std::logic_error);
}

TEST(Overlay, HostileLabelsBoxesAndPointsStayInsideTheImage) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float huge = std::numeric_limits<float>::max();
  const BinaryMask mask = rectangle_mask(9, 7, 0, 0, 9, 7);
  std::vector<OverlayItem> items;
  for (const std::string& label : {std::string("\xFF\xC3"), std::string("\xF0\x9F\x90\xB6 dog"), std::string(5000, 'w'),
                                   std::string("a\0b\n", 4), std::string("\xE2\x82")}) {
    for (const auto& box : {std::array{-huge, -huge, huge, huge}, std::array{nan, nan, nan, nan},
                            std::array{5.0F, 5.0F, 1.0F, 1.0F}, std::array{100.0F, 100.0F, 200.0F, 200.0F}}) {
      items.push_back({.mask = &mask, .box = box, .label = label, .score = nan});
    }
  }
  const std::vector<OverlayPoint> points{{nan, 0, true}, {huge, -huge, false}, {-3, 2, true}, {1e9F, 1e9F, true}};
  for (const auto& [width, height] : {std::pair{9, 7}, std::pair{1, 1}, std::pair{400, 3}}) {
    const BinaryMask full = rectangle_mask(width, height, 0, 0, width, height);
    for (OverlayItem& item : items) item.mask = &full;
    const RgbImage drawn = draw_overlay(grey_image(width, height, 128), items, points);
    EXPECT_EQ(drawn.width, width);
    EXPECT_EQ(drawn.pixels.size(), static_cast<std::size_t>(width) * height * 3);
  }
}

TEST(Overlay, AMaskOfAnotherSizeIsAProgrammersError) {
  const BinaryMask mask = rectangle_mask(8, 8, 0, 0, 4, 4);
  const std::vector<OverlayItem> items{{.mask = &mask}};
  EXPECT_THROW(draw_overlay(grey_image(9, 8, 0), items), std::logic_error);
  EXPECT_THROW(draw_overlay({8, 8, {}}, items), std::logic_error);
}

}  // namespace
}  // namespace samcache

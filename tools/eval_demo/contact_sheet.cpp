#include "eval_demo/contact_sheet.h"

#include <algorithm>

#include "eval_demo/scene_input.h"
#include "eval_demo/scene_set.h"
#include "image/overlay.h"
#include "scenes/clicks.h"
#include "scenes/questions.h"

namespace samcache::eval {
namespace {

constexpr int kAcross = 4;
constexpr int kTile = 320;
constexpr int kGap = 6;

enum class Asked { kText, kExemplar, kClick, kBox };  // a row each

Status draw_concept(const Engine& engine, const Encoding& encoding, const ConceptPrompt& prompt,
                    OverlayPainter& painter) {
  const Result<std::shared_ptr<const ConceptImage>> image = engine.prepare_concepts(encoding);
  if (!image) return image.error();
  const Result<ConceptAnswer> answer = engine.segment(**image, prompt, {});
  if (!answer) return answer.error();
  for (std::size_t i = 0; i < answer->detections.size(); ++i) {
    const BinaryMask mask = answer->mask(i);
    painter.add({.mask = &mask, .label = prompt.text, .score = answer->detections[i].score});
  }
  for (const ConceptPrompt::Box& box : prompt.boxes) {
    painter.add({.box = box.corners, .colour = overlay_colour_of_sign(true)});
  }
  return {};
}

Status draw_object(const Engine& engine, const Encoding& encoding, const InteractivePrompt& prompt,
                   OverlayPainter& painter) {
  const Result<std::shared_ptr<const PreparedImage>> image = engine.prepare(encoding);
  if (!image) return image.error();
  const Result<InteractiveAnswer> answer = engine.segment(**image, prompt, {});
  if (!answer) return answer.error();
  painter.add({.mask = &answer->masks.at(0).mask});
  if (prompt.box) painter.add({.box = *prompt.box, .colour = overlay_colour_of_sign(true)});
  for (const PromptPoint& point : prompt.points) painter.add_point({point.x, point.y, point.positive});
  return {};
}

Result<RgbImage> tile(const Engine& engine, int number, Asked asked) {
  const scenes::Scene scene =
      scenes::make_scene(kSheetSeed + static_cast<std::uint64_t>(number), {.width = kTile, .height = kTile});
  const Result<Encoding> encoding = encode_scene(engine, scene.image);
  if (!encoding) return encoding.error();
  scenes::Random random(static_cast<std::uint64_t>(number));
  const scenes::SceneObject& object =
      scene.objects[static_cast<std::size_t>(random.pick(static_cast<int>(scene.objects.size())))];
  OverlayPainter painter(scene.image);
  Status drawn;
  switch (asked) {
    case Asked::kText:
      drawn = draw_concept(engine, *encoding, {.text = scenes::name_of(object, random).text}, painter);
      break;
    case Asked::kExemplar: drawn = draw_concept(engine, *encoding, {.boxes = {{box_of(object), true}}}, painter); break;
    case Asked::kClick: {
      const scenes::Click click = *scenes::central_click(object.mask);
      const PromptPoint point{static_cast<float>(click.x), static_cast<float>(click.y), true};
      drawn = draw_object(engine, *encoding, {.points = {point}}, painter);
      break;
    }
    case Asked::kBox: drawn = draw_object(engine, *encoding, {.box = box_of(object)}, painter); break;
  }
  if (!drawn) return drawn.error();
  return painter.finish();
}

void paste(const RgbImage& tile, int left, int top, RgbImage& sheet) {
  for (int y = 0; y < tile.height; ++y) {
    const auto from = tile.pixels.begin() + static_cast<std::ptrdiff_t>(y) * tile.width * 3;
    std::copy_n(from, tile.width * 3,
                sheet.pixels.begin() + (static_cast<std::ptrdiff_t>(top + y) * sheet.width + left) * 3);
  }
}

}  // namespace

Result<RgbImage> contact_sheet(const Engine& engine) {
  constexpr int kSide = kAcross * kTile + (kAcross - 1) * kGap;
  RgbImage sheet{kSide, kSide, std::vector<std::uint8_t>(static_cast<std::size_t>(kSide) * kSide * 3, 255)};
  int number = 0;
  int row = 0;
  for (const Asked asked : {Asked::kText, Asked::kExemplar, Asked::kClick, Asked::kBox}) {
    for (int column = 0; column < kAcross; ++column) {
      const Result<RgbImage> drawn = tile(engine, number++, asked);
      if (!drawn) return drawn.error();
      paste(*drawn, column * (kTile + kGap), row * (kTile + kGap), sheet);
    }
    ++row;
  }
  return sheet;
}

}  // namespace samcache::eval

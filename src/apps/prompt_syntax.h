// How prompts and output forms are spelt on the command line. Everything here fails with kInvalidArgument.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"

namespace samcache {

// "x,y" or "x,y,neg": pixels of the original picture, origin top left.
Result<InteractivePrompt::Point> parse_point(std::string_view text);

struct PromptBox {
  std::array<float, 4> corners{};  // x0, y0, x1, y1 in pixels; x0 < x1, y0 < y1
  bool positive = true;
};
// "x0,y0,x1,y1" or "x0,y0,x1,y1,neg"
Result<PromptBox> parse_box(std::string_view text);

// Whether the points and the box lie within a picture; its far edges count. Engine::segment checks the same: this one
// is for before the minute that an encode takes.
Status check_prompt_fits(const InteractivePrompt& prompt, int width, int height);

enum class MaskFormat { kRle, kPng, kPolygon, kOverlay };
const char* mask_format_name(MaskFormat format);
// "rle,png": at least one, each once.
Result<std::vector<MaskFormat>> parse_mask_formats(std::string_view comma_separated);

}  // namespace samcache

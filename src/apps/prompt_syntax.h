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
Result<PromptPoint> parse_point(std::string_view text);

// "x0,y0,x1,y1" or "x0,y0,x1,y1,neg"; with x0 < x1, y0 < y1.
Result<ConceptPrompt::Box> parse_box(std::string_view text);

// Whether the points and boxes lie within a picture; its far edges count. Engine::segment checks the same: these are
// for before the minute that an encode takes.
Status check_prompt_fits(const InteractivePrompt& prompt, int width, int height);
Status check_prompt_fits(const ConceptPrompt& prompt, int width, int height);

// The first three are forms of one mask, for a file or inside JSON; the others are one file for the whole answer.
enum class MaskFormat { kRle, kPng, kPolygon, kOverlay, kCoco };
const char* mask_format_name(MaskFormat format);
bool is_form_of_one_mask(MaskFormat format);
// "rle,png": at least one, each once.
Result<std::vector<MaskFormat>> parse_mask_formats(std::string_view comma_separated);

}  // namespace samcache

#include "apps/segment_answer.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "apps/mask_output.h"
#include "base/clock.h"

namespace samcache {
namespace {

using Json = nlohmann::ordered_json;

Result<Json> json_of_mask(const BinaryMask& mask, const std::vector<MaskFormat>& formats) {
  Json forms = Json::object();
  for (const MaskFormat format : formats) {
    if (format == MaskFormat::kOverlay) continue;
    Result<Json> json = json_from_mask(mask, format);
    if (!json) return json.error();
    forms[mask_format_name(format)] = std::move(*json);
  }
  if (forms.empty()) return Json();
  return forms.size() == 1 ? Json(*forms.begin()) : forms;
}

}  // namespace

Result<std::string> answer_json(const SegmentAnswer& answer, const std::vector<MaskFormat>& formats) {
  const Stopwatch stopwatch;
  Json document = {{"masks", Json::array()}, {"boxes", Json::array()}, {"scores", Json::array()}};
  for (const InteractiveMask& mask : answer.masks.masks) {
    Result<Json> json = json_of_mask(mask.mask, formats);
    if (!json) return json.error();
    document["masks"].push_back(std::move(*json));
    document["boxes"].push_back(box_of_mask(mask.mask));
    document["scores"].push_back(mask.predicted_iou);
  }
  const double load_ms = answer.timing.load_ms;
  const double prompt_ms = answer.timing.prompt_ms;
  const double mask_ms = stopwatch.elapsed_ms();
  document["latency_ms"] = load_ms + prompt_ms + mask_ms;
  document["timing"] = {{"load_ms", load_ms}, {"prompt_ms", prompt_ms}, {"mask_ms", mask_ms}};
  document["cache"] = answer.cache;
  for (const std::filesystem::path& file : answer.files) document["files"].push_back(file.string());
  // A file's name need not be UTF-8.
  return document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string answer_summary(const SegmentAnswer& answer) {
  std::ostringstream text;
  for (std::size_t i = 0; i < answer.masks.masks.size(); ++i) {
    const InteractiveMask& mask = answer.masks.masks[i];
    const std::array<int, 4> box = box_of_mask(mask.mask);
    text << "mask " << i << ": score " << mask.predicted_iou << ", "
         << std::count(mask.mask.pixels.begin(), mask.mask.pixels.end(), 1) << " pixels, box " << box[0] << ","
         << box[1] << "," << box[2] << "," << box[3] << "\n";
  }
  text << (answer.cache == "disk" ? "encoding loaded in " : "image encoded in ") << answer.timing.load_ms
       << " ms, answered in " << answer.timing.prompt_ms << " ms\n";
  for (const std::filesystem::path& file : answer.files) text << file.string() << "\n";
  return text.str();
}

}  // namespace samcache

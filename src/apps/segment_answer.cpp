#include "apps/segment_answer.h"

#include <algorithm>
#include <sstream>

#include "apps/console.h"

namespace samcache {

using Json = nlohmann::ordered_json;

JsonAnswer::JsonAnswer(std::vector<MaskFormat> formats, bool labelled)
    : formats_(std::move(formats)),
      document_({{"masks", Json::array()}, {"boxes", Json::array()}, {"scores", Json::array()}}) {
  std::erase_if(formats_, [](MaskFormat format) { return !is_form_of_one_mask(format); });
  if (labelled) document_["labels"] = Json::array();
}

Status JsonAnswer::add(const FoundMask& found, const BinaryMask& mask) {
  Json forms;
  for (const MaskFormat format : formats_) {
    Result<Json> form = json_from_mask(mask, format);
    if (!form) return form.error();
    if (formats_.size() == 1) {
      forms = std::move(*form);
    } else {
      forms[mask_format_name(format)] = std::move(*form);
    }
  }
  document_["masks"].push_back(std::move(forms));
  document_["boxes"].push_back(found.box);
  document_["scores"].push_back(found.score);
  if (document_.contains("labels")) document_["labels"].push_back(found.label);
  return {};
}

std::string JsonAnswer::finish(const AnswerSource& source) {
  const auto& [load_ms, prompt_ms, mask_ms] = source.timing;
  Json document = std::move(document_);
  document["latency_ms"] = load_ms + prompt_ms + mask_ms;
  document["timing"] = {{"load_ms", load_ms}, {"prompt_ms", prompt_ms}, {"mask_ms", mask_ms}};
  document["cache"] = source.cache;
  for (const std::filesystem::path& file : source.files) document["files"].push_back(file.string());
  // A file's name need not be UTF-8.
  return document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

void AnswerSummary::add(const FoundMask& found, const BinaryMask& mask) {
  std::ostringstream line;
  line << "mask " << masks_ << ": ";
  if (!found.label.empty()) line << one_line(found.label) << ", ";
  line << "score " << found.score << ", " << std::count(mask.pixels.begin(), mask.pixels.end(), 1) << " pixels, box "
       << found.box[0] << "," << found.box[1] << "," << found.box[2] << "," << found.box[3] << "\n";
  lines_ += line.str();
  ++masks_;
}

std::string AnswerSummary::text(const AnswerSource& source) const {
  std::ostringstream text;
  text << (masks_ == 0 ? "nothing found\n" : lines_);
  text << (source.cache == "encoded" ? "image encoded in " : "encoding loaded in ") << source.timing.load_ms
       << " ms, answered in " << source.timing.prompt_ms << " ms\n";
  for (const std::filesystem::path& file : source.files) text << file.string() << "\n";
  return text.str();
}

}  // namespace samcache

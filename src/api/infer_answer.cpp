#include "api/infer_answer.h"

#include <nlohmann/json.hpp>

#include "api/json/mask_json.h"
#include "image/mask_codec.h"

namespace samcache {
namespace {

using Json = nlohmann::ordered_json;

void append_element(std::string& list, const std::string& element) {
  if (!list.empty()) list += ',';
  list += element;
}

Result<std::string> text_of_form(const BinaryMask& mask, MaskForm form) {
  const Result<Json> json = json_from_mask(mask, form);
  if (!json) return json.error();
  return json->dump();
}

}  // namespace

Result<std::string> InferAnswer::form_of(const BinaryMask& mask) {
  switch (body_.mask_form) {
    case MaskAnswerForm::kRle: return text_of_form(mask, MaskForm::kRle);
    case MaskAnswerForm::kPng: return text_of_form(mask, MaskForm::kPng);
    case MaskAnswerForm::kPolygon: return text_of_form(mask, MaskForm::kPolygon);
    case MaskAnswerForm::kUrl: {
      Result<std::vector<std::byte>> png = png_from_mask(mask);
      if (!png) return png.error();
      const Result<std::string> name = links_.add(SharedBytes(std::move(*png)));
      if (!name) return name.error();
      // The image leads a proxy that hashes by it to this server, where the mask is.
      return "\"/api/v1/masks/" + *name + "?image=" + image_id_ + '"';
    }
    case MaskAnswerForm::kNone: break;
  }
  return std::string();
}

Status InferAnswer::add(const AnsweredMask& found, const BinaryMask& mask) {
  if (count_ >= body_.max_masks) return {};
  ++count_;
  if (body_.mask_form != MaskAnswerForm::kNone) {
    const Result<std::string> form = form_of(mask);
    if (!form) return form.error();
    append_element(masks_, *form);
  }
  append_element(boxes_, Json(found.box).dump());
  append_element(scores_, Json(found.score).dump());
  if (body_.return_logits) append_element(logits_, '"' + base64_of_logits(found.logits) + '"');
  if (masks_.size() + logits_.size() <= max_bytes_) return {};
  return Error{ErrorCode::kTooLarge, "the masks take more than " + std::to_string(max_bytes_) +
                                         " bytes: ask for fewer (max_masks) or as mask_format rle"};
}

std::string InferAnswer::finish(const PromptAnswer& answer) const {
  const auto& [load_ms, prompt_ms, mask_ms] = answer.timing;
  std::string text = "{\"masks\":[" + masks_ + "],\"boxes\":[" + boxes_ + "],\"scores\":[" + scores_ + ']';
  if (body_.return_logits) text += ",\"logits\":[" + logits_ + ']';
  const Json rest = {{"latency_ms", load_ms + prompt_ms + mask_ms},
                     {"timing", {{"load_ms", load_ms}, {"prompt_ms", prompt_ms}, {"mask_ms", mask_ms}}},
                     {"cache", answer.cache}};
  return text + ',' + rest.dump().substr(1);
}

}  // namespace samcache

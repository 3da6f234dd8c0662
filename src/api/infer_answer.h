// The answer to a prompt, written while masks come in one at a time; no pixel is kept.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "api/json/infer_body.h"
#include "api/mask_links.h"
#include "service/prompt_service.h"

namespace samcache {

class InferAnswer {
 public:
  // `links` keeps masks that are answered as URLs. More than `max_bytes` of text is kTooLarge.
  InferAnswer(std::string image_id, const InferBody& body, MaskLinks& links, std::size_t max_bytes)
      : image_id_(std::move(image_id)), body_(body), links_(links), max_bytes_(max_bytes) {}

  // A MaskSink. Masks past the body's max_masks are passed over.
  Status add(const AnsweredMask& found, const BinaryMask& mask);

  // {masks, boxes, scores, latency_ms, timing, cache}
  std::string finish(const PromptAnswer& answer) const;

 private:
  Result<std::string> form_of(const BinaryMask& mask);

  const std::string image_id_;
  const InferBody& body_;
  MaskLinks& links_;
  const std::size_t max_bytes_;
  std::size_t count_ = 0;
  std::string masks_, boxes_, scores_, logits_;  // what goes between the brackets
};

}  // namespace samcache

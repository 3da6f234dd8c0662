// Prompts on uploaded images.
//
// Coordinates are pixels of the upright image, origin top left. Masks are handed on one at a time: hundreds of masks of
// a large picture need no more memory than one.
//
// Thread-safe and blocking.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <variant>

#include "base/deadline.h"
#include "base/error.h"
#include "base/pixels.h"
#include "service/encoding_service.h"
#include "service/model_host.h"

namespace samcache {

struct InteractiveQuery {
  InteractivePrompt prompt;
  bool multimask = false;
};

struct ConceptQuery {
  ConceptPrompt prompt;
  ConceptOptions options;
};

using PromptRequest = std::variant<InteractiveQuery, ConceptQuery>;

struct AnsweredMask {
  float score = 0;
  std::array<float, 4> box{};     // x0, y0, x1, y1 in pixels; of a concept the model's, else the mask's own
  std::span<const float> logits;  // [4G, 4G]: a later prompt's mask_input; valid during the call
};
// An error ends the answer with it.
using MaskSink = std::function<Status(const AnsweredMask& found, const BinaryMask& mask)>;

struct PromptTiming {
  double load_ms = 0;    // until the image was ready for the prompt, encoding it included
  double prompt_ms = 0;  // waiting for the device, and the model
  double mask_ms = 0;    // enlarging masks, and what the sink did with them
};

struct PromptAnswer {
  PromptTiming timing;
  std::string cache;       // "device", "memory", "disk", "remote" or "encoded"
  float object_score = 0;  // interactive: logit, is there an object at all; concept: 0..1, is it in the picture
};

struct PromptWish {
  bool make = true;   // encode an image that is not; else kNotFound
  bool masks = true;  // false: of a concept boxes and scores alone, with empty masks
  Deadline deadline = Deadline::never();
};

class PromptService {
 public:
  PromptService(std::shared_ptr<EncodingService> encodings, std::shared_ptr<ModelHost> model);

  // kInvalidArgument: the prompt (outside the picture, empty, too much of anything); kUnavailable: the device or the
  // encode took too long; kUnsupported: not with this model.
  Result<PromptAnswer> answer(const ImageRecord& image, const PromptRequest& request, const PromptWish& wish,
                              const MaskSink& sink);

  // Makes the image ready for clicks and keeps it so for as long as the answer lives.
  Result<std::shared_ptr<const void>> keep_ready(const ImageRecord& image, Deadline deadline);

  // The side of a mask's logits, [side, side].
  int logits_side() const;

 private:
  // The image in the device tier, from its encoding if need be; `cache` says where that was.
  template <class Prepare>
  auto ready(const ImageRecord& image, Profile profile, const PromptWish& wish, std::string& cache,
             const Prepare& prepare) -> decltype(prepare({}, {}, std::declval<bool&>()));
  Result<std::shared_ptr<const PreparedImage>> for_clicks(const ImageRecord& image, const PromptWish& wish,
                                                          std::string& cache);
  Result<std::shared_ptr<const ConceptImage>> for_concepts(const ImageRecord& image, const PromptWish& wish,
                                                           std::string& cache);
  Result<PromptAnswer> answer_clicks(const ImageRecord& image, const InteractiveQuery& query, const PromptWish& wish,
                                     const MaskSink& sink);
  Result<PromptAnswer> answer_concept(const ImageRecord& image, const ConceptQuery& query, const PromptWish& wish,
                                      const MaskSink& sink);

  const std::shared_ptr<EncodingService> encodings_;
  const std::shared_ptr<ModelHost> model_;
};

}  // namespace samcache

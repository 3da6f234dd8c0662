#include "apps/segment_request.h"

#include <algorithm>
#include <set>

#include "apps/prompt_syntax.h"
#include "base/text.h"

namespace samcache {
namespace {

Error usage(const std::string& message) { return {ErrorCode::kInvalidArgument, message}; }

Result<bool> is_concept(const PromptArguments& arguments) {
  if (arguments.mode == "concept") return true;
  if (arguments.mode == "interactive") return false;
  if (!arguments.mode.empty()) {
    return usage("unknown mode " + in_quotes(arguments.mode) + ": use concept or interactive");
  }
  if (!arguments.texts.empty()) return true;
  return !arguments.boxes.empty() && arguments.points.empty() && arguments.mask.empty();
}

// Options that say nothing in the chosen mode are mistakes about what will happen.
Status check_options(const PromptArguments& arguments, bool concept_mode) {
  if (concept_mode) {
    if (!arguments.mask.empty()) {
      return usage("--mask starts from one object: it needs --mode interactive, and no --text");
    }
    if (arguments.multimask) {
      return usage("--multimask gives alternatives for one object: it needs --mode interactive, and no --text");
    }
    return {};
  }
  if (!arguments.texts.empty()) {
    return usage("--text names a concept: leave out --mode interactive, or leave out the text");
  }
  const char* concept_option = arguments.threshold ? "--threshold" : arguments.max_masks ? "--max-masks" : nullptr;
  if (concept_option == nullptr) return {};
  return usage(std::string(concept_option) +
               " chooses among the instances of a concept: it needs --text, boxes alone or --mode concept");
}

template <class Shape>
Result<std::vector<Shape>> parse_all(const std::vector<std::string>& texts, Result<Shape> (*parse)(std::string_view)) {
  std::vector<Shape> shapes;
  for (const std::string& text : texts) {
    const Result<Shape> shape = parse(text);
    if (!shape) return shape.error();
    shapes.push_back(*shape);
  }
  return shapes;
}

Status check_texts(const std::vector<std::string>& texts) {
  std::set<std::string_view> seen;
  for (const std::string& text : texts) {
    if (text.find_first_not_of(" \t\r\n\v\f") == std::string::npos) {
      return usage("an empty --text: say what to look for, or leave it out and give boxes");
    }
    if (!is_utf8(text)) return usage("the text " + in_quotes(text) + " is not UTF-8");
    if (text.size() > kMaxTextBytes) {
      return usage("the text " + in_quotes(text) + " has " + std::to_string(text.size()) +
                   " bytes: a concept is a short phrase, of at most " + std::to_string(kMaxTextBytes));
    }
    if (!seen.insert(text).second) return usage("the text " + in_quotes(text) + " is given twice");
  }
  return {};
}

// Something to look for must be left: a text, or an exemplar of it.
Status check_exemplars(const ConceptRequest& request) {
  const ConceptPrompt& exemplars = request.exemplars;
  const std::size_t count = exemplars.exemplar_count();
  if (count > kMaxExemplars) {
    return usage(std::to_string(count) + " exemplars are more than the " + std::to_string(kMaxExemplars) +
                 " boxes and points that a concept may have: leave some out");
  }
  if (!request.texts.empty()) return {};
  if (count == 0) return usage("nothing to look for: give --text or an exemplar --box x0,y0,x1,y1");
  if (exemplars.has_positive_exemplar()) return {};
  return usage("negative exemplars alone say only what not to look for: add --text or an exemplar without neg");
}

Result<SegmentRequest> concept_request(const PromptArguments& arguments) {
  ConceptRequest request;
  if (Status status = check_texts(arguments.texts); !status) return status.error();
  request.texts = arguments.texts;
  Result<std::vector<ConceptPrompt::Box>> boxes = parse_all(arguments.boxes, parse_box);
  if (!boxes) return boxes.error();
  request.exemplars.boxes = std::move(*boxes);
  Result<std::vector<PromptPoint>> points = parse_all(arguments.points, parse_point);
  if (!points) return points.error();
  request.exemplars.points = std::move(*points);
  if (Status status = check_exemplars(request); !status) return status.error();
  const double threshold = arguments.threshold.value_or(ConceptOptions().threshold);
  if (!(threshold >= 0 && threshold <= 1)) {
    return usage("--threshold " + std::to_string(threshold) + " is no score: give a number from 0 to 1");
  }
  request.options.threshold = static_cast<float>(threshold);
  request.options.max_detections = arguments.max_masks.value_or(kDefaultMaxMasks);
  if (request.options.max_detections < 0) return usage("--max-masks must be at least 1, or 0 for all");
  return SegmentRequest(std::move(request));
}

Result<SegmentRequest> interactive_request(const PromptArguments& arguments) {
  InteractiveRequest request;
  Result<std::vector<PromptPoint>> points = parse_all(arguments.points, parse_point);
  if (!points) return points.error();
  request.prompt.points = std::move(*points);
  const Result<std::vector<ConceptPrompt::Box>> boxes = parse_all(arguments.boxes, parse_box);
  if (!boxes) return boxes.error();
  if (boxes->size() > 1) {
    return usage("interactive mode takes one box, not " + std::to_string(boxes->size()) +
                 ": several are exemplars of a concept, add --mode concept");
  }
  if (!boxes->empty()) {
    if (!boxes->front().positive) {
      return usage("the box " + in_quotes(arguments.boxes.front()) +
                   " is negative: that makes sense for exemplars of a concept, add --mode concept");
    }
    request.prompt.box = boxes->front().corners;
  }
  request.mask_file = arguments.mask;
  request.multimask = arguments.multimask;
  if (request.prompt.points.empty() && !request.prompt.box && request.mask_file.empty()) {
    return usage("nothing to look for: give --text, --box x0,y0,x1,y1, --point x,y or --mask FILE");
  }
  return SegmentRequest(std::move(request));
}

}  // namespace

ConceptPrompt ConceptRequest::prompt(std::size_t index) const {
  ConceptPrompt prompt = exemplars;
  if (!texts.empty()) prompt.text = texts[index];
  return prompt;
}

Result<SegmentRequest> parse_segment_request(const PromptArguments& arguments) {
  const Result<bool> concept_mode = is_concept(arguments);
  if (!concept_mode) return concept_mode.error();
  if (Status status = check_options(arguments, *concept_mode); !status) return status.error();
  return *concept_mode ? concept_request(arguments) : interactive_request(arguments);
}

Status check_request_fits(const SegmentRequest& request, int width, int height) {
  if (const auto* one_object = std::get_if<InteractiveRequest>(&request)) {
    return check_prompt_fits(one_object->prompt, width, height);
  }
  return check_prompt_fits(std::get<ConceptRequest>(request).exemplars, width, height);
}

}  // namespace samcache

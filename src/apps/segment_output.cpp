#include "apps/segment_output.h"

#include <algorithm>

#include "apps/console.h"
#include "base/atomic_file.h"
#include "base/clock.h"
#include "image/encode.h"

namespace samcache {

Result<std::vector<MaskFormat>> choose_formats(const std::string& comma_separated, const OutputOptions& options,
                                               bool has_picture) {
  if (comma_separated.empty()) {
    if (options.json) return std::vector{MaskFormat::kRle};
    return std::vector{has_picture ? MaskFormat::kOverlay : MaskFormat::kPng};
  }
  Result<std::vector<MaskFormat>> formats = parse_mask_formats(comma_separated);
  if (!formats || !options.json || !options.folder.empty()) return formats;
  const auto file = std::find_if_not(formats->begin(), formats->end(), is_form_of_one_mask);
  if (file == formats->end()) return formats;
  return Error{ErrorCode::kInvalidArgument,
               std::string("the format ") + mask_format_name(*file) + " is a file: say where with --out DIR"};
}

SegmentOutput::SegmentOutput(OutputOptions options, const SegmentSource& source, const std::vector<std::string>& texts)
    : options_(std::move(options)), source_(source) {
  answer_.cache = source.cache;
  const auto wants = [&](MaskFormat format) {
    return std::find(options_.formats.begin(), options_.formats.end(), format) != options_.formats.end();
  };
  if (options_.json) json_.emplace(options_.formats, !texts.empty());
  if (wants(MaskFormat::kOverlay)) {
    check(source.pixels.has_value(), "SegmentOutput: an overlay without the picture");
    painter_.emplace(*source.pixels);
  }
  if (wants(MaskFormat::kCoco)) {
    const EncodingMetadata& metadata = source.encoding.metadata;
    coco_.emplace(source.file_name, metadata.original_width, metadata.original_height);
    for (const std::string& text : texts) coco_->category(text);
  }
}

Status SegmentOutput::add(const FoundMask& found, const BinaryMask& mask, const OverlayLook& look) {
  if (json_) {
    const Stopwatch stopwatch;
    if (Status added = json_->add(found, mask); !added) return added;
    answer_.timing.mask_ms += stopwatch.elapsed_ms();
  } else {
    summary_.add(found, mask);
  }
  if (!options_.json || !options_.folder.empty()) {
    for (const MaskFormat format : options_.formats) {
      if (!is_form_of_one_mask(format)) continue;
      const Result<std::filesystem::path> path = write_mask_file(mask, format, folder(), source_.name, masks_);
      if (!path) return path.error();
      answer_.files.push_back(*path);
    }
  }
  if (painter_) {
    OverlayItem item{.mask = &mask, .label = found.label, .score = found.score, .colour = overlay_colour(look.colour)};
    if (look.box) item.box = found.box;
    painter_->add(item);
  }
  if (coco_) coco_->add(found, mask);
  ++masks_;
  return {};
}

void SegmentOutput::show_prompt(const InteractivePrompt& prompt) {
  if (!painter_) return;
  if (prompt.box) painter_->add({.box = prompt.box});
  for (const InteractivePrompt::Point& point : prompt.points) {
    painter_->add_point({point.x, point.y, point.positive});
  }
}

void SegmentOutput::show_prompt(const ConceptPrompt& exemplars) {
  if (!painter_) return;
  for (const ConceptPrompt::Box& box : exemplars.boxes) {
    painter_->add({.box = box.corners, .colour = overlay_colour_of_sign(box.positive)});
  }
  for (const ConceptPrompt::Point& point : exemplars.points) {
    painter_->add_point({point.x, point.y, point.positive});
  }
}

std::filesystem::path SegmentOutput::folder() const { return options_.folder.empty() ? "." : options_.folder; }

Status SegmentOutput::write_answer_file(const char* ending, std::span<const std::byte> bytes) {
  const std::filesystem::path path = folder() / (source_.name + ending);
  if (Status written = write_file_atomically(path, bytes); !written) return written;
  answer_.files.push_back(path);
  return {};
}

Status SegmentOutput::finish() {
  if (painter_) {
    const Result<std::vector<std::byte>> png = encode_png(painter_->finish());
    if (!png) return png.error();
    if (Status written = write_answer_file(".overlay.png", *png); !written) return written;
  }
  if (coco_) {
    const std::string text = coco_->text();
    if (Status written = write_answer_file(".coco.json", bytes_of(text)); !written) return written;
  }
  return write_stdout(json_ ? json_->finish(answer_) : summary_.text(answer_));
}

}  // namespace samcache

// Where an answer goes: printed as JSON or for people, and into files.
//
// Takes masks one at a time, turns each into every form asked for and keeps no pixel of it, so that hundreds of masks
// of a large picture need no more memory than one. Used by one thread.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apps/coco_document.h"
#include "apps/segment_answer.h"
#include "apps/segment_source.h"
#include "image/overlay.h"

namespace samcache {

struct OutputOptions {
  std::vector<MaskFormat> formats;
  std::string folder;  // for files; empty: the current one, or with `json` no files at all
  bool json = false;   // print JSON instead of a summary
};

// What `comma_separated` says; if it is empty, rle for JSON, else an overlay, or png where there is no picture to draw
// on. kInvalidArgument: an unknown format, or one that is a file for JSON without a folder.
Result<std::vector<MaskFormat>> choose_formats(const std::string& comma_separated, const OutputOptions& options,
                                               bool has_picture);

// Of one mask in the overlay.
struct OverlayLook {
  std::size_t colour = 0;  // see overlay_colour
  bool box = false;        // draw its box, too
};

class SegmentOutput {
 public:
  // `source` must outlive this; an overlay needs its pixels. `texts` were asked for.
  SegmentOutput(OutputOptions options, const SegmentSource& source, const std::vector<std::string>& texts);

  // Writes the mask's own files.
  Status add(const FoundMask& found, const BinaryMask& mask, const OverlayLook& look);

  // Drawn over the masks, when all of them are there.
  void show_prompt(const InteractivePrompt& prompt);
  void show_prompt(const ConceptPrompt& exemplars);

  void add_written_file(const std::filesystem::path& path) { answer_.files.push_back(path); }
  SegmentTiming& timing() { return answer_.timing; }

  // Writes the files of the answer as a whole and prints it.
  Status finish();

 private:
  std::filesystem::path folder() const;
  Status write_answer_file(const char* ending, std::span<const std::byte> bytes);

  const OutputOptions options_;
  const SegmentSource& source_;
  AnswerSource answer_;
  std::size_t masks_ = 0;
  std::optional<JsonAnswer> json_;
  AnswerSummary summary_;
  std::optional<OverlayPainter> painter_;
  std::optional<CocoDocument> coco_;
};

}  // namespace samcache

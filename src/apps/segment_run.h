// One run of `samcache segment`: finds or makes the encoding, asks the model, hands on what it finds.
#pragma once

#include <string>

#include "apps/lazy_engine.h"
#include "apps/progress_bar.h"
#include "apps/segment_output.h"
#include "apps/segment_request.h"
#include "apps/stored_encodings.h"

namespace samcache {

struct SegmentRunOptions {
  SourceOptions source;
  OutputOptions output;
  std::string save_mask_input;  // file for the best mask's logits, of an interactive request; empty: none
};

class SegmentRun {
 public:
  SegmentRun(SegmentRunOptions options, SegmentRequest request, EngineOptions engine_options,
             const CommonOptions& common);

  // The result is printed and its files are written when this returns.
  Status run();

 private:
  Result<SegmentSource> open_source();
  Status answer(const Engine& engine, const SegmentSource& source, const InteractiveRequest& request,
                SegmentOutput& output);
  Status answer(const Engine& engine, const SegmentSource& source, const ConceptRequest& request,
                SegmentOutput& output);
  Status save_mask_input(const InteractiveAnswer& masks, int side, SegmentOutput& output) const;

  const SegmentRunOptions options_;
  const SegmentRequest request_;
  LazyEngine model_;
  StoredEncodings stored_;
  ProgressBar bar_;
  double load_ms_ = 0;
};

}  // namespace samcache

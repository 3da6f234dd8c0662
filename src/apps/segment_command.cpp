// samcache segment IMAGE|ID
#include <CLI/CLI.hpp>
#include <algorithm>

#include "apps/command.h"
#include "apps/console.h"
#include "apps/interrupt.h"
#include "apps/mask_input.h"
#include "apps/mask_output.h"
#include "apps/progress_bar.h"
#include "apps/segment_answer.h"
#include "apps/segment_source.h"
#include "base/atomic_file.h"
#include "base/clock.h"
#include "base/text.h"

namespace samcache {
namespace {

struct SegmentOptions {
  std::string target;
  std::vector<std::string> points;
  std::vector<std::string> boxes;
  std::string mask;
  std::string text;
  std::string mode;  // empty: by the prompts
  std::optional<double> threshold;
  bool multimask = false;
  std::string formats;  // empty: rle for --json; else overlay, or png without a picture
  std::string out;      // empty: no files for --json; else the current folder
  std::string image;
  std::string save_mask_input;
  bool no_store = false;
  bool json = false;
};

// The prompt without its mask, which needs the picture's size. kInvalidArgument: what this version cannot do, too.
Result<InteractivePrompt> parse_prompt(const SegmentOptions& options) {
  const auto usage = [](const std::string& message) { return Error{ErrorCode::kInvalidArgument, message}; };
  if (!options.mode.empty() && options.mode != "interactive" && options.mode != "concept") {
    return usage("unknown mode " + in_quotes(options.mode) + ": use interactive");
  }
  if (options.mode == "concept" || !options.text.empty()) {
    return usage("text and exemplar prompts (concept mode) are not available in this version: use points or a box");
  }
  if (options.threshold) return usage("--threshold belongs to concept mode, which is not available in this version");
  InteractivePrompt prompt;
  for (const std::string& text : options.points) {
    const Result<InteractivePrompt::Point> point = parse_point(text);
    if (!point) return point.error();
    prompt.points.push_back(*point);
  }
  for (const std::string& text : options.boxes) {
    const Result<PromptBox> box = parse_box(text);
    if (!box) return box.error();
    if (!box->positive) {
      return usage("the box " + in_quotes(text) +
                   " is negative: only concept mode has negative boxes, which is not available in this version");
    }
    if (prompt.box) {
      return usage("interactive mode takes one box: several need concept mode, which is not available in this version");
    }
    prompt.box = box->corners;
  }
  if (prompt.points.empty() && !prompt.box && options.mask.empty()) {
    return usage("nothing to look for: give --point x,y, --box x0,y0,x1,y1 or --mask FILE");
  }
  return prompt;
}

class SegmentRun {
 public:
  SegmentRun(const SegmentOptions& options, InteractivePrompt prompt, std::vector<MaskFormat> formats,
             EngineOptions engine_options, const std::string& data_directory)
      : options_(options),
        prompt_(std::move(prompt)),
        formats_(std::move(formats)),
        model_(std::move(engine_options)),
        directory_(data_directory) {}

  Status run() {
    if (Status status = check_target(options_.target); !status) return status;
    const Result<const Engine*> engine = model_.engine();  // not part of the answer's time, as in a server
    if (!engine) return as_failure(engine.error());
    const Result<SegmentSource> source = open_source();
    bar_.clear();
    if (!source) return source.error();
    if (Status status = ask(**engine, *source); !status) return status;
    if (Status status = write_files(*source); !status) return status;
    if (!options_.json) return write_stdout(answer_summary(answer_));
    const Result<std::string> json = answer_json(answer_, formats_);
    if (!json) return json.error();
    return write_stdout(*json);
  }

 private:
  bool wants(MaskFormat format) const { return std::find(formats_.begin(), formats_.end(), format) != formats_.end(); }

  Result<SegmentSource> open_source() {
    const Stopwatch stopwatch;
    const auto hook = [&](int done, int total) {
      bar_.show(static_cast<double>(done) / total,
                "encoding, block " + std::to_string(done) + "/" + std::to_string(total));
      return !interrupted();
    };
    const SourceOptions source_options{.target = options_.target,
                                       .image = options_.image,
                                       .need_pixels = wants(MaskFormat::kOverlay),
                                       .store_trunk = !options_.no_store};
    Result<SegmentSource> source = open_segment_source(source_options, prompt_, model_, directory_, hook);
    answer_.timing.load_ms = stopwatch.elapsed_ms();
    return source;
  }

  Status ask(const Engine& engine, const SegmentSource& source) {
    answer_.cache = source.cache;
    const EncodingMetadata& metadata = source.encoding.metadata;
    side_ = engine.info().config.low_res_mask_size();
    Stopwatch stopwatch;
    const Result<std::shared_ptr<const PreparedImage>> prepared = engine.prepare(source.encoding);
    if (!prepared) return as_failure(prepared.error().within(options_.target));
    answer_.timing.load_ms += stopwatch.elapsed_ms();
    if (!options_.mask.empty()) {
      Result<std::vector<float>> mask =
          read_mask_input(options_.mask, metadata.original_width, metadata.original_height, side_);
      if (!mask) return mask.error();
      prompt_.mask_input = std::move(*mask);
    }
    stopwatch.restart();
    InteractiveOptions interactive;
    interactive.multimask = options_.multimask;
    Result<InteractiveAnswer> masks = engine.segment(**prepared, prompt_, interactive);
    if (!masks) return masks.error();
    answer_.timing.prompt_ms = stopwatch.elapsed_ms();
    answer_.masks = std::move(*masks);
    return {};
  }

  Status write_files(const SegmentSource& source) {
    if (!options_.save_mask_input.empty()) {
      const auto best = std::max_element(
          answer_.masks.masks.begin(), answer_.masks.masks.end(),
          [](const InteractiveMask& a, const InteractiveMask& b) { return a.predicted_iou < b.predicted_iou; });
      if (Status saved = write_mask_logits(options_.save_mask_input, best->low_res, side_); !saved) return saved;
      answer_.files.push_back(options_.save_mask_input);
    }
    if (options_.json && options_.out.empty()) return {};
    const std::filesystem::path folder = options_.out.empty() ? "." : options_.out;
    for (const MaskFormat format : formats_) {
      if (format == MaskFormat::kOverlay) {
        const std::filesystem::path path = folder / (source.name + ".overlay.png");
        const Result<std::vector<std::byte>> png = overlay_png(*source.pixels, answer_.masks, prompt_);
        if (!png) return png.error();
        if (Status written = write_file_atomically(path, *png); !written) return written;
        answer_.files.push_back(path);
      } else {
        const auto paths = write_mask_files(answer_.masks, format, folder, source.name);
        if (!paths) return paths.error();
        answer_.files.insert(answer_.files.end(), paths->begin(), paths->end());
      }
    }
    return {};
  }

  const SegmentOptions& options_;
  InteractivePrompt prompt_;
  std::vector<MaskFormat> formats_;
  LazyEngine model_;
  EncodingDirectory directory_;
  ProgressBar bar_;
  int side_ = 0;  // of the low-resolution masks
  SegmentAnswer answer_;
};

Result<std::vector<MaskFormat>> choose_formats(const SegmentOptions& options) {
  if (options.formats.empty()) {
    if (options.json) return std::vector{MaskFormat::kRle};
    std::error_code code;
    const std::filesystem::path target = options.target;
    const bool has_picture =
        !options.image.empty() || (target.extension() != ".safetensors" && std::filesystem::exists(target, code));
    return std::vector{has_picture ? MaskFormat::kOverlay : MaskFormat::kPng};
  }
  Result<std::vector<MaskFormat>> formats = parse_mask_formats(options.formats);
  if (!formats) return formats;
  const bool overlay = std::find(formats->begin(), formats->end(), MaskFormat::kOverlay) != formats->end();
  if (overlay && options.json && options.out.empty()) {
    return Error{ErrorCode::kInvalidArgument, "an overlay is a file: say where with --out DIR"};
  }
  return formats;
}

int run_segment(const SegmentOptions& options, const CommonOptions& common) {
  Result<InteractivePrompt> prompt = parse_prompt(options);
  if (!prompt) return exit_code_of(prompt.error());
  Result<std::vector<MaskFormat>> formats = choose_formats(options);
  if (!formats) return exit_code_of(formats.error());
  Result<EngineOptions> engine = engine_options(common);
  if (!engine) return exit_code_of(engine.error());
  return exit_code_of(
      SegmentRun(options, std::move(*prompt), std::move(*formats), std::move(*engine), common.data).run());
}

constexpr const char* kFooter =
    "IMAGE is encoded first unless it has been; ID (or the first 8 digits of it) is a stored image, for which no file "
    "is\n"
    "needed; an encoding file (*.safetensors) works too. Coordinates are pixels, origin top left.\n"
    "JSON: {masks, boxes (pixels), scores, latency_ms, timing: {load_ms, prompt_ms, mask_ms}, cache: disk|encoded, "
    "files},\n"
    "a mask being {size, counts} for rle, base64 for png, a list of rings for polygon. Times leave out loading the "
    "model.\n"
    "--mask takes what --save-mask-input wrote, or a drawn mask of the picture's size: a PNG (not zero is inside) or\n"
    "run lengths as JSON.\n";

}  // namespace

void add_segment_command(const CommandContext& context) {
  auto options = std::make_shared<SegmentOptions>();
  CLI::App* command = context.app.add_subcommand("segment", "Masks for points, a box or a mask, from an encoding");
  command->add_option("target", options->target, "Image file, id of a stored image, or encoding file")
      ->required()
      ->type_name("IMAGE|ID");
  command->add_option("--point", options->points, "x,y on the object, or x,y,neg beside it (repeatable)")
      ->type_name("X,Y[,neg]")
      ->expected(1)
      ->take_all();
  command->add_option("--box", options->boxes, "Box around the object")
      ->type_name("X0,Y0,X1,Y1")
      ->expected(1)
      ->take_all();
  command->add_option("--mask", options->mask, "Mask to start from")->type_name("FILE");
  command->add_flag("--multimask", options->multimask, "All alternatives instead of the one answer");
  command->add_option("--mode", options->mode, "interactive (concept comes with a later version)")->type_name("MODE");
  command->add_option("--text", options->text, "Concept mode: not available in this version")->type_name("TEXT");
  command->add_option("--threshold", options->threshold, "Concept mode: not available in this version")
      ->type_name("SCORE");
  command->add_option("--format", options->formats, "rle, png, polygon, overlay, or a list (default: rle with --json)")
      ->type_name("LIST");
  command->add_option("--out", options->out, "Folder for the result's files (default, without --json: here)")
      ->type_name("DIR");
  command->add_option("--image", options->image, "The picture, for an overlay when an ID is given")->type_name("FILE");
  command->add_option("--save-mask-input", options->save_mask_input, "Write the best mask's logits for a later --mask")
      ->type_name("FILE");
  command->add_flag("--no-store", options->no_store, "Do not keep the encoding of an IMAGE that has none");
  command->add_flag("--json", options->json, "Print the answer as one JSON document");
  command->footer(std::string(kFooter) + kCommonOptionsHelp);
  command->callback([options, &common = context.common, &run = context.run] {
    run = [options, &common] { return run_segment(*options, common); };
  });
}

}  // namespace samcache

// samcache segment IMAGE|ID
#include <CLI/CLI.hpp>
#include <algorithm>

#include "apps/command.h"
#include "apps/console.h"
#include "apps/segment_run.h"

namespace samcache {
namespace {

struct SegmentCommandOptions {
  PromptArguments prompt;
  std::string formats;
  SegmentRunOptions run;
  bool no_store = false;
};

bool has_picture(const SourceOptions& source) {
  std::error_code code;
  const std::filesystem::path target = source.target;
  return !source.image.empty() || (target.extension() != ".safetensors" && std::filesystem::exists(target, code));
}

int run_segment(const SegmentCommandOptions& options, const CommonOptions& common) {
  Result<SegmentRequest> request = parse_segment_request(options.prompt);
  if (!request) return exit_code_of(request.error());
  SegmentRunOptions run = options.run;
  if (!run.save_mask_input.empty() && std::holds_alternative<ConceptRequest>(*request)) {
    return exit_code_of(Error{ErrorCode::kInvalidArgument,
                              "--save-mask-input keeps one object's mask: it needs --mode interactive, and no --text"});
  }
  Result<std::vector<MaskFormat>> formats = choose_formats(options.formats, run.output, has_picture(run.source));
  if (!formats) return exit_code_of(formats.error());
  run.source.need_pixels = std::find(formats->begin(), formats->end(), MaskFormat::kOverlay) != formats->end();
  run.source.store_trunk = !options.no_store;
  run.output.formats = std::move(*formats);
  Result<EngineOptions> engine = engine_options(common);
  if (!engine) return exit_code_of(engine.error());
  return exit_code_of(SegmentRun(std::move(run), std::move(*request), std::move(*engine), common).run());
}

constexpr const char* kFooter =
    "Concept mode finds every instance of what --text names and exemplar boxes show; interactive mode finds the one\n"
    "object that points, a box or a mask lie on. Without --mode it is concept if there is text, or boxes and nothing\n"
    "else, and interactive otherwise: one --box alone is an exemplar, with --mode interactive it is around the "
    "object.\n"
    "Boxes and points given with several texts are exemplars for each of them.\n"
    "IMAGE is encoded first unless it has been; ID (or the first 8 digits of it) is a stored image, for which no file "
    "is\n"
    "needed; an encoding file (*.safetensors) works too. Coordinates are pixels, origin top left.\n"
    "JSON: {masks, boxes (pixels), scores, labels, latency_ms, timing: {load_ms, prompt_ms, mask_ms}, cache:\n"
    "disk|encoded, files}, a mask being {size, counts} for rle, base64 for png, a list of rings for polygon. Labels "
    "are\n"
    "the texts that the masks were found by, and there only when there is --text. Boxes are the model's in concept\n"
    "mode, where they may reach past the picture, else those around the masks. Masks of one text come in the model's\n"
    "order, not by score; finding none is no failure. Times leave out loading the model and writing files.\n"
    "Files: NAME.maskN.png and the like for each mask; NAME.overlay.png and NAME.coco.json, which pycocotools reads\n"
    "(categories are the texts, or \"visual\" without text), for all of them.\n"
    "--mask takes what --save-mask-input wrote, or a drawn mask of the picture's size: a PNG (not zero is inside) or\n"
    "run lengths as JSON.\n";

// Takes one value each time it is given, and that as it stands: a text may have brackets, which CLI11 takes for a list
// where extra arguments are allowed.
CLI::Option* add_repeatable(CLI::App& command, const std::string& name, std::vector<std::string>& values,
                            const std::string& help) {
  return command.add_option(name, values, help)->expected(1)->take_all()->allow_extra_args(false);
}

void add_prompt_options(CLI::App& command, PromptArguments& prompt) {
  add_repeatable(command, "--text", prompt.texts, "Name of what to find all instances of (repeatable)")
      ->type_name("TEXT");
  add_repeatable(command, "--box", prompt.boxes,
                 "Exemplar, or with neg what it is not (repeatable); in interactive mode the box around the object")
      ->type_name("X0,Y0,X1,Y1[,neg]");
  add_repeatable(command, "--point", prompt.points,
                 "x,y on the object, or x,y,neg beside it (repeatable); in concept mode exemplars")
      ->type_name("X,Y[,neg]");
  command.add_option("--mask", prompt.mask, "Interactive mode: mask to start from")->type_name("FILE");
  command.add_option("--mode", prompt.mode, "concept or interactive (default: by the prompts, see below)")
      ->type_name("MODE");
  command.add_flag("--multimask", prompt.multimask, "Interactive mode: all alternatives instead of the one answer");
  command
      .add_option("--threshold", prompt.threshold,
                  "Concept mode: what scores more is an instance, 0 to 1 (default: 0.5)")
      ->type_name("SCORE");
  command
      .add_option("--max-masks", prompt.max_masks,
                  "Concept mode: of each text the N with the highest scores (default: " +
                      std::to_string(kDefaultMaxMasks) + "; 0: all)")
      ->type_name("N");
}

}  // namespace

void add_segment_command(const CommandContext& context) {
  auto options = std::make_shared<SegmentCommandOptions>();
  SourceOptions& source = options->run.source;
  OutputOptions& output = options->run.output;
  CLI::App* command =
      context.app.add_subcommand("segment", "Masks for text, exemplars, points, a box or a mask, from an encoding");
  command->add_option("target", source.target, "Image file, id of a stored image, or encoding file")
      ->required()
      ->type_name("IMAGE|ID");
  add_prompt_options(*command, options->prompt);
  command
      ->add_option("--format", options->formats,
                   "rle, png, polygon, overlay, coco, or a list (default: rle with --json, else overlay, or png "
                   "without a picture)")
      ->type_name("LIST");
  command->add_option("--out", output.folder, "Folder for the result's files (default, without --json: here)")
      ->type_name("DIR");
  command->add_option("--image", source.image, "The picture, for an overlay when an ID is given")->type_name("FILE");
  command
      ->add_option("--save-mask-input", options->run.save_mask_input,
                   "Interactive mode: write the best mask's logits for a later --mask")
      ->type_name("FILE");
  command->add_flag("--no-store", options->no_store, "Do not keep the encoding of an IMAGE that has none");
  command->add_flag("--json", output.json, "Print the answer as one JSON document");
  command->footer(std::string(kFooter) + kCommonOptionsHelp);
  command->callback([options, &common = context.common, &run = context.run] {
    run = [options, &common] { return run_segment(*options, common); };
  });
}

}  // namespace samcache

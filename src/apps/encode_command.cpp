// samcache encode IMAGE…
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "apps/command.h"
#include "apps/console.h"
#include "apps/image_encoder.h"
#include "apps/interrupt.h"
#include "apps/progress_bar.h"

namespace samcache {
namespace {

using Json = nlohmann::ordered_json;

struct EncodeOptions {
  std::vector<std::string> images;
  std::string profiles = "trunk";
  std::string dtype;  // empty: bf16, and any stored type will do
  bool force = false;
  bool json = false;
};

struct FailedImage {
  std::string file;
  Error error;
};

Json json_of(const std::string& file, const EncodedImage& image) {
  Json encodings = Json::array();
  for (const EncodedImage::Piece& piece : image.pieces) {
    encodings.push_back({{"profile", profile_name(piece.profile)},
                         {"dtype", float_type_name(piece.dtype)},
                         {"size_bytes", piece.size_bytes}});
  }
  return {{"id", image.id},
          {"file", file},
          {"sha256", image.sha256},
          {"width", image.width},
          {"height", image.height},
          {"encodings", std::move(encodings)},
          {"latency_ms", image.latency_ms},
          {"skipped", image.skipped}};
}

std::string line_of(const std::string& file, const EncodedImage& image) {
  std::string text = image.id + "  " + std::to_string(image.width) + "x" + std::to_string(image.height) + "  ";
  for (const EncodedImage::Piece& piece : image.pieces) {
    text += std::string(profile_name(piece.profile)) + " " + float_type_name(piece.dtype) + " " +
            std::to_string(piece.size_bytes) + " bytes  ";
  }
  text += image.skipped ? "already there" : std::to_string(static_cast<long>(image.latency_ms)) + " ms";
  return text + "  " + file + "\n";
}

// One run of the command: the images in turn, what came of each.
class EncodeRun {
 public:
  EncodeRun(const EncodeOptions& options, EncodeRequest request, EngineOptions engine_options,
            const CommonOptions& common)
      : options_(options), request_(std::move(request)), model_(std::move(engine_options)), stored_(common) {}

  int run() {
    if (Result<std::string> fingerprint = model_.fingerprint(); !fingerprint) return exit_code_of(fingerprint.error());
    // Stores that cannot be opened will not keep anything, either.
    if (Result<const OpenedStores*> stores = stored_.open(); !stores) return exit_code_of(stores.error());
    const std::vector<std::filesystem::path> files = expand_arguments();
    for (std::size_t i = 0; i < files.size() && !interrupted(); ++i) encode_file(files[i].string(), i, files.size());
    bar_.clear();
    if (interrupted()) {
      print_error("interrupted after " + std::to_string(done_) + " of " + std::to_string(files.size()) +
                  " images; what is stored is whole, run the same command to go on");
    }
    if (options_.json) {
      if (Status written = write_stdout(json_text()); !written) return exit_code_of(written);
    }
    return exit_code();
  }

 private:
  std::vector<std::filesystem::path> expand_arguments() {
    std::vector<std::filesystem::path> files;
    for (const std::string& argument : options_.images) {
      const Result<std::vector<std::filesystem::path>> expanded = image_files(argument);
      if (expanded) {
        files.insert(files.end(), expanded->begin(), expanded->end());
      } else {
        fail(argument, expanded.error());
      }
    }
    return files;
  }

  void encode_file(const std::string& file, std::size_t index, std::size_t count) {
    const auto hook = [&](int done, int total) {
      const double fraction = (static_cast<double>(index) + static_cast<double>(done) / total) / count;
      bar_.show(fraction, "image " + std::to_string(index + 1) + "/" + std::to_string(count) + "  block " +
                              std::to_string(done) + "/" + std::to_string(total) + "  " + file);
      return !interrupted();
    };
    const Result<SourceImage> image = read_source_image(file);
    if (!image) return fail(file, image.error());
    Result<EncodedImage> encoded = ImageEncoder(model_, stored_).encode(*image, request_, hook);
    if (!encoded && interrupted()) return;  // `run` says so
    if (!encoded) return fail(file, encoded.error());
    ++done_;
    bar_.clear();
    if (options_.json) {
      images_.push_back(json_of(file, *encoded));
    } else if (Status written = write_stdout(line_of(file, *encoded)); !written) {
      fail(file, written.error());
    }
  }

  void fail(const std::string& file, const Error& error) {
    bar_.clear();
    const bool names_file = error.message.find(file) != std::string::npos;
    const Error named = names_file ? error : error.within(file);
    print_error(named.message);
    failed_.push_back({file, named});
  }

  std::string json_text() const {
    Json document = {{"images", images_}};
    for (const FailedImage& failed : failed_) {
      document["errors"].push_back({{"file", failed.file}, {"detail", failed.error.message}});
    }
    return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  }

  int exit_code() const {
    if (interrupted()) return exit_code_of_interrupt();
    if (failed_.empty()) return kExitDone;
    for (const FailedImage& failed : failed_) {
      if (failed.error.code != ErrorCode::kNotFound) return kExitFailed;
    }
    return kExitNotFound;
  }

  const EncodeOptions& options_;
  EncodeRequest request_;
  LazyEngine model_;
  StoredEncodings stored_;
  ProgressBar bar_;
  std::size_t done_ = 0;  // images
  Json images_ = Json::array();
  std::vector<FailedImage> failed_;
};

int run_encode(const EncodeOptions& options, const CommonOptions& common) {
  EncodeRequest request;
  const Result<std::vector<Profile>> profiles = parse_profiles(options.profiles);
  if (!profiles) return exit_code_of(profiles.error());
  request.profiles = *profiles;
  request.force = options.force;
  Result<EngineOptions> engine = engine_options(common);
  if (!engine) return exit_code_of(engine.error());
  if (!options.dtype.empty()) {
    const Result<DType> dtype = parse_float_type(options.dtype);
    if (!dtype) return exit_code_of(dtype.error());
    request.dtype = *dtype;
    engine->encoding_dtype = *dtype;
  }
  return EncodeRun(options, std::move(request), std::move(*engine), common).run();
}

}  // namespace

void add_encode_command(const CommandContext& context) {
  auto options = std::make_shared<EncodeOptions>();
  CLI::App* command = context.app.add_subcommand("encode", "Encode images once and keep the encodings");
  command->add_option("images", options->images, "Image files, and folders (all images in them)")
      ->required()
      ->type_name("IMAGE");
  command->add_option("--profile", options->profiles, "What to keep: trunk,interactive,detector (any of them)")
      ->type_name("LIST")
      ->capture_default_str();
  command
      ->add_option("--encoding-dtype", options->dtype,
                   "bf16 (default), fp16 or fp32; a stored encoding of another type is then made anew")
      ->type_name("TYPE");
  command->add_flag("--force", options->force, "Make anew what is already there");
  command->add_flag("--json", options->json, "Print one JSON document");
  command->footer(std::string("Skips what is already there. A file that fails does not stop the others. Ctrl-C stops "
                              "between two\nblocks of the model; what is done stays. Prints the id to use with "
                              "`samcache segment`.\n") +
                  kCommonOptionsHelp);
  command->callback([options, &common = context.common, &run = context.run] {
    run = [options, &common] { return run_encode(*options, common); };
  });
}

}  // namespace samcache

#include "apps/segment_source.h"

#include <system_error>

#include "apps/console.h"
#include "apps/prompt_syntax.h"
#include "base/text.h"
#include "image/decode.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;

Result<RgbImage> decode_source(const SourceImage& image) {
  Result<DecodedImage> decoded = decode_image(image.bytes.span(), image.path.string());
  if (!decoded) return decoded.error();
  return std::move(decoded->rgb);
}

// The pixels of the picture that `encoding` was made from, out of a file that the user says is it.
Result<RgbImage> pixels_for(const Encoding& encoding, const std::string& image_path) {
  if (image_path.empty()) {
    return Error{ErrorCode::kInvalidArgument,
                 "an overlay needs the picture itself: add --image FILE, or ask for another --format"};
  }
  const Result<SourceImage> image = read_source_image(image_path);
  if (!image) return image.error();
  if (image->sha256 != encoding.metadata.image_sha256) {
    return Error{ErrorCode::kInvalidArgument, image_path + " is not the picture that was encoded (its SHA-256 is " +
                                                  image->sha256 + ", the encoding's " + encoding.metadata.image_sha256 +
                                                  ")"};
  }
  return decode_source(*image);
}

// What is stored under an id for this model; an interactive encoding is preferred, being ready for clicks.
Result<Encoding> load_by_id(const std::string& id, const std::string& fingerprint, const EncodingDirectory& directory) {
  const Result<std::vector<StoredEncoding>> stored = directory.find(id);
  if (!stored) return stored.error();
  const StoredEncoding* best = nullptr;
  for (const StoredEncoding& candidate : *stored) {
    if (candidate.key.model_fingerprint != fingerprint) continue;
    if (candidate.key.profile == profile_name(Profile::kInteractive)) best = &candidate;
    if (candidate.key.profile == profile_name(Profile::kTrunk) && best == nullptr) best = &candidate;
  }
  if (best == nullptr) {
    return Error{ErrorCode::kNotFound, "image " + stored->front().key.image_id + " has encodings in " +
                                           directory.root().string() +
                                           ", but none for this model that clicks work from: run samcache encode"};
  }
  Result<Encoding> encoding = read_encoding(best->path);
  if (!encoding) return as_failure(encoding.error());
  return encoding;
}

Result<SegmentSource> from_image_file(const SourceOptions& options, const InteractivePrompt& prompt, LazyEngine& model,
                                      const EncodingDirectory& directory, const EncodeHook& hook) {
  const Result<SourceImage> image = read_source_image(options.target);
  if (!image) return image.error();
  SegmentSource source;
  ImageEncoder encoder(model, directory);
  for (const Profile profile : {Profile::kInteractive, Profile::kTrunk}) {
    Result<std::optional<Encoding>> stored = encoder.load(*image, profile);
    if (!stored) return stored.error();
    if (!*stored) continue;
    source.encoding = std::move(**stored);
    if (options.need_pixels) {
      Result<RgbImage> pixels = decode_source(*image);
      if (!pixels) return pixels.error();
      source.pixels = std::move(*pixels);
    }
    return source;
  }
  Result<RgbImage> pixels = decode_source(*image);
  if (!pixels) return pixels.error();
  if (Status fits = check_prompt_fits(prompt, pixels->width, pixels->height); !fits) return fits.error();
  const Result<const Engine*> engine = model.engine();
  if (!engine) return engine.error();
  const std::vector<Profile> trunk_only = {Profile::kTrunk};
  Result<std::vector<Encoding>> made =
      (*engine)->encode(*pixels, {.sha256 = image->sha256, .id = image->id}, trunk_only, hook);
  if (!made) return made.error();
  source.encoding = std::move(made->front());
  source.pixels = std::move(*pixels);
  source.cache = "encoded";
  if (options.store_trunk) {
    if (Result<std::uint64_t> saved = encoder.save(source.encoding); !saved) return saved.error();
  }
  return source;
}

Result<SegmentSource> from_encoding(Result<Encoding> encoding, const SourceOptions& options) {
  if (!encoding) return encoding.error();
  SegmentSource source;
  if (options.need_pixels) {
    Result<RgbImage> pixels = pixels_for(*encoding, options.image);
    if (!pixels) return pixels.error();
    source.pixels = std::move(*pixels);
  }
  source.encoding = std::move(*encoding);
  return source;
}

Result<SegmentSource> from_target(const SourceOptions& options, const InteractivePrompt& prompt, LazyEngine& model,
                                  const EncodingDirectory& directory, const EncodeHook& hook) {
  const fs::path path = options.target;
  std::error_code code;
  if (fs::exists(path, code)) {
    if (path.extension() == ".safetensors") return from_encoding(read_encoding(path), options);
    return from_image_file(options, prompt, model, directory, hook);
  }
  if (Status status = check_target(options.target); !status) return status.error();
  const Result<std::string> fingerprint = model.fingerprint();
  if (!fingerprint) return fingerprint.error();
  return from_encoding(load_by_id(options.target, *fingerprint, directory), options);
}

}  // namespace

Status check_target(const std::string& target) {
  std::error_code code;
  if (fs::exists(target, code) || is_image_id_prefix(target)) return {};
  return Error{ErrorCode::kNotFound, "no such file, and not the id of a stored image: " + in_quotes(target)};
}

Result<SegmentSource> open_segment_source(const SourceOptions& options, const InteractivePrompt& prompt,
                                          LazyEngine& model, const EncodingDirectory& directory,
                                          const EncodeHook& hook) {
  Result<SegmentSource> source = from_target(options, prompt, model, directory, hook);
  if (!source) return source;
  const EncodingMetadata& metadata = source->encoding.metadata;
  const Status fits = check_prompt_fits(prompt, metadata.original_width, metadata.original_height);
  if (!fits) return fits.error();
  const auto& pixels = source->pixels;
  if (pixels && (pixels->width != metadata.original_width || pixels->height != metadata.original_height)) {
    return Error{ErrorCode::kCorrupt, "the encoding of " + options.target +
                                          " says the picture has another size than it " +
                                          "has: encode it again with samcache encode --force"};
  }
  std::error_code code;
  const bool is_file = fs::exists(options.target, code);
  source->name = is_file ? fs::path(options.target).stem().string() : metadata.image_id;
  return source;
}

}  // namespace samcache

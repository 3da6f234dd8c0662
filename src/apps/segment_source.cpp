#include "apps/segment_source.h"

#include <algorithm>
#include <array>
#include <system_error>

#include "apps/console.h"
#include "base/text.h"
#include "image/decode.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;

// What the request can be answered from, best first.
std::array<Profile, 2> usable_profiles(const SegmentRequest& request) {
  const bool concept_mode = std::holds_alternative<ConceptRequest>(request);
  return {concept_mode ? Profile::kDetector : Profile::kInteractive, Profile::kTrunk};
}

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

// What is stored under an id for this model.
Result<StoredEncodings::Loaded> load_by_id(const std::string& id, const SegmentRequest& request,
                                           const std::string& fingerprint, StoredEncodings& stored) {
  const Result<std::vector<StoredEncoding>> candidates = stored.find(id);
  if (!candidates) return candidates.error();
  for (const Profile profile : usable_profiles(request)) {
    const auto found = std::ranges::find_if(*candidates, [&](const StoredEncoding& candidate) {
      return candidate.key.model_fingerprint == fingerprint && candidate.key.profile == profile_name(profile);
    });
    if (found == candidates->end()) continue;
    Result<std::optional<StoredEncodings::Loaded>> loaded = stored.load(found->key);
    if (!loaded) return as_failure(loaded.error());
    if (*loaded) return std::move(**loaded);
  }
  const char* work = std::holds_alternative<ConceptRequest>(request) ? "concepts" : "clicks";
  return Error{ErrorCode::kNotFound, "image " + candidates->front().key.image_id + " has encodings in " +
                                         stored.where() + ", but none for this model that " + work +
                                         " work from: run samcache encode"};
}

Result<SegmentSource> from_image_file(const SourceOptions& options, const SegmentRequest& request, LazyEngine& model,
                                      StoredEncodings& stored, const EncodeHook& hook) {
  const Result<SourceImage> image = read_source_image(options.target);
  if (!image) return image.error();
  SegmentSource source;
  ImageEncoder encoder(model, stored);
  for (const Profile profile : usable_profiles(request)) {
    Result<std::optional<StoredEncodings::Loaded>> loaded = encoder.load(*image, profile);
    if (!loaded) return loaded.error();
    if (!*loaded) continue;
    source.encoding = std::move((*loaded)->encoding);
    source.cache = (*loaded)->cache;
    if (options.need_pixels) {
      Result<RgbImage> pixels = decode_source(*image);
      if (!pixels) return pixels.error();
      source.pixels = std::move(*pixels);
    }
    return source;
  }
  Result<RgbImage> pixels = decode_source(*image);
  if (!pixels) return pixels.error();
  if (Status fits = check_request_fits(request, pixels->width, pixels->height); !fits) return fits.error();
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
    if (Result<std::uint64_t> saved = stored.save(source.encoding); !saved) return as_failure(saved.error());
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

Result<SegmentSource> from_target(const SourceOptions& options, const SegmentRequest& request, LazyEngine& model,
                                  StoredEncodings& stored, const EncodeHook& hook) {
  const fs::path path = options.target;
  std::error_code code;
  if (fs::exists(path, code)) {
    if (path.extension() == ".safetensors") return from_encoding(read_encoding(path), options);
    return from_image_file(options, request, model, stored, hook);
  }
  if (Status status = check_target(options.target); !status) return status.error();
  const Result<std::string> fingerprint = model.fingerprint();
  if (!fingerprint) return fingerprint.error();
  Result<StoredEncodings::Loaded> loaded = load_by_id(options.target, request, *fingerprint, stored);
  if (!loaded) return loaded.error();
  Result<SegmentSource> source = from_encoding(std::move(loaded->encoding), options);
  if (source) source->cache = loaded->cache;
  return source;
}

void name_source(const SourceOptions& options, SegmentSource& source) {
  const fs::path target = options.target;
  const std::string& id = source.encoding.metadata.image_id;
  std::error_code code;
  const bool is_file = fs::exists(target, code);
  source.name = is_file ? target.stem().string() : id;
  const fs::path picture = is_file && target.extension() != ".safetensors" ? target : fs::path(options.image);
  source.file_name = picture.has_filename() ? picture.filename().string() : id;
  if (source.file_name.empty()) source.file_name = source.name;
}

}  // namespace

Status check_target(const std::string& target) {
  std::error_code code;
  if (fs::exists(target, code) || is_image_id_prefix(target)) return {};
  return Error{ErrorCode::kNotFound, "no such file, and not the id of a stored image: " + in_quotes(target)};
}

Result<SegmentSource> open_segment_source(const SourceOptions& options, const SegmentRequest& request,
                                          LazyEngine& model, StoredEncodings& stored, const EncodeHook& hook) {
  Result<SegmentSource> source = from_target(options, request, model, stored, hook);
  if (!source) return source;
  const EncodingMetadata& metadata = source->encoding.metadata;
  const Status fits = check_request_fits(request, metadata.original_width, metadata.original_height);
  if (!fits) return fits.error();
  const auto& pixels = source->pixels;
  if (pixels && (pixels->width != metadata.original_width || pixels->height != metadata.original_height)) {
    return Error{ErrorCode::kCorrupt, "the encoding of " + options.target +
                                          " says the picture has another size than it " +
                                          "has: encode it again with samcache encode --force"};
  }
  name_source(options, *source);
  return source;
}

}  // namespace samcache

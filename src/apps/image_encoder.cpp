#include "apps/image_encoder.h"

#include <algorithm>
#include <system_error>

#include "apps/console.h"
#include "base/clock.h"
#include "image/decode.h"
#include "model/preprocess.h"

namespace samcache {
namespace {

Result<std::uint64_t> size_of_file(const std::filesystem::path& path) {
  std::error_code code;
  const std::uintmax_t size = std::filesystem::file_size(path, code);
  if (code) return errno_error("read the size of " + path.string(), code.value());
  return std::uint64_t{size};
}

}  // namespace

// Of the profiles asked for: those that are stored, those that are not, and the trunk if it is stored.
struct ImageEncoder::Lookup {
  std::vector<Encoding> present;
  std::vector<Profile> missing;
  std::optional<Encoding> trunk;
};

Result<std::optional<Encoding>> ImageEncoder::load(const SourceImage& image, Profile profile) {
  const Result<std::string> fingerprint = model_.fingerprint();
  if (!fingerprint) return fingerprint.error();
  const auto path = directory_.path_for({*fingerprint, image.id, std::string(profile_name(profile))});
  if (!path) return path.error();
  Result<Encoding> stored = read_encoding(*path);
  if (!stored) {
    const ErrorCode code = stored.error().code;
    if (code == ErrorCode::kIo) return stored.error();
    if (code != ErrorCode::kNotFound) print_warning(stored.error().message + "; it will be made anew");
    return std::optional<Encoding>();
  }
  const EncodingMetadata& metadata = stored->metadata;
  const bool fits = metadata.image_sha256 == image.sha256 && metadata.model_fingerprint == *fingerprint &&
                    metadata.preprocess == kPreprocessRevision && metadata.profile == profile;
  if (!fits) return std::optional<Encoding>();
  return std::optional<Encoding>(std::move(*stored));
}

Result<std::uint64_t> ImageEncoder::save(const Encoding& encoding) {
  const EncodingMetadata& metadata = encoding.metadata;
  const auto path =
      directory_.path_for({metadata.model_fingerprint, metadata.image_id, std::string(profile_name(metadata.profile))});
  if (!path) return path.error();
  if (Status written = write_encoding(*path, encoding); !written) return as_failure(written.error());
  return size_of_file(*path);
}

Status ImageEncoder::look_up(const SourceImage& image, const EncodeRequest& request, Lookup& found) {
  const auto usable = [&](const std::optional<Encoding>& stored) {
    return stored && (!request.dtype || stored->tensors[0].dtype == *request.dtype);
  };
  for (const Profile profile : request.profiles) {
    std::optional<Encoding> stored;
    if (!request.force) {
      Result<std::optional<Encoding>> loaded = load(image, profile);
      if (!loaded) return loaded.error();
      stored = std::move(*loaded);
    }
    if (!usable(stored)) {
      found.missing.push_back(profile);
    } else {
      if (profile == Profile::kTrunk) found.trunk = stored;
      found.present.push_back(std::move(*stored));
    }
  }
  const bool trunk_was_asked_for =
      std::find(request.profiles.begin(), request.profiles.end(), Profile::kTrunk) != request.profiles.end();
  if (!request.force && !found.missing.empty() && !trunk_was_asked_for) {
    Result<std::optional<Encoding>> loaded = load(image, Profile::kTrunk);
    if (!loaded) return loaded.error();
    if (usable(*loaded)) found.trunk = std::move(*loaded);
  }
  return {};
}

Result<std::vector<Encoding>> ImageEncoder::make(const SourceImage& image, const Lookup& found,
                                                 const EncodeHook& hook) {
  const Result<const Engine*> engine = model_.engine();
  if (!engine) return engine.error();
  if (found.trunk) {
    std::vector<Encoding> derived;
    for (const Profile profile : found.missing) {
      Result<Encoding> encoding = (*engine)->derive(*found.trunk, profile);
      if (!encoding) return as_failure(encoding.error());
      derived.push_back(std::move(*encoding));
    }
    return derived;
  }
  const Result<DecodedImage> decoded = decode_image(image.bytes.span(), image.path.string());
  if (!decoded) return decoded.error();
  return (*engine)->encode(decoded->rgb, {.sha256 = image.sha256, .id = image.id}, found.missing, hook);
}

Result<EncodedImage> ImageEncoder::encode(const SourceImage& image, const EncodeRequest& request,
                                          const EncodeHook& hook) {
  const Stopwatch stopwatch;
  Lookup found;
  if (Status status = look_up(image, request, found); !status) return status.error();
  double model_load_ms = 0;
  std::vector<Encoding> made;
  if (!found.missing.empty()) {
    const Stopwatch load_stopwatch;
    if (Result<const Engine*> engine = model_.engine(); !engine) return engine.error();
    model_load_ms = load_stopwatch.elapsed_ms();
    Result<std::vector<Encoding>> encodings = make(image, found, hook);
    if (!encodings) return encodings.error();
    made = std::move(*encodings);
  }
  for (const Encoding& encoding : made) {
    if (Result<std::uint64_t> saved = save(encoding); !saved) return saved.error();
  }

  EncodedImage result;
  result.id = image.id;
  result.sha256 = image.sha256;
  result.skipped = made.empty();
  for (const Profile profile : request.profiles) {
    const auto has_profile = [&](const Encoding& encoding) { return encoding.metadata.profile == profile; };
    auto encoding = std::find_if(made.begin(), made.end(), has_profile);
    if (encoding == made.end()) encoding = std::find_if(found.present.begin(), found.present.end(), has_profile);
    const EncodingMetadata& metadata = encoding->metadata;
    const auto path = directory_.path_for({metadata.model_fingerprint, image.id, std::string(profile_name(profile))});
    const Result<std::uint64_t> size = size_of_file(*path);
    if (!size) return size.error();
    result.width = metadata.original_width;
    result.height = metadata.original_height;
    result.pieces.push_back({profile, encoding->tensors[0].dtype, *size});
  }
  result.latency_ms = stopwatch.elapsed_ms() - model_load_ms;
  return result;
}

}  // namespace samcache

#include "apps/image_encoder.h"

#include <algorithm>

#include "apps/console.h"
#include "base/clock.h"
#include "image/decode.h"
#include "model/preprocess.h"

namespace samcache {
namespace {

EncodedImage::Piece piece_of(const Encoding& encoding, std::uint64_t size_bytes) {
  return {encoding.metadata.profile, encoding.tensors[0].dtype, size_bytes};
}

}  // namespace

// Of the profiles asked for: those that are stored, those that are not, and the trunk if it is stored.
struct ImageEncoder::Lookup {
  std::vector<EncodedImage::Piece> present;
  std::vector<Profile> missing;
  std::optional<Encoding> trunk;
  int width = 0, height = 0;  // pixels, of what is present
};

Result<std::optional<StoredEncodings::Loaded>> ImageEncoder::load(const SourceImage& image, Profile profile) {
  const Result<std::string> fingerprint = model_.fingerprint();
  if (!fingerprint) return fingerprint.error();
  Result<std::optional<StoredEncodings::Loaded>> loaded =
      stored_.load({*fingerprint, image.id, std::string(profile_name(profile))});
  if (!loaded || !*loaded) return loaded;
  const EncodingMetadata& metadata = (*loaded)->encoding.metadata;
  const bool fits = metadata.image_sha256 == image.sha256 && metadata.preprocess == kPreprocessRevision;
  if (!fits) return std::optional<StoredEncodings::Loaded>();
  return loaded;
}

Status ImageEncoder::look_up(const SourceImage& image, const EncodeRequest& request, Lookup& found) {
  const auto load_usable = [&](Profile profile) -> Result<std::optional<StoredEncodings::Loaded>> {
    Result<std::optional<StoredEncodings::Loaded>> loaded = load(image, profile);
    if (loaded && *loaded && request.dtype && (*loaded)->encoding.tensors[0].dtype != *request.dtype) loaded->reset();
    return loaded;
  };
  if (request.force) {
    found.missing = request.profiles;
    return {};
  }
  for (const Profile profile : request.profiles) {
    Result<std::optional<StoredEncodings::Loaded>> stored = load_usable(profile);
    if (!stored) return stored.error();
    if (!*stored) {
      found.missing.push_back(profile);
      continue;
    }
    Encoding& encoding = (*stored)->encoding;
    found.present.push_back(piece_of(encoding, (*stored)->size_bytes));
    found.width = encoding.metadata.original_width;
    found.height = encoding.metadata.original_height;
    if (profile == Profile::kTrunk) found.trunk = std::move(encoding);
  }
  const bool trunk_was_asked_for =
      std::find(request.profiles.begin(), request.profiles.end(), Profile::kTrunk) != request.profiles.end();
  if (!found.missing.empty() && !trunk_was_asked_for) {
    Result<std::optional<StoredEncodings::Loaded>> trunk = load_usable(Profile::kTrunk);
    if (!trunk) return trunk.error();
    if (*trunk) found.trunk = std::move((*trunk)->encoding);
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
  EncodedImage result;
  result.id = image.id;
  result.sha256 = image.sha256;
  result.skipped = made.empty();
  result.width = found.width;
  result.height = found.height;
  std::vector<EncodedImage::Piece> pieces = std::move(found.present);
  for (const Encoding& encoding : made) {
    const Result<std::uint64_t> saved = stored_.save(encoding);
    if (!saved) return as_failure(saved.error());
    pieces.push_back(piece_of(encoding, *saved));
    result.width = encoding.metadata.original_width;
    result.height = encoding.metadata.original_height;
  }
  for (const Profile profile : request.profiles) {
    result.pieces.push_back(*std::ranges::find(pieces, profile, &EncodedImage::Piece::profile));
  }
  result.latency_ms = stopwatch.elapsed_ms() - model_load_ms;
  return result;
}

}  // namespace samcache

#include "service/encoding_service.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <condition_variable>
#include <mutex>

#include "base/atomic_file.h"
#include "base/hashing.h"
#include "base/mapped_file.h"
#include "base/text.h"
#include "image/digest.h"
#include "service/stored_objects.h"
#include "store/object_name.h"
#include "tensors/cast.h"
#include "tensors/seed_layout.h"

namespace samcache {
namespace {

std::string joined_names(const std::vector<Profile>& profiles) {
  std::string names;
  for (const Profile profile : profiles) {
    if (!names.empty()) names += ',';
    names += profile_name(profile);
  }
  return names;
}

constexpr std::size_t kTagBytes = 256;  // with its name, roughly
constexpr std::size_t kTagCacheBytes = 10'000 * kTagBytes;
constexpr std::array kProfiles = {Profile::kTrunk, Profile::kInteractive, Profile::kDetector};

std::string file_name(const ImageRecord& image, std::string_view what) {
  return image.id + "." + std::string(what) + ".safetensors";
}

std::string etag_of(const SharedBytes& bytes) { return xxh3_hex(bytes); }

bool all_finite(const Tensor& tensor) {
  const Result<Tensor> wide = cast_tensor(tensor, DType::kF32);
  if (!wide) return false;
  const SharedBytes bytes = wide->data.aligned(alignof(float));
  const std::span values(reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float));
  return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
}

Status cast_all(std::vector<Tensor>& tensors, DType dtype) {
  for (Tensor& tensor : tensors) {
    if (tensor.dtype == dtype) continue;
    Result<Tensor> cast = cast_tensor(tensor, dtype);
    if (!cast) return cast.error();
    tensor = std::move(*cast);
  }
  return {};
}

}  // namespace

std::string content_id_of(const ImageRecord& image) { return image_id_from_sha256(image.sha256).value(); }

EncodingService::EncodingService(std::shared_ptr<Catalog> catalog, std::shared_ptr<JobQueue> queue,
                                 std::shared_ptr<TieredStore> encodings, std::shared_ptr<ModelHost> model,
                                 std::shared_ptr<ImageEvents> events, EncodingServiceOptions options)
    : catalog_(std::move(catalog)),
      queue_(std::move(queue)),
      encodings_(std::move(encodings)),
      model_(std::move(model)),
      events_(std::move(events)),
      options_(std::move(options)),
      derived_(options_.derived_cache_bytes),
      tags_(kTagCacheBytes) {}

EncodeJobRequest EncodingService::job_for(const ImageRecord& image, JobPriority priority,
                                          const std::string& reason) const {
  return {.sha256 = image.sha256,
          .content_id = content_id_of(image),
          .model_fingerprint = model_->info().fingerprint,
          .profiles = joined_names(options_.profiles),
          .priority = priority,
          .reason = reason};
}

Status EncodingService::request_encode(const ImageRecord& image, JobPriority priority, const std::string& reason,
                                       bool again, Deadline deadline) {
  if (image.encoding_status == EncodingStatus::kCompleted && !again) return {};
  const Result<EnqueuedJob> job = queue_->enqueue(job_for(image, priority, reason), deadline);
  if (!job) return job.error();
  return {};
}

Status EncodingService::encode_and_wait(const ImageRecord& image, bool again, Deadline deadline) {
  constexpr std::chrono::seconds kLookAgain{1};  // for an event that was lost
  // Told by the listener, which may be called for a moment longer than this function runs.
  struct Bell {
    std::mutex mutex;
    std::condition_variable rung;
    bool is_rung = false;
  };
  const auto bell = std::make_shared<Bell>();
  const ImageEvents::Subscription subscription = events_->listen([bell, id = image.id](const ImageEvent& event) {
    if (event.kind != ImageEvent::Kind::kMayHaveLost && event.image.id != id) return;
    const std::scoped_lock lock(bell->mutex);
    bell->is_rung = true;
    bell->rung.notify_one();
  });
  if (Status asked = request_encode(image, JobPriority::kInteractive, "prompt", again, deadline); !asked) return asked;
  for (;;) {
    const Result<std::optional<ImageRecord>> now = catalog_->image(image.id, deadline);
    if (!now) return now.error();
    if (!now->has_value()) return Error{ErrorCode::kNotFound, "image " + image.id + " was removed"};
    if ((*now)->encoding_status == EncodingStatus::kCompleted) return {};
    if ((*now)->encoding_status == EncodingStatus::kFailed) {
      return Error{ErrorCode::kCorrupt, "image " + image.id + " cannot be encoded: " + (*now)->encoding_error};
    }
    std::unique_lock lock(bell->mutex);
    bell->rung.wait_until(lock, deadline.within(kLookAgain).time(), [&] { return bell->is_rung; });
    bell->is_rung = false;
    if (deadline.passed()) {
      return Error{ErrorCode::kUnavailable,
                   "image " + image.id + " is still waiting to be encoded: try again, or look at its status"};
    }
  }
}

std::string EncodingService::name_of(const ImageRecord& image, Profile profile) const {
  const Result<std::string> name =
      encoding_name({model_->info().fingerprint, content_id_of(image), std::string(profile_name(profile))});
  return name.value();
}

std::string EncodingService::served_name(const ImageRecord& image) const {
  const bool keeps_trunk = std::ranges::find(options_.profiles, Profile::kTrunk) != options_.profiles.end();
  return name_of(image, keeps_trunk ? Profile::kTrunk : options_.profiles.front());
}

std::string EncodingService::encoding_id(const ImageRecord& image) const { return content_id_of(image); }

Result<EncodingSummary> EncodingService::summary(const ImageRecord& image, Deadline deadline) {
  EncodingSummary summary;
  for (const Profile profile : kProfiles) {
    const auto found = encodings_->stat(name_of(image, profile), deadline);
    if (!found) return found.error();
    if (!found->has_value()) continue;
    // A fast tier knows when it got its copy, the catalog when the encoding was made.
    const auto made = image.encoded_at_ms
                          ? std::chrono::system_clock::time_point(std::chrono::milliseconds(*image.encoded_at_ms))
                          : (*found)->modified;
    summary.pieces.push_back({std::string(profile_name(profile)), (*found)->size_bytes, made});
  }
  return summary;
}

Result<std::optional<LoadedEncoding>> EncodingService::load_stored(const ImageRecord& image, Profile profile,
                                                                   Deadline deadline) {
  const std::string name = name_of(image, profile);
  const auto found = encodings_->fetch(name, {.deadline = deadline});
  if (!found) return found.error();
  if (!found->has_value()) return std::optional<LoadedEncoding>();
  // Every tier but memory was checked on the way, and what is in memory came from one of them.
  Result<Encoding> encoding = parse_verified_encoding((*found)->bytes, name);
  if (!encoding) return encoding.error();
  return std::optional(LoadedEncoding{std::move(*encoding), cache_of_kind((*found)->source)});
}

Result<LoadedEncoding> EncodingService::load(const ImageRecord& image, Profile wanted, Deadline deadline) {
  std::vector<Profile> order = {Profile::kTrunk};
  if (wanted != Profile::kTrunk) {
    const bool is_kept = std::ranges::find(options_.profiles, wanted) != options_.profiles.end();
    order.insert(is_kept ? order.begin() : order.end(), wanted);
  }
  for (const Profile profile : order) {
    Result<std::optional<LoadedEncoding>> loaded = load_stored(image, profile, deadline);
    if (!loaded) return loaded.error();
    if (loaded->has_value()) return std::move(**loaded);
  }
  return Error{ErrorCode::kNotFound, "image " + image.id + " has no encoding by this model"};
}

Result<EncodingFile> EncodingService::file(const ImageRecord& image, const EncodingRequest& request,
                                           Deadline deadline) {
  if (request.seed_layout && request.profile != Profile::kTrunk) {
    return Error{ErrorCode::kInvalidArgument,
                 "the seed layout holds everything and comes from the trunk: leave the profile out"};
  }
  if (!request.seed_layout) {
    const std::string name = name_of(image, request.profile);
    const auto found = encodings_->fetch(name, {.deadline = deadline});
    if (!found) return found.error();
    if (found->has_value()) {
      const Result<Encoding> encoding = parse_verified_encoding((*found)->bytes, name);
      if (!encoding) return encoding.error();
      if (!request.dtype || encoding->tensors[0].dtype == *request.dtype) {
        return EncodingFile{.bytes = (*found)->bytes,
                            .etag = etag_of_stored(name, (*found)->bytes),
                            .filename = file_name(image, profile_name(request.profile)),
                            .cache = cache_of_kind((*found)->source)};
      }
    }
  }
  return derived_file(image, request, deadline);
}

std::string EncodingService::etag_of_stored(const std::string& name, const SharedBytes& bytes) {
  const auto known = tags_.find(name);
  if (known != nullptr && bytes.owner() != nullptr && known->owner.lock() == bytes.owner()) return known->etag;
  std::string etag = etag_of(bytes);
  tags_.insert(name, std::make_shared<const KnownTag>(KnownTag{bytes.owner(), etag}), kTagBytes);
  return etag;
}

Result<EncodingFile> EncodingService::derived_file(const ImageRecord& image, const EncodingRequest& request,
                                                   Deadline deadline) {
  const std::string key = name_of(image, request.profile) + (request.seed_layout ? "/seed/" : "/") +
                          (request.dtype ? std::to_string(static_cast<int>(*request.dtype)) : "");
  if (const auto kept = derived_.find(key)) return *kept;
  Result<LoadedEncoding> loaded = load(image, request.profile, deadline);
  if (!loaded) return loaded.error();
  if (request.seed_layout) {
    Result<SharedBytes> bytes = seed_layout_of(loaded->encoding, request);
    if (!bytes) return bytes.error();
    const std::string etag = etag_of(*bytes);
    return EncodingFile{std::move(*bytes), etag, file_name(image, "seed"), "derived"};
  }
  Result<Encoding> encoding = model_->derive(loaded->encoding, request.profile);
  if (!encoding) return encoding.error();
  if (request.dtype) {
    if (Status cast = cast_all(encoding->tensors, *request.dtype); !cast) return cast.error();
  }
  Result<std::vector<std::byte>> serialized = serialize_encoding(*encoding);
  if (!serialized) return serialized.error();
  EncodingFile file{.bytes = SharedBytes(std::move(*serialized)),
                    .filename = file_name(image, profile_name(request.profile)),
                    .cache = "derived"};
  file.etag = etag_of(file.bytes);
  derived_.insert(key, std::make_shared<const EncodingFile>(file), file.bytes.size());
  return file;
}

Result<SharedBytes> EncodingService::seed_layout_of(const Encoding& encoding, const EncodingRequest& request) {
  Result<std::vector<Tensor>> tensors = model_->seed_layout(encoding);
  if (!tensors) return tensors.error();
  if (request.dtype) {
    if (Status cast = cast_all(*tensors, *request.dtype); !cast) return cast.error();
  }
  // Seventeen times the trunk: through a file that is gone from its folder at once, not through memory.
  const std::filesystem::path path = options_.scratch_folder / (temporary_name_for("seed") + ".safetensors");
  if (Status written = write_seed_layout(path, *tensors, encoding.metadata); !written) return written.error();
  Result<SharedBytes> bytes = map_file(path);
  std::error_code code;
  std::filesystem::remove(path, code);
  std::filesystem::remove(seed_metadata_path(path), code);
  return bytes;
}

Status EncodingService::check_fits(const Encoding& encoding, const ImageRecord& image) const {
  const EncodingMetadata& metadata = encoding.metadata;
  const auto refuse = [](const std::string& why) { return Error{ErrorCode::kInvalidArgument, why}; };
  if (metadata.image_sha256 != image.sha256) {
    return refuse("the encoding is of another image, with the SHA-256 " + in_quotes(metadata.image_sha256));
  }
  if (!metadata.image_id.empty() && metadata.image_id != content_id_of(image)) {
    return refuse("the encoding says that its image is " + in_quotes(metadata.image_id));
  }
  if (metadata.original_width != image.width || metadata.original_height != image.height) {
    return refuse("the encoding is of a picture of " + std::to_string(metadata.original_width) + "x" +
                  std::to_string(metadata.original_height) + " pixels, the image has " + std::to_string(image.width) +
                  "x" + std::to_string(image.height));
  }
  if (Status ours = model_->engine().check_encoding(encoding); !ours) return ours;
  for (const Tensor& tensor : encoding.tensors) {
    if (!all_finite(tensor)) return refuse("the encoding's tensor " + tensor.name + " has values that are no numbers");
  }
  return {};
}

Result<bool> EncodingService::is_complete(const ImageRecord& image, Deadline deadline) {
  for (const Profile profile : options_.profiles) {
    const Result<bool> there = encodings_->exists(name_of(image, profile), deadline);
    if (!there || !*there) return there;
  }
  return true;
}

Result<bool> EncodingService::put(const ImageRecord& image, const SharedBytes& bytes, Deadline deadline) {
  Result<Encoding> encoding = parse_encoding(bytes, "the encoding");
  if (!encoding) return encoding.error();
  if (Status fits = check_fits(*encoding, image); !fits) return fits.error();
  SharedBytes kept = bytes;
  if (encoding->metadata.image_id.empty()) {  // what is stored says whose it is
    encoding->metadata.image_id = content_id_of(image);
    Result<std::vector<std::byte>> named = serialize_encoding(*encoding);
    if (!named) return named.error();
    kept = SharedBytes(std::move(*named));
  }
  const Result<bool> saved =
      encodings_->save(name_of(image, encoding->metadata.profile), kept, SaveMode::kKeep, deadline);
  if (!saved) return saved.error();
  const Result<bool> complete = is_complete(image, deadline);
  if (!complete) return complete.error();
  if (*complete && (*saved || image.encoding_status != EncodingStatus::kCompleted)) {
    const Status noted = catalog_->set_encoding_status(
        {.sha256 = image.sha256, .status = EncodingStatus::kCompleted, .model_fingerprint = model_->info().fingerprint},
        deadline);
    if (!noted) return noted.error();
  }
  return *saved;
}

Status EncodingService::remove(const ImageRecord& image, const std::vector<std::string>& model_fingerprints,
                               Deadline deadline) {
  Status outcome;
  for (const std::string& fingerprint : model_fingerprints) {
    for (const Profile profile : kProfiles) {
      const Result<std::string> name =
          encoding_name({fingerprint, content_id_of(image), std::string(profile_name(profile))});
      const Result<bool> removed = name ? encodings_->remove(*name, deadline) : name.error();
      if (!removed && outcome) outcome = removed.error();
    }
  }
  model_->forget(content_id_of(image));
  return outcome;
}

}  // namespace samcache

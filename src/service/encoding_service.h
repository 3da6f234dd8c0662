// Encodings of images: asked for, waited for, read, handed out, put in from elsewhere, removed.
//
// Who wants an image encoded puts a job into the queue; a worker of any process makes it (encode_worker.h). So of many
// who want the same encoding, on however many machines, one makes it. All images with the same content share their
// encodings, which are named after the content (`content_id`).
//
// Thread-safe and blocking.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "base/lru_cache.h"
#include "catalog/catalog.h"
#include "jobs/job_queue.h"
#include "service/image_events.h"
#include "service/model_host.h"
#include "store/tiered/tiered_store.h"
#include "tensors/encoding_file.h"

namespace samcache {

struct EncodingSummary {
  struct Piece {
    std::string profile;
    std::uint64_t size_bytes = 0;  // of the file, as it is stored
    std::chrono::system_clock::time_point created = {};
  };
  std::vector<Piece> pieces;  // empty: not encoded
};

struct EncodingRequest {
  Profile profile = Profile::kTrunk;
  std::optional<DType> dtype = {};  // none: as it is stored
  bool seed_layout = false;         // the seed's key names (tensors/seed_layout.h); from the trunk
};

struct EncodingFile {
  SharedBytes bytes = {};
  std::string etag = {};      // of exactly these bytes, without quotes
  std::string filename = {};  // for whoever saves it
  std::string cache = {};     // "memory", "disk", "remote"; "derived" when it was made from what is stored
};

struct LoadedEncoding {
  Encoding encoding;
  std::string cache;  // "memory", "disk" or "remote"
};

struct EncodingServiceOptions {
  std::vector<Profile> profiles = {Profile::kTrunk};  // what a worker stores of each image
  std::size_t derived_cache_bytes = 64 << 20;         // files made for a download
  std::filesystem::path scratch_folder = {};          // for files that are too large for memory
};

class EncodingService {
 public:
  EncodingService(std::shared_ptr<Catalog> catalog, std::shared_ptr<JobQueue> queue,
                  std::shared_ptr<TieredStore> encodings, std::shared_ptr<ModelHost> model,
                  std::shared_ptr<ImageEvents> events, EncodingServiceOptions options);

  // What a worker is to make of an image. `reason` is for logs.
  EncodeJobRequest job_for(const ImageRecord& image, JobPriority priority, const std::string& reason) const;

  // Puts a job into the queue unless the image is encoded; kUnavailable: the queue is full. `again`: even if the
  // catalog says it is encoded (its encoding was lost), or failed.
  Status request_encode(const ImageRecord& image, JobPriority priority, const std::string& reason, bool again,
                        Deadline deadline);
  // The same, and waits until it is encoded. kUnavailable: the deadline came first; kCorrupt and the like: encoding
  // failed, with the reason.
  Status encode_and_wait(const ImageRecord& image, bool again, Deadline deadline);

  Result<EncodingSummary> summary(const ImageRecord& image, Deadline deadline);
  std::string encoding_id(const ImageRecord& image) const;

  // The name of the encoding that prompts on this image are answered from, for whoever fetches it in advance.
  std::string served_name(const ImageRecord& image) const;

  // What a prompt runs from: the trunk, or the `wanted` profile where no trunk is kept. kNotFound: not encoded.
  Result<LoadedEncoding> load(const ImageRecord& image, Profile wanted, Deadline deadline);

  // The file to download; kNotFound: not encoded.
  Result<EncodingFile> file(const ImageRecord& image, const EncodingRequest& request, Deadline deadline);

  // An encoding computed elsewhere. Checked: the format, its digest, this image, this model and preprocessing, the
  // shapes this model makes, finite numbers. kInvalidArgument or kCorrupt say what does not fit. Whether it was kept
  // (false: there was one already).
  Result<bool> put(const ImageRecord& image, const SharedBytes& bytes, Deadline deadline);

  // What these models made of it, from every tier, and from the device. For when the last image that has this content
  // is gone. The first error, after all were asked for.
  Status remove(const ImageRecord& image, const std::vector<std::string>& model_fingerprints, Deadline deadline);

  const EncodingServiceOptions& options() const { return options_; }
  TieredStore& store() const { return *encodings_; }

 private:
  using DerivedFiles = LruCache<std::string, EncodingFile>;
  // The entity tag of bytes in a memory tier: hashing them takes a good part of the time of sending them.
  struct KnownTag {
    std::weak_ptr<const void> owner;  // of the bytes
    std::string etag;
  };

  std::string name_of(const ImageRecord& image, Profile profile) const;
  Result<std::optional<LoadedEncoding>> load_stored(const ImageRecord& image, Profile profile, Deadline deadline);
  Result<EncodingFile> derived_file(const ImageRecord& image, const EncodingRequest& request, Deadline deadline);
  Result<SharedBytes> seed_layout_of(const Encoding& encoding, const EncodingRequest& request);
  Status check_fits(const Encoding& encoding, const ImageRecord& image) const;
  std::string etag_of_stored(const std::string& name, const SharedBytes& bytes);
  Result<bool> is_complete(const ImageRecord& image, Deadline deadline);

  const std::shared_ptr<Catalog> catalog_;
  const std::shared_ptr<JobQueue> queue_;
  const std::shared_ptr<TieredStore> encodings_;
  const std::shared_ptr<ModelHost> model_;
  const std::shared_ptr<ImageEvents> events_;
  const EncodingServiceOptions options_;
  DerivedFiles derived_;
  LruCache<std::string, KnownTag> tags_;
};

// The id that names the encodings of all images with this content.
std::string content_id_of(const ImageRecord& image);

}  // namespace samcache

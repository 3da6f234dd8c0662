// What samcache knows of images: the uploads of all projects, in upload order, and how far each one's encoding is.
//
// Rows in the database that every process shares; the pictures and encodings themselves are in object stores. Tokens,
// the audit log and annotations lie beside the images in the same tables' history: tokens(), audit_log(),
// annotations().
//
// An image's status belongs to its content and a model: it is kept by (sha256, model fingerprint), so images of equal
// content always agree, an upload of known content is completed at once, and an image that only another model has
// encoded is pending. Every query answers for `options.model_fingerprint`. The job queue's transitions set it
// (`set_encoding_statuses`), in the queue's own transaction; nobody else should.
//
// Any thread, blocking. Errors are those of database.h, and kInvalidArgument for values from outside that cannot be:
// the message says which and why. All limits are below.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "database/database.h"

namespace samcache {

class Annotations;
class AuditLog;
class Tokens;

enum class EncodingStatus { kPending, kProcessing, kCompleted, kFailed };

// "pending", "processing", "completed", "failed": as in the database and in the API.
std::string_view encoding_status_name(EncodingStatus status);
std::optional<EncodingStatus> parse_encoding_status(std::string_view name);

inline constexpr std::size_t kMaxFilenameCharacters = 255;  // of valid UTF-8
inline constexpr std::size_t kMaxProjectLength = 100;       // A-Z a-z 0-9 . _ -
inline constexpr std::size_t kMaxErrorBytes = 2000;         // longer ones are cut
inline constexpr std::size_t kMaxPageSize = 1000;

// The topic on which a change of an image's status is published (Database::subscribe). The payload is a JSON object:
// {"sha256":"…","status":"processing","model":"…"} for the images of one content (with "error" when failed), or
// {"many":true} for a large batch: then ask for what you need.
inline constexpr std::string_view kImagesTopic = "images";

struct ImageRecord {
  std::string id = {};       // a UUID, in lower case
  std::string project = {};  // empty: none
  std::string filename = {};
  std::string media_type = {};  // "image/jpeg"
  std::string format = {};      // "jpeg"
  std::int64_t width = 0;       // pixels, as shown (after orientation)
  std::int64_t height = 0;
  std::int64_t size_bytes = 0;
  std::string sha256 = {};  // of the original's bytes: 64 hexadecimal digits, lower case
  // Set by the catalog; what add_image is given here does not count.
  std::int64_t created_at_ms = 0;  // milliseconds since 1970
  EncodingStatus encoding_status = EncodingStatus::kPending;
  std::string encoding_error = {};  // of a failed one
  std::optional<std::int64_t> encoded_at_ms = {};
  std::string encoded_model = {};  // the fingerprint the status is about; empty while nothing is known of any encoding
};

struct AddedImage {
  ImageRecord record;
  bool created = false;  // false: it was there already, and `record` is what is there
};

struct ImageFilter {
  std::optional<std::string> project = {};  // "" asks for the images without one
  std::optional<EncodingStatus> status = {};
};

struct ImagePage {
  std::vector<ImageRecord> images = {};
  std::string next_cursor = {};  // empty: these were the last
};

struct RemovedImage {
  ImageRecord record = {};
  bool content_still_used = false;  // another image has the same sha256: keep the original, its encodings and its jobs
  // Else: fingerprints of the models that encoded the content, or were to.
  std::vector<std::string> encoded_by = {};
};

struct ProjectSummary {
  std::string project = {};  // "": the images without one
  std::int64_t pending = 0;
  std::int64_t processing = 0;
  std::int64_t completed = 0;
  std::int64_t failed = 0;
  std::int64_t last_upload_ms = 0;

  std::int64_t images() const { return pending + processing + completed + failed; }
};

struct EncodingChange {
  std::string sha256;
  EncodingStatus status = EncodingStatus::kPending;
  std::string error = {};  // kept for kFailed only
  std::string model_fingerprint = {};
};

struct CatalogOptions {
  // Of the model this process encodes with; every status is about it. Empty only where no status matters (tokens).
  std::string model_fingerprint;
};

class Catalog {
 public:
  // Brings the tables up to date first.
  static Result<std::shared_ptr<Catalog>> open(std::shared_ptr<Database> database, CatalogOptions options,
                                               Deadline deadline);
  ~Catalog();

  // Unique by id, which the caller derives from project and sha256: the same file uploaded again, or by two at once, is
  // one image. An id that is there with another project or content is kInvalidArgument.
  Result<AddedImage> add_image(const ImageRecord& image, Deadline deadline);
  Result<AddedImage> add_image(Transaction& transaction, const ImageRecord& image);

  // Nothing: no such image (also for what is no UUID).
  Result<std::optional<ImageRecord>> image(const std::string& id, Deadline deadline);
  // Those that are there, in the order asked for; at most kMaxPageSize ids.
  Result<std::vector<ImageRecord>> images(const std::vector<std::string>& ids, Deadline deadline);
  Result<std::vector<ImageRecord>> images_of_content(const std::string& sha256, Deadline deadline);

  // In upload order. `limit`: 1 to kMaxPageSize. `cursor`: empty, or the next_cursor of a page of the same filter;
  // anything else is kInvalidArgument.
  Result<ImagePage> list_images(const ImageFilter& filter, int limit, const std::string& cursor, Deadline deadline);

  // Of the image's project, in upload order: up to `behind` before it and `ahead` after it (0 to 100 each), without
  // itself, those after it first, nearest first on either side. Empty for an unknown image.
  Result<std::vector<ImageRecord>> neighbours(const std::string& id, int ahead, int behind, Deadline deadline);

  // With its annotations; with the last image of a content also what is known of its encodings. In the form with a
  // transaction remove the content's jobs first (JobQueue::remove_for), so that no late worker brings a status back.
  Result<std::optional<RemovedImage>> remove_image(const std::string& id, Deadline deadline);
  Result<std::optional<RemovedImage>> remove_image(Transaction& transaction, const std::string& id);

  // By name; projects without images do not exist.
  Result<std::vector<ProjectSummary>> projects(Deadline deadline);

  // Inside the transaction that makes it so; published on kImagesTopic. Contents of which there is no image are left
  // out. A few statements, however many changes.
  void set_encoding_statuses(Transaction& transaction, std::span<const EncodingChange> changes);
  // For what was encoded without a job (an encoding that was put, or was found in the store).
  Status set_encoding_status(const EncodingChange& change, Deadline deadline);

  Tokens& tokens() { return *tokens_; }
  AuditLog& audit_log() { return *audit_log_; }
  Annotations& annotations() { return *annotations_; }
  const std::shared_ptr<Database>& database() const { return database_; }
  const std::string& model_fingerprint() const { return options_.model_fingerprint; }

 private:
  Catalog(std::shared_ptr<Database> database, CatalogOptions options);

  const std::shared_ptr<Database> database_;
  const CatalogOptions options_;
  const std::unique_ptr<Tokens> tokens_;
  const std::unique_ptr<AuditLog> audit_log_;
  const std::unique_ptr<Annotations> annotations_;
};

}  // namespace samcache

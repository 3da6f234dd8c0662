#include "service/image_service.h"

#include <atomic>

#include "base/lru_cache.h"
#include "base/text.h"
#include "image/digest.h"
#include "image/thumbnail.h"
#include "service/stored_objects.h"

namespace samcache {
namespace {

constexpr std::size_t kRecordBytes = 1024;  // with its texts, roughly

// What is shown to people: without folders, control characters and broken UTF-8.
std::string display_name(std::string_view filename) {
  if (const std::size_t slash = filename.find_last_of("/\\"); slash != std::string_view::npos) {
    filename.remove_prefix(slash + 1);
  }
  std::string name;
  std::size_t characters = 0;
  for (std::size_t at = 0; at < filename.size() && characters < kMaxFilenameCharacters;) {
    std::size_t length = 1;
    while (at + length < filename.size() && (static_cast<unsigned char>(filename[at + length]) & 0xC0) == 0x80) {
      ++length;
    }
    const std::string_view character = filename.substr(at, length);
    const auto first = static_cast<unsigned char>(character[0]);
    const bool is_control = first < 0x20 || first == 0x7F;
    name += is_control || !is_utf8(character) ? std::string_view("_") : character;
    ++characters;
    at += length;
  }
  return name.empty() || name == "." || name == ".." ? "image" : name;
}

}  // namespace

Result<std::string> image_id_in_project(std::string_view project, std::string_view sha256) {
  if (project.empty()) return image_id_from_sha256(sha256);
  std::string both(project);
  both += '\0';
  both += sha256;
  return image_id_from_sha256(sha256_hex(bytes_of(both)));
}

namespace {

// A record, and until when it may be shown without looking again should the news of a change have got lost.
struct CachedRecord {
  ImageRecord image;
  Deadline fresh = Deadline::never();
};

Deadline freshness_of(const ImageRecord& image) {
  const bool will_change =
      image.encoding_status == EncodingStatus::kPending || image.encoding_status == EncodingStatus::kProcessing;
  return Deadline::after(will_change ? std::chrono::seconds(1) : std::chrono::seconds(60));
}

}  // namespace

struct ImageService::Caches {
  explicit Caches(const ImageServiceOptions& options)
      : records(options.record_cache_bytes), thumbnails(options.thumbnail_cache_bytes) {}

  LruCache<std::string, CachedRecord> records;    // by id
  LruCache<std::string, SharedBytes> thumbnails;  // by digest and size
  std::atomic<std::uint64_t> changes = 0;         // of records: what was read before one must not be kept
};

ImageService::ImageService(std::shared_ptr<Catalog> catalog, std::shared_ptr<ObjectStore> originals,
                           ImageServiceOptions options)
    : catalog_(std::move(catalog)),
      originals_(std::move(originals)),
      options_(options),
      caches_(std::make_unique<Caches>(options_)) {}

ImageService::~ImageService() = default;

Result<UploadedImage> ImageService::add(const NewImage& image, Deadline deadline) {
  ImageRecord record{.project = image.project, .filename = display_name(image.filename)};
  {
    const Result<DecodedImage> decoded = decode_image(image.bytes.span(), record.filename, options_.decode);
    if (!decoded) return decoded.error();
    record.media_type = "image/" + decoded->format;
    record.format = decoded->format;
    record.width = decoded->rgb.width;
    record.height = decoded->rgb.height;
    record.sha256 = decoded->sha256;
  }
  record.size_bytes = static_cast<std::int64_t>(image.bytes.size());
  Result<std::string> id = image_id_in_project(record.project, record.sha256);
  if (!id) return id.error();
  record.id = std::move(*id);
  // Before the record: an image that can be seen has its content.
  const Result<bool> stored = originals_->save(original_name(record.sha256), image.bytes, SaveMode::kKeep, deadline);
  if (!stored) return stored.error().within("cannot keep " + in_quotes(record.filename));
  Result<AddedImage> added = catalog_->add_image(record, deadline);
  if (!added) return added.error();
  forget_cached(record.id);
  return UploadedImage{std::move(added->record), !added->created};
}

Result<ImageRecord> ImageService::find(const std::string& id, Deadline deadline) {
  if (const auto cached = find_cached(id)) return *cached;
  const std::uint64_t changes = caches_->changes;
  Result<std::optional<ImageRecord>> found = catalog_->image(id, deadline);
  if (!found) return found.error();
  if (!found->has_value()) return Error{ErrorCode::kNotFound, "no image " + in_quotes(id)};
  caches_->records.insert(id, std::make_shared<const CachedRecord>(CachedRecord{**found, freshness_of(**found)}),
                          kRecordBytes);
  if (caches_->changes != changes) caches_->records.remove(id);
  return std::move(**found);
}

std::shared_ptr<const ImageRecord> ImageService::find_cached(const std::string& id) const {
  const std::shared_ptr<const CachedRecord> cached = caches_->records.find(id);
  if (cached == nullptr || cached->fresh.passed()) return nullptr;
  return {cached, &cached->image};
}

void ImageService::forget_cached(const std::string& id) {
  ++caches_->changes;
  caches_->records.remove(id);
}

void ImageService::forget_all_cached() {
  ++caches_->changes;
  caches_->records.clear();
}

Result<SharedBytes> ImageService::content(const ImageRecord& image, Deadline deadline) {
  Result<std::optional<SharedBytes>> loaded = originals_->load(original_name(image.sha256), deadline);
  if (!loaded) return loaded.error();
  if (!loaded->has_value()) {
    return Error{ErrorCode::kNotFound, "the image store has lost the original of image " + image.id};
  }
  return std::move(**loaded);
}

Result<SharedBytes> ImageService::thumbnail(const ImageRecord& image, int size, Deadline deadline) {
  const std::string key = image.sha256 + "/" + std::to_string(size);
  if (const auto cached = caches_->thumbnails.find(key)) return *cached;
  const Result<SharedBytes> original = content(image, deadline);
  if (!original) return original.error();
  Result<std::vector<std::byte>> made = webp_thumbnail(original->span(), image.filename, size, options_.decode);
  if (!made) return made.error();
  auto kept = std::make_shared<const SharedBytes>(std::move(*made));
  caches_->thumbnails.insert(key, kept, kept->size());
  return *kept;
}

Status ImageService::remove_content(const ImageRecord& image, Deadline deadline) {
  const Result<bool> removed = originals_->remove(original_name(image.sha256), deadline);
  if (!removed) return removed.error();
  return {};
}

}  // namespace samcache

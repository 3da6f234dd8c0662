// Images: uploaded, listed, read, removed.
//
// The original lies in the image store under its SHA-256, once however often it was uploaded; the catalog knows its
// name, its project and its size. An image's id comes from its project and its SHA-256 alone, so that an upload can be
// repeated after a lost answer without making a second image; without a project it is the id that the command line
// gives the same file.
//
// Thread-safe and blocking. kNotFound: no such image.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "catalog/catalog.h"
#include "image/decode.h"
#include "service/image_events.h"
#include "store/object_store.h"

namespace samcache {

struct NewImage {
  std::string project = {};   // empty: none
  std::string filename = {};  // as the user's machine calls it, for people; folders are cut off
  SharedBytes bytes = {};     // the file; may be a mapping of a temporary file that nobody else writes to
};

struct UploadedImage {
  ImageRecord image;
  bool existed = false;  // the same file was there, in the same project
};

struct ImageServiceOptions {
  DecodeLimits decode = {};
  std::size_t thumbnail_cache_bytes = 64 << 20;
  std::size_t record_cache_bytes = 16 << 20;
};

class ImageService {
 public:
  ImageService(std::shared_ptr<Catalog> catalog, std::shared_ptr<ObjectStore> originals, ImageServiceOptions options);
  ~ImageService();

  // Decodes the whole file first, so that what is kept can be encoded: kUnsupported, kCorrupt or kTooLarge say why it
  // cannot. The original is stored durably before the record is made.
  Result<UploadedImage> add(const NewImage& image, Deadline deadline);

  Result<ImageRecord> find(const std::string& id, Deadline deadline);
  // From memory, without waiting for anything; nullptr when it must be looked up by `find`. Records that another
  // process changed are forgotten as soon as the database tells so.
  std::shared_ptr<const ImageRecord> find_cached(const std::string& id) const;
  void forget_cached(const std::string& id);
  void forget_all_cached();

  Result<SharedBytes> content(const ImageRecord& image, Deadline deadline);
  // A WebP that fits into size x size pixels (image/thumbnail.h); never larger than the image.
  Result<SharedBytes> thumbnail(const ImageRecord& image, int size, Deadline deadline);

  // The original, from the image store. For when the last image that has this content is gone.
  Status remove_content(const ImageRecord& image, Deadline deadline);

 private:
  struct Caches;

  const std::shared_ptr<Catalog> catalog_;
  const std::shared_ptr<ObjectStore> originals_;
  const ImageServiceOptions options_;
  const std::unique_ptr<Caches> caches_;
};

// The id of a file in a project; `sha256` of 64 hexadecimal digits.
Result<std::string> image_id_in_project(std::string_view project, std::string_view sha256);

}  // namespace samcache

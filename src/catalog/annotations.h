// What people drew on an image: one JSON document each, with a revision number against lost updates.
//
// Who saves says on which revision the work was based; when somebody else saved meanwhile, nothing is written and the
// answer is what is there. Documents are opaque here, but for being one well-formed JSON value of at most
// kMaxAnnotationBytes. They go with their image. Any thread. Obtained from Catalog::annotations(), which owns it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "database/database.h"

namespace samcache {

inline constexpr std::size_t kMaxAnnotationBytes = 16 << 20;

struct AnnotationDocument {
  std::string document = {};
  std::int64_t revision = 0;  // 1 for the first that was saved
  std::int64_t updated_at_ms = 0;
};

struct SavedAnnotations {
  bool conflict = false;
  // The new one; with a conflict, the one that is there (0 for none).
  std::int64_t revision = 0;
};

struct ImageAnnotations {
  std::string image_id;
  AnnotationDocument annotations;
};

class Annotations {
 public:
  explicit Annotations(std::shared_ptr<Database> database) : database_(std::move(database)) {}

  // Nothing: none was saved, or no such image.
  Result<std::optional<AnnotationDocument>> load(const std::string& image_id, Deadline deadline);

  // `expected_revision`: what the document was made from; 0 for a first one. kNotFound: no such image. kTooLarge: over
  // the limit. kInvalidArgument: no JSON.
  Result<SavedAnnotations> save(const std::string& image_id, const std::string& document,
                                std::int64_t expected_revision, Deadline deadline);

  // A project's documents in upload order, `limit` at a time (1 to 100), after the image `after_image_id` (empty: from
  // the beginning; an image that is gone is kNotFound): for exports.
  Result<std::vector<ImageAnnotations>> list(const std::string& project, int limit, const std::string& after_image_id,
                                             Deadline deadline);

 private:
  const std::shared_ptr<Database> database_;
};

}  // namespace samcache

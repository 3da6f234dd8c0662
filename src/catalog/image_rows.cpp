#include "catalog/image_rows.h"

#include <algorithm>

namespace samcache {

const std::string kSelectImages =
    "SELECT images.id, project, filename, media_type, format, width, height, size_bytes, images.sha256, created_at, "
    "encoding_states.status, encoding_states.error, encoding_states.encoded_at, encoding_states.model_fingerprint, "
    "upload_number FROM images LEFT JOIN encoding_states ON encoding_states.sha256 = images.sha256 "
    "AND encoding_states.model_fingerprint = :model ";

ImageRecord image_of(const SqlRow& row) {
  return {.id = row.text(0),
          .project = row.text(1),
          .filename = row.text(2),
          .media_type = row.text(3),
          .format = row.text(4),
          .width = row.integer(5),
          .height = row.integer(6),
          .size_bytes = row.integer(7),
          .sha256 = row.text(8),
          .created_at_ms = row.integer(9),
          .encoding_status = parse_encoding_status(row.text(10)).value_or(EncodingStatus::kPending),
          .encoding_error = row.text(11),
          .encoded_at_ms = row.optional_integer(12),
          .encoded_model = row.text(13)};
}

std::vector<ImageRecord> images_of(const SqlRows& rows) {
  std::vector<ImageRecord> images(rows.size());
  std::transform(rows.begin(), rows.end(), images.begin(), image_of);
  return images;
}

}  // namespace samcache

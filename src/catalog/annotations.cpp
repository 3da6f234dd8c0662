#include "catalog/annotations.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "catalog/checks.h"

namespace samcache {
namespace {

constexpr int kMaxExported = 100;

Error unknown_image(const std::string& id) { return {ErrorCode::kNotFound, "there is no image " + in_quotes(id)}; }

}  // namespace

Result<std::optional<AnnotationDocument>> Annotations::load(const std::string& image_id, Deadline deadline) {
  using Answer = std::optional<AnnotationDocument>;
  if (!is_uuid(image_id)) return Answer();
  return database_->transaction(Access::kRead, deadline, [&](Transaction& transaction) -> Result<Answer> {
    const SqlRows rows = transaction.query(
        "SELECT document, revision, updated_at FROM annotations WHERE image_id = :id", {{"id", image_id}});
    if (rows.empty()) return Answer();
    return Answer({rows[0].text(0), rows[0].integer(1), rows[0].integer(2)});
  });
}

Result<SavedAnnotations> Annotations::save(const std::string& image_id, const std::string& document,
                                           std::int64_t expected_revision, Deadline deadline) {
  if (document.size() > kMaxAnnotationBytes) {
    return Error{ErrorCode::kTooLarge, "the annotations have " + std::to_string(document.size()) + " bytes; at most " +
                                           std::to_string(kMaxAnnotationBytes) + " are kept"};
  }
  if (!is_utf8(document) || !nlohmann::json::accept(document)) {
    return Error{ErrorCode::kInvalidArgument, "the annotations are not one JSON value in UTF-8"};
  }
  if (!is_uuid(image_id)) return unknown_image(image_id);
  return database_->transaction(Access::kWrite, deadline, [&](Transaction& transaction) -> Result<SavedAnnotations> {
    SqlParameters parameters = {{"id", image_id}, {"document", document}, {"now", transaction.now_ms()}};
    if (expected_revision == 0) {
      const bool is_first =
          transaction.execute(
              "INSERT INTO annotations (image_id, document, revision, updated_at) "
              "SELECT id, CAST(:document AS TEXT), 1, CAST(:now AS BIGINT) FROM images WHERE id = :id "
              "ON CONFLICT (image_id) DO NOTHING",
              parameters) > 0;
      if (is_first) return SavedAnnotations{false, 1};
    } else {
      parameters.emplace_back("expected", expected_revision);
      const bool is_next =
          transaction.execute(
              "UPDATE annotations SET document = :document, revision = revision + 1, updated_at = :now "
              "WHERE image_id = :id AND revision = :expected",
              parameters) > 0;
      if (is_next) return SavedAnnotations{false, expected_revision + 1};
    }
    const SqlRows there = transaction.query(
        "SELECT annotations.revision FROM images LEFT JOIN annotations ON annotations.image_id = images.id "
        "WHERE images.id = :id",
        {{"id", image_id}});
    if (there.empty()) return unknown_image(image_id);
    return SavedAnnotations{true, there[0].integer(0)};
  });
}

Result<std::vector<ImageAnnotations>> Annotations::list(const std::string& project, int limit,
                                                        const std::string& after_image_id, Deadline deadline) {
  if (Status fits = check_project(project); !fits) return fits.error();
  if (limit < 1 || limit > kMaxExported) {
    return Error{ErrorCode::kInvalidArgument, "the limit is " + std::to_string(limit) + "; it must be 1 to 100"};
  }
  if (!after_image_id.empty() && !is_uuid(after_image_id)) return unknown_image(after_image_id);
  using Answer = std::vector<ImageAnnotations>;
  return database_->transaction(Access::kRead, deadline, [&](Transaction& transaction) -> Result<Answer> {
    std::int64_t after = 0;
    if (!after_image_id.empty()) {
      const SqlRows there =
          transaction.query("SELECT upload_number FROM images WHERE id = :id", {{"id", after_image_id}});
      if (there.empty()) return unknown_image(after_image_id);
      after = there[0].integer(0);
    }
    Answer found;
    for (const SqlRow& row :
         transaction.query("SELECT images.id, document, revision, updated_at FROM images "
                           "JOIN annotations ON annotations.image_id = images.id "
                           "WHERE project = :project AND upload_number > :after ORDER BY upload_number LIMIT :rows",
                           {{"project", project}, {"after", after}, {"rows", limit}})) {
      found.push_back({row.text(0), {row.text(1), row.integer(2), row.integer(3)}});
    }
    return found;
  });
}

}  // namespace samcache

// Single images; lists are in catalog_lists.cpp, statuses in encoding_statuses.cpp.

#include "catalog/catalog.h"

#include <nlohmann/json.hpp>
#include <unordered_map>

#include "catalog/annotations.h"
#include "catalog/audit_log.h"
#include "catalog/catalog_tables.h"
#include "catalog/checks.h"
#include "catalog/image_rows.h"
#include "catalog/tokens.h"

namespace samcache {

Catalog::Catalog(std::shared_ptr<Database> database, CatalogOptions options)
    : database_(std::move(database)),
      options_(std::move(options)),
      tokens_(std::make_unique<Tokens>(database_)),
      audit_log_(std::make_unique<AuditLog>(database_)),
      annotations_(std::make_unique<Annotations>(database_)) {}

Catalog::~Catalog() = default;

Result<std::shared_ptr<Catalog>> Catalog::open(std::shared_ptr<Database> database, CatalogOptions options,
                                               Deadline deadline) {
  if (Status done = database->migrate("catalog", catalog_migrations(database->dialect()), deadline); !done) {
    return done.error();
  }
  return std::shared_ptr<Catalog>(new Catalog(std::move(database), std::move(options)));
}

Result<AddedImage> Catalog::add_image(const ImageRecord& image, Deadline deadline) {
  return database_->transaction(Access::kWrite, deadline,
                                [&](Transaction& transaction) { return add_image(transaction, image); });
}

Result<AddedImage> Catalog::add_image(Transaction& transaction, const ImageRecord& image) {
  if (Status fits = check_image(image); !fits) return fits.error();
  const bool is_new = transaction.execute(
                          "INSERT INTO images (id, project, filename, media_type, format, width, height, size_bytes, "
                          "sha256, created_at) VALUES (:id, :project, :filename, :media_type, :format, :width, "
                          ":height, :size, :sha256, :now) ON CONFLICT (id) DO NOTHING",
                          {{"id", image.id},
                           {"project", image.project},
                           {"filename", image.filename},
                           {"media_type", image.media_type},
                           {"format", image.format},
                           {"width", image.width},
                           {"height", image.height},
                           {"size", image.size_bytes},
                           {"sha256", image.sha256},
                           {"now", transaction.now_ms()}}) > 0;
  const SqlRows rows = transaction.query(kSelectImages + "WHERE images.id = :id",
                                         {{"id", image.id}, {"model", options_.model_fingerprint}});
  if (rows.empty())
    return Error{ErrorCode::kUnavailable, "image " + image.id + " was removed at this moment: try again"};
  AddedImage added{image_of(rows[0]), is_new};
  if (added.record.sha256 != image.sha256 || added.record.project != image.project) {
    return Error{ErrorCode::kInvalidArgument, "image " + image.id + " is there with another content or project"};
  }
  return added;
}

Result<std::optional<ImageRecord>> Catalog::image(const std::string& id, Deadline deadline) {
  using Answer = std::optional<ImageRecord>;
  if (!is_uuid(id)) return Answer();
  return database_->transaction(Access::kRead, deadline, [&](Transaction& transaction) -> Result<Answer> {
    const SqlRows rows =
        transaction.query(kSelectImages + "WHERE images.id = :id", {{"id", id}, {"model", options_.model_fingerprint}});
    if (rows.empty()) return Answer();
    return Answer(image_of(rows[0]));
  });
}

Result<std::vector<ImageRecord>> Catalog::images(const std::vector<std::string>& ids, Deadline deadline) {
  if (ids.size() > kMaxPageSize) {
    return Error{ErrorCode::kInvalidArgument, std::to_string(ids.size()) + " ids were asked for; at most " +
                                                  std::to_string(kMaxPageSize) + " may be at once"};
  }
  nlohmann::json list = nlohmann::json::array();
  for (const std::string& id : ids) {
    if (is_uuid(id)) list.push_back(id);
  }
  using Answer = std::vector<ImageRecord>;
  return database_->transaction(Access::kRead, deadline, [&](Transaction& transaction) -> Result<Answer> {
    std::unordered_map<std::string, ImageRecord> found;
    for (const SqlRow& row :
         transaction.query(kSelectImages + "WHERE images.id IN (SELECT value FROM " + list_table(transaction) + ")",
                           {{"list", list.dump()}, {"model", options_.model_fingerprint}})) {
      found.emplace(row.text(0), image_of(row));
    }
    Answer answer;
    for (const std::string& id : ids) {
      if (const auto image = found.find(id); image != found.end()) answer.push_back(image->second);
    }
    return answer;
  });
}

Result<std::vector<ImageRecord>> Catalog::images_of_content(const std::string& sha256, Deadline deadline) {
  using Answer = std::vector<ImageRecord>;
  if (!is_sha256(sha256)) return Answer();
  return database_->transaction(Access::kRead, deadline, [&](Transaction& transaction) -> Result<Answer> {
    return images_of(transaction.query(kSelectImages + "WHERE images.sha256 = :sha256 ORDER BY upload_number",
                                       {{"sha256", sha256}, {"model", options_.model_fingerprint}}));
  });
}

Result<std::optional<RemovedImage>> Catalog::remove_image(const std::string& id, Deadline deadline) {
  return database_->transaction(Access::kWrite, deadline,
                                [&](Transaction& transaction) { return remove_image(transaction, id); });
}

Result<std::optional<RemovedImage>> Catalog::remove_image(Transaction& transaction, const std::string& id) {
  using Answer = std::optional<RemovedImage>;
  if (!is_uuid(id)) return Answer();
  if (transaction.dialect() == SqlDialect::kPostgresql) {
    // Of two that remove the last two images of a content, the second must see that it is the last.
    transaction.query(
        "SELECT id FROM images WHERE sha256 = (SELECT sha256 FROM images WHERE id = :id) ORDER BY id FOR UPDATE",
        {{"id", id}});
  }
  const SqlRows rows =
      transaction.query(kSelectImages + "WHERE images.id = :id", {{"id", id}, {"model", options_.model_fingerprint}});
  if (rows.empty()) return Answer();
  RemovedImage removed{image_of(rows[0])};
  const SqlParameters content = {{"sha256", removed.record.sha256}};
  transaction.execute("DELETE FROM images WHERE id = :id", {{"id", id}});
  removed.content_still_used =
      !transaction.query("SELECT 1 FROM images WHERE sha256 = :sha256 LIMIT 1", content).empty();
  if (removed.content_still_used) return Answer(std::move(removed));
  for (const SqlRow& row :
       transaction.query("DELETE FROM encoding_states WHERE sha256 = :sha256 RETURNING model_fingerprint", content)) {
    removed.encoded_by.push_back(row.text(0));
  }
  return Answer(std::move(removed));
}

}  // namespace samcache

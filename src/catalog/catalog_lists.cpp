// Many images: pages, neighbours, projects.

#include <algorithm>

#include "base/text.h"
#include "catalog/catalog.h"
#include "catalog/checks.h"
#include "catalog/cursor.h"
#include "catalog/image_rows.h"

namespace samcache {
namespace {

constexpr int kMaxNeighbours = 100;

// What a cursor of this list belongs to. Projects hold no line breaks.
std::string list_name(const ImageFilter& filter) {
  return "images\n" + (filter.project ? "of " + *filter.project : "of all") + "\n" +
         std::string(filter.status ? encoding_status_name(*filter.status) : "any");
}

}  // namespace

Result<ImagePage> Catalog::list_images(const ImageFilter& filter, int limit, const std::string& cursor,
                                       Deadline deadline) {
  if (limit < 1 || limit > static_cast<int>(kMaxPageSize)) {
    return Error{ErrorCode::kInvalidArgument,
                 "the limit is " + std::to_string(limit) + "; it must be 1 to " + std::to_string(kMaxPageSize)};
  }
  if (filter.project) {
    if (Status fits = check_project(*filter.project); !fits) return fits.error();
  }
  std::int64_t after = 0;
  if (!cursor.empty()) {
    const auto position = parse_cursor(list_name(filter), cursor);
    if (!position) return position.error();
    after = *position;
  }
  std::string where = "WHERE upload_number > :after";
  SqlParameters parameters = {{"model", options_.model_fingerprint}, {"after", after}, {"rows", limit + 1}};
  if (filter.project) {
    where += " AND project = :project";
    parameters.emplace_back("project", *filter.project);
  }
  if (filter.status) {
    where += std::string(" AND ") + kStatusOfImage + " = :status";
    parameters.emplace_back("status", encoding_status_name(*filter.status));
  }
  return database_->transaction(Access::kRead, deadline, [&](Transaction& transaction) -> Result<ImagePage> {
    SqlRows rows = transaction.query(kSelectImages + where + " ORDER BY upload_number LIMIT :rows", parameters);
    ImagePage page;
    if (rows.size() > static_cast<std::size_t>(limit)) {
      rows.pop_back();  // asked for only to know that there are more
      page.next_cursor = format_cursor(list_name(filter), rows.back().integer(kUploadNumberColumn));
    }
    page.images = images_of(rows);
    return page;
  });
}

Result<std::vector<ImageRecord>> Catalog::neighbours(const std::string& id, int ahead, int behind, Deadline deadline) {
  using Answer = std::vector<ImageRecord>;
  if (std::min(ahead, behind) < 0 || std::max(ahead, behind) > kMaxNeighbours) {
    return Error{ErrorCode::kInvalidArgument, std::to_string(ahead) + " images ahead and " + std::to_string(behind) +
                                                  " behind were asked for; each must be 0 to 100"};
  }
  if (!is_uuid(id)) return Answer();
  return database_->transaction(Access::kRead, deadline, [&](Transaction& transaction) -> Result<Answer> {
    const SqlRows here = transaction.query("SELECT project, upload_number FROM images WHERE id = :id", {{"id", id}});
    if (here.empty()) return Answer();
    const auto side = [&](const std::string& condition_and_order, int count) {
      return images_of(transaction.query(
          kSelectImages + "WHERE project = :project AND upload_number " + condition_and_order + " LIMIT :rows",
          {{"model", options_.model_fingerprint},
           {"project", here[0].text(0)},
           {"here", here[0].integer(1)},
           {"rows", count}}));
    };
    Answer found = side("> :here ORDER BY upload_number", ahead);
    Answer before = side("< :here ORDER BY upload_number DESC", behind);
    std::move(before.begin(), before.end(), std::back_inserter(found));
    return found;
  });
}

Result<std::vector<ProjectSummary>> Catalog::projects(Deadline deadline) {
  using Answer = std::vector<ProjectSummary>;
  return database_->transaction(Access::kRead, deadline, [&](Transaction& transaction) -> Result<Answer> {
    Answer projects;
    for (const SqlRow& row : transaction.query(
             std::string("SELECT project, ") + kStatusOfImage + " AS status, COUNT(*), MAX(created_at) FROM images " +
                 "LEFT JOIN encoding_states ON encoding_states.sha256 = images.sha256 "
                 "AND encoding_states.model_fingerprint = :model GROUP BY project, " +
                 kStatusOfImage + " ORDER BY project",
             {{"model", options_.model_fingerprint}})) {
      if (projects.empty() || projects.back().project != row.text(0)) projects.push_back({.project = row.text(0)});
      ProjectSummary& summary = projects.back();
      const std::int64_t images = row.integer(2);
      switch (parse_encoding_status(row.text(1)).value_or(EncodingStatus::kPending)) {
        case EncodingStatus::kPending: summary.pending += images; break;
        case EncodingStatus::kProcessing: summary.processing += images; break;
        case EncodingStatus::kCompleted: summary.completed += images; break;
        case EncodingStatus::kFailed: summary.failed += images; break;
      }
      summary.last_upload_ms = std::max(summary.last_upload_ms, row.integer(3));
    }
    return projects;
  });
}

}  // namespace samcache

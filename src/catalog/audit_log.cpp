#include "catalog/audit_log.h"

#include <limits>

#include "catalog/checks.h"
#include "catalog/cursor.h"

namespace samcache {
namespace {

constexpr std::size_t kMaxAuditBytes = 1000;
constexpr const char* kCursorList = "audit log";

}  // namespace

Status AuditLog::append(const AuditEntry& entry, Deadline deadline) {
  return database_->transaction(Access::kWrite, deadline, [&](Transaction& transaction) -> Status {
    append(transaction, entry);
    return {};
  });
}

void AuditLog::append(Transaction& transaction, const AuditEntry& entry) {
  transaction.execute(
      "INSERT INTO audit_log (time, request_id, token_id, action, subject, detail) "
      "VALUES (:time, :request, :token, :action, :subject, :detail)",
      {{"time", transaction.now_ms()},
       {"request", fit_text(entry.request_id, kMaxAuditBytes)},
       {"token", fit_text(entry.token_id, kMaxAuditBytes)},
       {"action", fit_text(entry.action, kMaxAuditBytes)},
       {"subject", fit_text(entry.subject, kMaxAuditBytes)},
       {"detail", fit_text(entry.detail, kMaxAuditBytes)}});
}

Result<AuditPage> AuditLog::list(int limit, const std::string& cursor, Deadline deadline) {
  if (limit < 1 || limit > static_cast<int>(kMaxPageSize)) {
    return Error{ErrorCode::kInvalidArgument, "the limit is " + std::to_string(limit) + "; it must be 1 to 1000"};
  }
  std::int64_t before = std::numeric_limits<std::int64_t>::max();
  if (!cursor.empty()) {
    const auto position = parse_cursor(kCursorList, cursor);
    if (!position) return position.error();
    before = *position;
  }
  return database_->transaction(Access::kRead, deadline, [&](Transaction& transaction) -> Result<AuditPage> {
    AuditPage page;
    for (const SqlRow& row :
         transaction.query("SELECT number, time, request_id, token_id, action, subject, detail FROM audit_log "
                           "WHERE number < :before ORDER BY number DESC LIMIT :rows",
                           {{"before", before}, {"rows", limit + 1}})) {
      if (page.entries.size() == static_cast<std::size_t>(limit)) {
        page.next_cursor = format_cursor(kCursorList, page.entries.back().number);
        break;
      }
      page.entries.push_back(
          {row.integer(0), row.integer(1), row.text(2), row.text(3), row.text(4), row.text(5), row.text(6)});
    }
    return page;
  });
}

}  // namespace samcache

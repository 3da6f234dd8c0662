// Who did what to which image or token, and when: a line for every write, never changed afterwards.
//
// Any thread. Obtained from Catalog::audit_log(), which owns it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "database/database.h"

namespace samcache {

struct AuditEntry {
  std::int64_t number = 0;   // set by the log: rises with each entry
  std::int64_t time_ms = 0;  // set by the log, by the database's clock
  std::string request_id = {};
  std::string token_id = {};  // empty where access is open
  std::string action = {};    // "image.create"
  std::string subject = {};   // an id
  std::string detail = {};    // for people
};

struct AuditPage {
  std::vector<AuditEntry> entries = {};
  std::string next_cursor = {};  // empty: these were the last
};

class AuditLog {
 public:
  explicit AuditLog(std::shared_ptr<Database> database) : database_(std::move(database)) {}

  // Texts are cut to 1000 bytes, and what is not UTF-8 or is a control character in them is replaced: an entry is never
  // refused for what it says.
  Status append(const AuditEntry& entry, Deadline deadline);
  // The same as a part of what it tells of.
  void append(Transaction& transaction, const AuditEntry& entry);

  // Newest first. `limit`: 1 to 1000. `cursor`: empty, or the next_cursor of a page.
  Result<AuditPage> list(int limit, const std::string& cursor, Deadline deadline);

 private:
  const std::shared_ptr<Database> database_;
};

}  // namespace samcache

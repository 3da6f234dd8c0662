// The catalog's tables. Internal to catalog/.
//
// images: a row for each upload; `upload_number` is the order. encoding_states: what is known of a content's encoding
// by a model; no row is pending. tokens, audit_log, annotations: see their headers.
#pragma once

#include <vector>

#include "database/database.h"

namespace samcache {

std::vector<Migration> catalog_migrations(SqlDialect dialect);

// A JSON list of texts, the parameter `:list`, as a table with one column `value`.
inline const char* list_table(const Transaction& transaction) {
  return transaction.dialect() == SqlDialect::kPostgresql
             ? "jsonb_array_elements_text(CAST(:list AS jsonb)) AS list(value)"
             : "json_each(:list) AS list";
}

}  // namespace samcache

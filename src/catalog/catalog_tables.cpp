#include "catalog/catalog_tables.h"

namespace samcache {

std::vector<Migration> catalog_migrations(SqlDialect dialect) {
  const std::string serial = dialect == SqlDialect::kSqlite ? "INTEGER PRIMARY KEY AUTOINCREMENT"
                                                            : "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY";
  const std::string images =
      "CREATE TABLE images (upload_number " + serial +
      ", id TEXT NOT NULL UNIQUE, project TEXT NOT NULL, filename TEXT NOT NULL, media_type TEXT NOT NULL, "
      "format TEXT NOT NULL, width BIGINT NOT NULL, height BIGINT NOT NULL, size_bytes BIGINT NOT NULL, "
      "sha256 TEXT NOT NULL, created_at BIGINT NOT NULL)";
  const std::string encoding_states =
      "CREATE TABLE encoding_states (sha256 TEXT NOT NULL, model_fingerprint TEXT NOT NULL, "
      "status TEXT NOT NULL CHECK (status IN ('pending', 'processing', 'completed', 'failed')), "
      "error TEXT NOT NULL, encoded_at BIGINT, updated_at BIGINT NOT NULL, PRIMARY KEY (sha256, model_fingerprint))";
  const std::string tokens =
      "CREATE TABLE tokens (number " + serial +
      ", id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, scopes TEXT NOT NULL, project TEXT, "
      "secret_sha256 TEXT NOT NULL UNIQUE, created_at BIGINT NOT NULL, expires_at BIGINT, revoked_at BIGINT, "
      "last_used_at BIGINT)";
  const std::string audit_log =
      "CREATE TABLE audit_log (number " + serial +
      ", time BIGINT NOT NULL, request_id TEXT NOT NULL, token_id TEXT NOT NULL, action TEXT NOT NULL, "
      "subject TEXT NOT NULL, detail TEXT NOT NULL)";
  const std::string annotations =
      "CREATE TABLE annotations (image_id TEXT PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE, "
      "document TEXT NOT NULL, revision BIGINT NOT NULL, updated_at BIGINT NOT NULL)";
  return {{1,
           "images, tokens, audit log, annotations",
           {images, "CREATE INDEX images_of_project ON images (project, upload_number)",
            "CREATE INDEX images_of_content ON images (sha256)", encoding_states, tokens, audit_log, annotations}}};
}

}  // namespace samcache

// How far encodings are: kept by content and model, told to whoever listens.

#include <map>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "catalog/catalog.h"
#include "catalog/checks.h"

namespace samcache {
namespace {

// More changes at once are told in one notification.
constexpr std::size_t kMaxToldSingly = 16;

const char* changes_table(const Transaction& transaction) {
  if (transaction.dialect() == SqlDialect::kPostgresql) {
    return "jsonb_to_recordset(CAST(:changes AS jsonb)) AS change(sha256 text, model text, status text, error text)";
  }
  return "(SELECT json_extract(value, '$.sha256') AS sha256, json_extract(value, '$.model') AS model, "
         "json_extract(value, '$.status') AS status, json_extract(value, '$.error') AS error "
         "FROM json_each(:changes)) AS change";
}

std::string payload_of(const SqlRow& changed) {
  nlohmann::json payload = {{"sha256", changed.text(0)}, {"status", changed.text(1)}, {"model", changed.text(2)}};
  if (!changed.text(3).empty()) payload["error"] = changed.text(3);
  std::string text = payload.dump();
  if (text.size() <= kMaxPayloadBytes) return text;
  payload.erase("error");  // the image's record has it
  return payload.dump();
}

}  // namespace

std::string_view encoding_status_name(EncodingStatus status) {
  switch (status) {
    case EncodingStatus::kPending: return "pending";
    case EncodingStatus::kProcessing: return "processing";
    case EncodingStatus::kCompleted: return "completed";
    case EncodingStatus::kFailed: return "failed";
  }
  return "unknown";
}

std::optional<EncodingStatus> parse_encoding_status(std::string_view name) {
  for (const EncodingStatus status :
       {EncodingStatus::kPending, EncodingStatus::kProcessing, EncodingStatus::kCompleted, EncodingStatus::kFailed}) {
    if (name == encoding_status_name(status)) return status;
  }
  return std::nullopt;
}

void Catalog::set_encoding_statuses(Transaction& transaction, std::span<const EncodingChange> changes) {
  // The last word on each content and model; sorted, so that concurrent lists lock rows in one order.
  std::map<std::pair<std::string_view, std::string_view>, const EncodingChange*> last;
  for (const EncodingChange& change : changes) last[{change.sha256, change.model_fingerprint}] = &change;
  nlohmann::json list = nlohmann::json::array();
  for (const auto& [key, change] : last) {
    const bool is_failed = change->status == EncodingStatus::kFailed;
    list.push_back({{"sha256", change->sha256},
                    {"model", change->model_fingerprint},
                    {"status", encoding_status_name(change->status)},
                    {"error", is_failed ? fit_text(change->error, kMaxErrorBytes) : ""}});
  }
  const SqlRows changed = transaction.query(
      std::string("INSERT INTO encoding_states (sha256, model_fingerprint, status, error, encoded_at, updated_at) "
                  "SELECT sha256, model, status, error, CASE WHEN status = 'completed' THEN CAST(:now AS BIGINT) END, "
                  "CAST(:now AS BIGINT) FROM ") +
          changes_table(transaction) +
          " WHERE EXISTS (SELECT 1 FROM images WHERE images.sha256 = change.sha256) ORDER BY sha256, model "
          "ON CONFLICT (sha256, model_fingerprint) DO UPDATE SET status = excluded.status, error = excluded.error, "
          "encoded_at = COALESCE(excluded.encoded_at, encoding_states.encoded_at), updated_at = excluded.updated_at "
          "RETURNING sha256, status, model_fingerprint, error",
      {{"changes", list.dump()}, {"now", transaction.now_ms()}});
  if (changed.size() > kMaxToldSingly) {
    transaction.publish(kImagesTopic, R"({"many":true})");
    return;
  }
  for (const SqlRow& row : changed) transaction.publish(kImagesTopic, payload_of(row));
}

Status Catalog::set_encoding_status(const EncodingChange& change, Deadline deadline) {
  if (!is_sha256(change.sha256)) {
    return Error{ErrorCode::kInvalidArgument, "the sha256 is " + in_quotes(change.sha256) + ", which is none"};
  }
  return database_->transaction(Access::kWrite, deadline, [&](Transaction& transaction) -> Status {
    set_encoding_statuses(transaction, std::span(&change, 1));
    return {};
  });
}

}  // namespace samcache

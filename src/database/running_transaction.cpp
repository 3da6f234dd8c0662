#include "database/running_transaction.h"

#include "database/events.h"

namespace samcache {

SqlAnswer RunningTransaction::run(const std::string& sql, const SqlParameters& parameters) {
  if (failure_) return {};
  auto answer = connection_.run(sql, parameters);
  if (auto* failed = std::get_if<SqlFailure>(&answer)) {
    failure_ = std::move(*failed);
    return {};
  }
  return std::move(std::get<SqlAnswer>(answer));
}

SqlRows RunningTransaction::query(const std::string& sql, const SqlParameters& parameters) {
  return run(sql, parameters).rows;
}

std::int64_t RunningTransaction::execute(const std::string& sql, const SqlParameters& parameters) {
  return run(sql, parameters).changed;
}

Status RunningTransaction::status() const {
  if (failure_) return failure_->error;
  return {};
}

void RunningTransaction::publish(std::string_view topic, std::string_view payload) {
  check(payload.size() <= kMaxPayloadBytes, "a published payload has " + std::to_string(payload.size()) + " bytes");
  publish_event(*this, topic, payload);
  has_published_ = true;
}

}  // namespace samcache

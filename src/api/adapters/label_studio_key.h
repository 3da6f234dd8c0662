// How this server shows Label Studio who it is.
//
// A legacy token is sent as it is. A personal access token (a JWT) is exchanged for one that lives some minutes, which
// is kept for a while. Thread-safe and blocking.
#pragma once

#include <chrono>
#include <mutex>
#include <string>

#include "api/adapters/adapter_options.h"
#include "base/deadline.h"
#include "base/error.h"
#include "store/azure/http_client.h"

namespace samcache {

class LabelStudioKey {
 public:
  // `client` must outlive this.
  LabelStudioKey(LabelStudioHost host, HttpClient& client) : host_(std::move(host)), client_(client) {}

  // The value of the Authorization header; empty: none is known. kUnavailable, kIo: it could not be exchanged.
  Result<std::string> authorization(Deadline deadline);

 private:
  using Clock = std::chrono::steady_clock;
  bool is_personal() const;
  Result<std::string> exchange(Deadline deadline);

  const LabelStudioHost host_;
  HttpClient& client_;
  std::mutex mutex_;  // guards the following; also held during an exchange, which all others need
  std::string access_;
  Clock::time_point access_until_ = {};
};

}  // namespace samcache

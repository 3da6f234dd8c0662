// Signs requests with whatever credential there is, and learns from refusals.
//
// Any number of threads. Tokens are fetched on the thread of the request that needs one.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "store/azure/access_token.h"
#include "store/azure/azure_credentials.h"
#include "store/azure/http_client.h"
#include "store/azure/retry_policy.h"
#include "store/azure/service_error.h"
#include "store/azure/shared_key.h"

namespace samcache {

// What a request carried, to judge its refusal by.
struct Authorization {
  std::vector<HttpHeader> headers = {};  // to be added
  std::string sas = {};                  // to be added to the URL's query, escaped
  std::string token = {};
  std::chrono::system_clock::time_point date = {};
};

class AzureAuthorizer {
 public:
  // `identity_client` is for token endpoints and must outlive this. kInvalidArgument: a key that is none.
  static Result<std::unique_ptr<AzureAuthorizer>> create(const AzureAccount& account, HttpClient& identity_client,
                                                         const RetryOptions& retry);

  // `parts` without account and date, which are added here.
  Result<Authorization> authorize(SignedParts parts, Deadline deadline);

  // After a refusal: whether something was learnt that makes another try worthwhile, that is the service's clock (a
  // signature was dated wrongly) or that a token is void.
  bool learn(const ServiceError& error, const HttpResponse& head, const Authorization& used);

  // Our clock, corrected by what was learnt of the service's.
  std::chrono::system_clock::time_point now() const;

  bool has_token() const { return tokens_ != nullptr; }
  const std::string& account_key() const { return key_; }  // raw; empty unless that is the credential

 private:
  AzureAuthorizer() = default;

  std::string account_;
  std::string key_;
  std::string sas_;
  std::unique_ptr<TokenCache> tokens_;
  std::atomic<std::int64_t> clock_offset_seconds_ = 0;
};

}  // namespace samcache

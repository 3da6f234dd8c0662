#include "store/azure/azure_authorizer.h"

#include <cstdlib>
#include <utility>
#include <variant>

#include "store/azure/azure_digests.h"
#include "store/azure/azure_options.h"
#include "store/azure/http_date.h"
#include "store/azure/token_sources.h"

namespace samcache {
namespace {

// The service allows a quarter of an hour; less than this is not why it refused.
constexpr std::int64_t kNoticeableSkewSeconds = 60;

template <class... Visits>
struct Overloaded : Visits... {
  using Visits::operator()...;
};
template <class... Visits>
Overloaded(Visits...) -> Overloaded<Visits...>;

Error wrong(const std::string& what) { return {ErrorCode::kInvalidArgument, what}; }

}  // namespace

Result<std::unique_ptr<AzureAuthorizer>> AzureAuthorizer::create(const AzureAccount& account,
                                                                 HttpClient& identity_client,
                                                                 const RetryOptions& retry) {
  std::unique_ptr<AzureAuthorizer> made(new AzureAuthorizer());
  made->account_ = account.name;
  const Status status = std::visit(
      Overloaded{
          [](const AnonymousCredential&) { return Status(); },
          [&](const SharedKeyCredential& credential) {
            const auto key = from_base64(credential.key_base64);
            if (!key || key->empty()) return Status(wrong("the account key is no base64"));
            made->key_ = *key;
            return Status();
          },
          [&](const SasCredential& credential) {
            made->sas_ = credential.token.starts_with('?') ? credential.token.substr(1) : credential.token;
            if (made->sas_.find("sig=") == std::string::npos) return Status(wrong("the SAS has no signature (sig=)"));
            const bool is_query = made->sas_.find_first_of(" \t\r\n#?") == std::string::npos;
            return is_query ? Status() : Status(wrong("the SAS is not the query of a URL (sv=...&sig=...)"));
          },
          [&](const ManagedIdentityCredential& credential) {
            made->tokens_ = std::make_unique<TokenCache>(managed_identity_source(credential, identity_client, retry));
            return Status();
          },
          [&](const WorkloadIdentityCredential& credential) {
            if (credential.tenant_id.empty() || credential.client_id.empty() ||
                credential.federated_token_file.empty()) {
              return Status(wrong("a workload identity needs a tenant id, a client id and a federated token file"));
            }
            made->tokens_ = std::make_unique<TokenCache>(workload_identity_source(credential, identity_client, retry));
            return Status();
          }},
      account.credential);
  if (!status) return status.error();
  return made;
}

std::chrono::system_clock::time_point AzureAuthorizer::now() const {
  return std::chrono::system_clock::now() + std::chrono::seconds(clock_offset_seconds_.load());
}

Result<Authorization> AzureAuthorizer::authorize(SignedParts parts, Deadline deadline) {
  Authorization made;
  made.date = now();
  made.headers = {{"x-ms-date", http_date(made.date)}, {"x-ms-version", kAzureApiVersion}};
  made.sas = sas_;
  if (!key_.empty()) {
    parts.account = account_;
    parts.headers.insert(parts.headers.end(), made.headers.begin(), made.headers.end());
    made.headers.push_back({"Authorization", shared_key_authorization(parts, key_)});
  } else if (tokens_) {
    Result<std::string> token = tokens_->get(deadline);
    if (!token) return token.error();
    made.token = std::move(*token);
    made.headers.push_back({"Authorization", "Bearer " + made.token});
  }
  return made;
}

bool AzureAuthorizer::learn(const ServiceError& error, const HttpResponse& head, const Authorization& used) {
  if (error.status == 401 && tokens_) {
    tokens_->reject(used.token);
    return true;
  }
  if (error.status != 403 || error.code != "AuthenticationFailed" || key_.empty()) return false;
  const std::string* text = head.find("date");
  const auto theirs = text ? parse_http_date(*text) : std::nullopt;
  if (!theirs) return false;
  const auto skew = std::chrono::duration_cast<std::chrono::seconds>(*theirs - used.date).count();
  if (std::abs(skew) < kNoticeableSkewSeconds) return false;
  const auto offset = std::chrono::duration_cast<std::chrono::seconds>(*theirs - std::chrono::system_clock::now());
  clock_offset_seconds_ = offset.count();
  return true;
}

}  // namespace samcache

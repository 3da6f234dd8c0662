#include "store/azure/token_sources.h"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/text.h"
#include "store/azure/azure_endpoint.h"

namespace samcache {
namespace {

constexpr const char* kStorageResource = "https://storage.azure.com/";
constexpr const char* kStorageScope = "https://storage.azure.com/.default";
constexpr std::size_t kMaxAnswerBytes = 256 << 10;
constexpr std::size_t kMaxTokenFileBytes = 64 << 10;
constexpr std::chrono::seconds kTryTimeout{10};
constexpr std::int64_t kLongestLifetimeSeconds = std::int64_t{31} * 24 * 3600;

// Numbers come as numbers and as texts.
std::optional<std::int64_t> seconds_of(const nlohmann::json& answer, const char* name) {
  const auto found = answer.find(name);
  if (found == answer.end()) return std::nullopt;
  if (found->is_number()) return static_cast<std::int64_t>(std::clamp(found->get<double>(), -1e15, 1e15));
  if (!found->is_string()) return std::nullopt;
  const std::string& text = found->get_ref<const std::string&>();
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string text_at(const nlohmann::json& answer, const char* name) {
  const auto found = answer.find(name);
  return found != answer.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<AccessToken> parse_token(const std::string& body) {
  const nlohmann::json answer = nlohmann::json::parse(body, nullptr, false);
  const Error error{ErrorCode::kIo, "the answer is no token: " + in_quotes(body.substr(0, 40))};
  if (!answer.is_object()) return error;
  AccessToken token;
  token.value = text_at(answer, "access_token");
  const bool fits_a_header = std::ranges::all_of(token.value, [](char letter) { return letter > ' ' && letter < 127; });
  if (token.value.empty() || !fits_a_header) return Error{ErrorCode::kIo, "the answer has no access_token"};
  std::optional<std::int64_t> lifetime = seconds_of(answer, "expires_in");
  if (!lifetime) {
    const std::optional<std::int64_t> expires = seconds_of(answer, "expires_on");
    const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    if (expires) lifetime = *expires - now;
  }
  if (!lifetime) return Error{ErrorCode::kIo, "the answer does not say when its token expires"};
  token.lifetime = std::chrono::seconds(std::clamp<std::int64_t>(*lifetime, 0, kLongestLifetimeSeconds));
  return token;
}

// What the endpoint says of a refusal: {"error": ..., "error_description": ...}.
Error refusal(const HttpReply& reply) {
  std::string text = "HTTP " + std::to_string(reply.head.status);
  const nlohmann::json answer = nlohmann::json::parse(reply.body, nullptr, false);
  if (answer.is_object()) {
    const std::string description = text_at(answer, "error_description");
    const std::string code = text_at(answer, "error");
    if (!code.empty()) text += " " + in_quotes(code);
    if (!description.empty()) text += " " + in_quotes(description.substr(0, description.find('\n')));
  }
  const bool may_pass = is_transient_status(reply.head.status);
  return {may_pass ? ErrorCode::kUnavailable : ErrorCode::kIo, text};
}

// 404 and 410: what the metadata service says while it is starting.
bool worth_another_try(int status) { return is_transient_status(status) || status == 404 || status == 410; }

Result<AccessToken> ask(HttpClient& client, const RetryOptions& retry, const std::string& what,
                        const std::function<HttpRequest()>& request, Deadline deadline) {
  std::minstd_rand random(std::random_device{}());
  for (int tries = 1;; ++tries) {
    const Result<HttpReply> reply =
        http_exchange(client, request(), kMaxAnswerBytes, what, deadline.within(kTryTimeout));
    if (reply && reply->head.ok()) return parse_token(reply->body);
    const Error error = reply ? refusal(*reply) : reply.error();
    const bool again = reply ? worth_another_try(reply->head.status) : error.code == ErrorCode::kUnavailable;
    if (!again || tries >= retry.max_tries) return error;
    std::chrono::milliseconds pause = backoff(retry, tries, random);
    if (reply) pause = retry_after(reply->head, std::chrono::system_clock::now()).value_or(pause);
    if (pause >= deadline.remaining() || pause > retry.max_retry_after) {
      return Error{ErrorCode::kUnavailable, error.message + " (no time for another try)"};
    }
    std::this_thread::sleep_for(pause);
  }
}

class ManagedIdentitySource : public TokenSource {
 public:
  ManagedIdentitySource(ManagedIdentityCredential credential, HttpClient& client, RetryOptions retry)
      : credential_(std::move(credential)), client_(client), retry_(retry) {}

  std::string describe() const override { return "the managed identity"; }

  Result<AccessToken> fetch(Deadline deadline) override {
    return ask(
        client_, retry_, "the identity endpoint", [this] { return request(); }, deadline);
  }

 private:
  HttpRequest request() const {
    const bool of_platform = !credential_.identity_endpoint.empty();
    std::string url = of_platform ? credential_.identity_endpoint : credential_.metadata_endpoint;
    url += url.find('?') == std::string::npos ? "?" : "&";
    url += std::string("api-version=") + (of_platform ? "2019-08-01" : "2018-02-01");
    url += "&resource=" + url_escaped(kStorageResource);
    if (!credential_.client_id.empty()) url += "&client_id=" + url_escaped(credential_.client_id);
    const HttpHeader header =
        of_platform ? HttpHeader{"X-IDENTITY-HEADER", credential_.identity_header} : HttpHeader{"Metadata", "true"};
    return {.method = "GET", .url = url, .headers = {header}};
  }

  const ManagedIdentityCredential credential_;
  HttpClient& client_;
  const RetryOptions retry_;
};

class WorkloadIdentitySource : public TokenSource {
 public:
  WorkloadIdentitySource(WorkloadIdentityCredential credential, HttpClient& client, RetryOptions retry)
      : credential_(std::move(credential)), client_(client), retry_(retry) {}

  std::string describe() const override { return "the workload identity"; }

  Result<AccessToken> fetch(Deadline deadline) override {
    const Result<std::string> assertion = read_assertion();
    if (!assertion) return assertion.error();
    const std::string form = "client_id=" + url_escaped(credential_.client_id) +
                             "&scope=" + url_escaped(kStorageScope) +
                             "&grant_type=client_credentials&client_assertion_type=" +
                             url_escaped("urn:ietf:params:oauth:client-assertion-type:jwt-bearer") +
                             "&client_assertion=" + url_escaped(*assertion);
    std::string host = credential_.authority_host;
    while (host.ends_with('/')) host.pop_back();
    const HttpRequest request{.method = "POST",
                              .url = host + "/" + url_escaped(credential_.tenant_id) + "/oauth2/v2.0/token",
                              .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                              .body = bytes_of(form)};
    return ask(
        client_, retry_, "the token endpoint", [&] { return request; }, deadline);
  }

 private:
  Result<std::string> read_assertion() const {
    const std::string path = credential_.federated_token_file.string();
    std::ifstream file(credential_.federated_token_file, std::ios::binary);
    std::string text(kMaxTokenFileBytes, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
    if (text.empty()) return Error{ErrorCode::kIo, "cannot read a federated token from " + in_quotes(path)};
    return text;
  }

  const WorkloadIdentityCredential credential_;
  HttpClient& client_;
  const RetryOptions retry_;
};

}  // namespace

std::unique_ptr<TokenSource> managed_identity_source(ManagedIdentityCredential credential, HttpClient& client,
                                                     RetryOptions retry) {
  return std::make_unique<ManagedIdentitySource>(std::move(credential), client, retry);
}

std::unique_ptr<TokenSource> workload_identity_source(WorkloadIdentityCredential credential, HttpClient& client,
                                                      RetryOptions retry) {
  return std::make_unique<WorkloadIdentitySource>(std::move(credential), client, retry);
}

}  // namespace samcache

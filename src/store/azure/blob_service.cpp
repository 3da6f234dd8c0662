#include "store/azure/blob_service.h"

#include <algorithm>

#include "base/text.h"

namespace samcache {
namespace {

Error wrong(const std::string& what) { return {ErrorCode::kInvalidArgument, what}; }

bool consists_of(const std::string& text, std::string_view letters) {
  return text.find_first_not_of(letters) == std::string::npos;
}

Status check_names(const AzureStoreOptions& options) {
  constexpr std::string_view kLettersAndDigits = "abcdefghijklmnopqrstuvwxyz0123456789";
  const std::string& account = options.account.name;
  if (account.size() < 3 || account.size() > 24 || !consists_of(account, kLettersAndDigits)) {
    return wrong("the account " + in_quotes(account) + " is not 3 to 24 lower-case letters and digits");
  }
  const std::string& container = options.container;
  const bool good = container.size() >= 3 && container.size() <= 63 &&
                    consists_of(container, std::string(kLettersAndDigits) + "-") && container.front() != '-' &&
                    container.back() != '-' && container.find("--") == std::string::npos;
  if (good) return {};
  return wrong("the container " + in_quotes(container) +
               " is not 3 to 63 lower-case letters, digits and single hyphens between them");
}

Status check_limits(const AzureStoreOptions& options) {
  const bool sizes = options.first_range_bytes > 0 && options.min_range_bytes > 0 && options.min_block_bytes > 0 &&
                     options.min_range_bytes <= options.max_range_bytes &&
                     options.min_block_bytes <= options.max_block_bytes;
  if (!sizes) return wrong("ranges and blocks need a size, and the smallest must not be over the largest");
  constexpr std::uint64_t kMaxBlocks = 50'000;
  constexpr std::size_t kMaxRequestBytes = std::size_t{2000} << 20;
  if (options.max_object_bytes / options.max_block_bytes >= kMaxBlocks || options.max_block_bytes > kMaxRequestBytes ||
      options.max_single_put_bytes > kMaxRequestBytes) {
    return wrong("an object has up to 50000 blocks of up to 2000 MiB");
  }
  if (options.parallel_ranges < 1 || options.parallel_ranges > 64 || options.parallel_blocks < 1 ||
      options.parallel_blocks > 64) {
    return wrong("1 to 64 ranges or blocks may travel at once");
  }
  return options.retry.max_tries >= 1 ? Status() : Status(wrong("there must be one try at least"));
}

bool needs_encryption(const AzureCredential& credential) {
  return std::holds_alternative<ManagedIdentityCredential>(credential) ||
         std::holds_alternative<WorkloadIdentityCredential>(credential);
}

HttpClientOptions client_options(const AzureStoreOptions& options, const std::string& proxy) {
  const std::size_t parallel = std::max(options.parallel_ranges, options.parallel_blocks);
  return {.connect_timeout = options.connect_timeout,
          .ca_file = options.ca_file,
          .proxy = proxy,
          .max_connections = static_cast<long>(2 * parallel + 2)};
}

}  // namespace

BlobService::BlobService(AzureStoreOptions options, AzureEndpoint primary, std::optional<AzureEndpoint> secondary)
    : options_(std::move(options)),
      primary_(std::move(primary)),
      secondary_(std::move(secondary)),
      http_(client_options(options_, options_.proxy)),
      identity_http_(client_options(options_, "")) {}

Result<std::unique_ptr<BlobService>> BlobService::create(AzureStoreOptions options) {
  if (Status status = check_names(options); !status) return status.error();
  if (Status status = check_limits(options); !status) return status.error();
  AzureAccount& account = options.account;
  if (account.endpoint.empty()) account.endpoint = "https://" + account.name + ".blob.core.windows.net";
  const Result<AzureEndpoint> primary = AzureEndpoint::parse(account.endpoint, "endpoint");
  if (!primary) return primary.error();
  std::optional<AzureEndpoint> secondary;
  if (!account.secondary_endpoint.empty()) {
    const Result<AzureEndpoint> parsed = AzureEndpoint::parse(account.secondary_endpoint, "secondary endpoint");
    if (!parsed) return parsed.error();
    secondary = *parsed;
  }
  // A token is good for everything its identity may do: it must not be read on the way.
  const auto exposed = [](const AzureEndpoint& endpoint) {
    return !endpoint.is_encrypted() && !endpoint.is_loopback();
  };
  if (needs_encryption(account.credential) && (exposed(*primary) || (secondary && exposed(*secondary)))) {
    return wrong("identities need an endpoint with https");
  }
  std::unique_ptr<BlobService> service(new BlobService(std::move(options), *primary, secondary));
  Result<std::unique_ptr<AzureAuthorizer>> authorizer =
      AzureAuthorizer::create(service->options_.account, service->identity_http_, service->options_.retry);
  if (!authorizer) return authorizer.error();
  service->authorizer_ = std::move(*authorizer);
  return service;
}

Result<AuthorizedRequest> BlobService::authorize(const BlobRequest& request, Site site, Deadline deadline) {
  const AzureEndpoint& where = endpoint(site);
  Result<Authorization> authorization = authorizer_->authorize({.account = {},
                                                                .method = request.method,
                                                                .path = where.path(request.resource),
                                                                .query = request.query,
                                                                .headers = request.headers,
                                                                .body_bytes = request.body.size()},
                                                               deadline);
  if (!authorization) return authorization.error();
  HttpRequest http{.method = request.method,
                   .url = where.url(request.resource, request.query, authorization->sas),
                   .headers = request.headers,
                   .body = request.body};
  http.headers.insert(http.headers.end(), authorization->headers.begin(), authorization->headers.end());
  return AuthorizedRequest{std::move(http), std::move(*authorization)};
}

}  // namespace samcache

// All that requests to one container need: where it is, who asks, over which connections, by which limits.
//
// Immutable but for what its parts learn; any number of threads. Internal to azure/.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/deadline.h"
#include "base/error.h"
#include "store/azure/azure_authorizer.h"
#include "store/azure/azure_endpoint.h"
#include "store/azure/azure_options.h"
#include "store/azure/http_client.h"

namespace samcache {

enum class Site { kPrimary, kSecondary };

// What is asked, whichever site is asked and however often.
struct BlobRequest {
  std::string method;
  std::string resource;  // "/", "/CONTAINER" or "/CONTAINER/BLOB"
  AzureQuery query = {};
  std::vector<HttpHeader> headers = {};
  ByteSpan body = {};
};

struct AuthorizedRequest {
  HttpRequest http;
  Authorization authorization;
};

class BlobService {
 public:
  // kInvalidArgument for options that cannot be.
  static Result<std::unique_ptr<BlobService>> create(AzureStoreOptions options);

  Result<AuthorizedRequest> authorize(const BlobRequest& request, Site site, Deadline deadline);

  const AzureStoreOptions& options() const { return options_; }
  HttpClient& http() { return http_; }
  AzureAuthorizer& authorizer() { return *authorizer_; }
  const AzureEndpoint& endpoint(Site site) const {
    return site == Site::kSecondary && secondary_ ? *secondary_ : primary_;
  }
  bool has_secondary() const { return secondary_.has_value(); }

  std::string container_resource() const { return "/" + options_.container; }
  std::string blob_resource(const std::string& name) const { return container_resource() + "/" + name; }
  // "azure ACCOUNT/CONTAINER", for messages.
  std::string describe() const { return "azure " + options_.account.name + "/" + options_.container; }

 private:
  BlobService(AzureStoreOptions options, AzureEndpoint primary, std::optional<AzureEndpoint> secondary);

  const AzureStoreOptions options_;
  const AzureEndpoint primary_;
  const std::optional<AzureEndpoint> secondary_;
  HttpClient http_;
  HttpClient identity_http_;  // no proxy
  std::unique_ptr<AzureAuthorizer> authorizer_;
};

}  // namespace samcache

// Where tokens for Azure Storage come from. Each tries a few times while the endpoint is not ready or too busy.
#pragma once

#include <memory>

#include "store/azure/access_token.h"
#include "store/azure/azure_credentials.h"
#include "store/azure/http_client.h"
#include "store/azure/retry_policy.h"

namespace samcache {

// The metadata service of a virtual machine, or the endpoint of App Service and Container Apps. `client` must outlive
// it (and must not go through a proxy).
std::unique_ptr<TokenSource> managed_identity_source(ManagedIdentityCredential credential, HttpClient& client,
                                                     RetryOptions retry);

// The tenant's token endpoint, in exchange for the token in a file.
std::unique_ptr<TokenSource> workload_identity_source(WorkloadIdentityCredential credential, HttpClient& client,
                                                      RetryOptions retry);

}  // namespace samcache

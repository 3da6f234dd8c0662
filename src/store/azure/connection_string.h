// Connection strings as Azure's portal and tools give them.
#pragma once

#include <string>

#include "base/error.h"
#include "store/azure/azure_credentials.h"

namespace samcache {

// "DefaultEndpointsProtocol=https;AccountName=...;AccountKey=...;EndpointSuffix=core.windows.net", with BlobEndpoint,
// BlobSecondaryEndpoint and SharedAccessSignature as well, or "UseDevelopmentStorage=true": the emulator on this
// machine with its public account. Names are taken in any case; those of other services are passed over.
// kInvalidArgument names the setting that is wrong or missing, never a value: they are secrets.
Result<AzureAccount> parse_connection_string(const std::string& text);

}  // namespace samcache

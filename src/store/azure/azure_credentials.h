// Who we are to the service. The texts in here are secrets: they stand in no message.
#pragma once

#include <filesystem>
#include <string>
#include <variant>

namespace samcache {

// Nobody: containers whose blobs the public may read.
struct AnonymousCredential {};

// The account's key: may do everything.
struct SharedKeyCredential {
  std::string key_base64;
};

// A shared access signature ("sv=...&sp=...&sig=..."), with or without the '?' in front.
struct SasCredential {
  std::string token;
};

// The identity that the platform gives to the machine or the app.
struct ManagedIdentityCredential {
  std::string client_id = {};  // of a user-assigned identity; empty: the system-assigned one
  // App Service and Container Apps name an endpoint and a secret (IDENTITY_ENDPOINT, IDENTITY_HEADER); where they are
  // empty the virtual machine's metadata service is asked.
  std::string identity_endpoint = {};
  std::string identity_header = {};
  std::string metadata_endpoint = "http://169.254.169.254/metadata/identity/oauth2/token";
};

// A token that Kubernetes (or another issuer that the tenant trusts) keeps in a file, exchanged for one of Azure's.
struct WorkloadIdentityCredential {
  std::string tenant_id;
  std::string client_id;
  std::filesystem::path federated_token_file;  // read anew for each exchange: it is rotated
  std::string authority_host = "https://login.microsoftonline.com";
};

using AzureCredential = std::variant<AnonymousCredential, SharedKeyCredential, SasCredential, ManagedIdentityCredential,
                                     WorkloadIdentityCredential>;

struct AzureAccount {
  std::string name;
  std::string endpoint = {};            // of the blob service; empty: https://NAME.blob.core.windows.net
  std::string secondary_endpoint = {};  // of a read-access geo-redundant account's other region; empty: none
  AzureCredential credential = {};
};

// "https://NAME-secondary.blob.core.windows.net" and the like: where such an account's other region is by convention.
// Endpoints whose path names the account (an emulator's) get the suffix there.
std::string conventional_secondary(const AzureAccount& account);

}  // namespace samcache

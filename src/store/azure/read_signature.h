// The query of a URL by which anyone may read one blob for a while (a service SAS, or one of a user delegation key).
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace samcache {

// A key that the service lends to an identity, to sign with it; every field goes into the signature.
struct UserDelegationKey {
  std::string object_id, tenant_id;
  std::string start, expiry;  // RFC 3339
  std::string service, version;
  std::string key_base64;
};

struct ReadGrant {
  std::string account, container, blob;
  std::chrono::system_clock::time_point expires = {};
  bool https_only = true;
  std::string content_type = {};         // that the answer is to have; empty: the blob's own
  std::string content_disposition = {};  // likewise
  std::string cache_control = {};        // likewise
};

// By the rules of kAzureApiVersion; lines end with "\n" but for the last.
std::string read_string_to_sign(const ReadGrant& grant, const std::optional<UserDelegationKey>& delegation);

// "sv=...&...&sig=...", escaped. `key` is raw: the account's, or that of the delegation.
std::string signed_read_query(const ReadGrant& grant, const std::optional<UserDelegationKey>& delegation,
                              const std::string& key);

}  // namespace samcache

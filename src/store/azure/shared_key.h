// The "SharedKey" scheme: a request is signed with the account's key.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/azure/azure_endpoint.h"
#include "store/azure/http_message.h"

namespace samcache {

struct SignedParts {
  std::string account;
  std::string method;
  std::string path;  // of the URL, with all that the endpoint puts in front (path style: the account once more)
  AzureQuery query = {};
  std::vector<HttpHeader> headers = {};  // x-ms-date among them
  std::uint64_t body_bytes = 0;
};

// What is signed, by the rules of version 2015-02-21 and later.
std::string shared_key_string_to_sign(const SignedParts& parts);

// The value of the header Authorization; `key` is raw bytes.
std::string shared_key_authorization(const SignedParts& parts, const std::string& key);

}  // namespace samcache

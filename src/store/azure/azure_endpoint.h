// Where the blob service of an account is, and the URLs of what is in it.
//
// "https://ACCOUNT.blob.core.windows.net", or path style as emulators have it, "http://HOST:PORT/ACCOUNT".
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace samcache {

using AzureQuery = std::vector<std::pair<std::string, std::string>>;  // names and values, not escaped

class AzureEndpoint {
 public:
  // kInvalidArgument for what is no http(s) URL of a host, or has a query. `what` names the setting in messages.
  static Result<AzureEndpoint> parse(const std::string& url, const std::string& what);

  // "HOST:PORT", for messages.
  const std::string& authority() const { return authority_; }
  bool is_encrypted() const { return scheme_ == "https"; }
  // 127.0.0.1, [::1] or localhost.
  bool is_loopback() const;

  // The path of a URL: what the endpoint has, then `resource` ("/", "/CONTAINER", "/CONTAINER/BLOB").
  std::string path(std::string_view resource) const;
  // `sas` is a query that is escaped already, or empty.
  std::string url(std::string_view resource, const AzureQuery& query, std::string_view sas = {}) const;

 private:
  std::string scheme_;
  std::string authority_;
  std::string path_prefix_;  // without a slash at the end
};

// All but letters, digits and "-._~" as %XX.
std::string url_escaped(std::string_view text);

}  // namespace samcache

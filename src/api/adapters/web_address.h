// Addresses on the web that come from outside, and which of them may be fetched.
//
// A server that fetches what a request names could be made to look into its own network. So only origins that the
// configuration lists are asked, addresses are read strictly (whatever two programs could understand differently is
// refused), and each redirection is looked at again.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace samcache {

struct WebAddress {
  std::string origin;  // "https://host:443": scheme, host in lower case and port, always there
  std::string url;     // all of it, as it was written

  friend bool operator==(const WebAddress&, const WebAddress&) = default;
};

inline constexpr std::size_t kMaxUrlBytes = 8 << 10;

// kInvalidArgument: not http or https, with a user's name, a host that is no plain name or IP address, a port that is
// none, spaces, control characters, backslashes or bytes that are not ASCII.
Result<WebAddress> parse_web_address(std::string_view text);

// Where a redirection from `from` leads: `location` is a whole address, or a path that begins with "/".
Result<WebAddress> follow(const WebAddress& from, std::string_view location);

// `text` for the value of a query's parameter: everything but letters, digits and -._~/ escaped.
std::string escaped_for_query(std::string_view text);

}  // namespace samcache

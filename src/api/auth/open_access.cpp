#include "api/auth/open_access.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/text.h"

namespace samcache {

bool is_loopback(const http::ListenAddress& address) {
  if (!address.unix_socket.empty() || address.host == "localhost") return true;
  in_addr v4{};
  if (inet_pton(AF_INET, address.host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, address.host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

Result<bool> decide_open_access(bool any_token_created, std::span<const http::ListenAddress> addresses) {
  if (any_token_created) return false;
  for (const http::ListenAddress& address : addresses) {
    if (is_loopback(address)) continue;
    return Error{ErrorCode::kInvalidArgument,
                 "the address " + in_quotes(address.host) +
                     " can be reached from other machines and there is no token yet: make one with samcache token "
                     "create, or listen on 127.0.0.1"};
  }
  return true;
}

}  // namespace samcache

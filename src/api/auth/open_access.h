// Whether a server may be left open to everybody who reaches it.
#pragma once

#include <span>

#include "base/error.h"
#include "http/server.h"

namespace samcache {

// Whether only this machine can come from there: a loopback address, "localhost", or a Unix socket.
bool is_loopback(const http::ListenAddress& address);

// Whether access is open: no token was ever created, and all addresses are this machine's own. kInvalidArgument when
// there is no token and another address: whoever reaches it could do everything.
Result<bool> decide_open_access(bool any_token_created, std::span<const http::ListenAddress> addresses);

}  // namespace samcache

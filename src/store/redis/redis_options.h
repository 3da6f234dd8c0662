// How a RedisStore reaches its server and what it keeps there.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/error.h"

namespace samcache {

struct RedisOptions {
  std::string host = "127.0.0.1";
  int port = 6379;
  std::string unix_socket;  // the path of a socket; when given, host and port do not count
  std::string user;         // empty: the server's default user
  std::string password;     // empty: no AUTH; never in a message
  int database = 0;
  bool tls = false;  // kUnsupported: Debian's hiredis comes without it; put a tunnel or a private network around it

  std::string key_prefix = "samcache:";  // of every key: 0 to 64 of a-z, A-Z, 0-9, ':', '.', '_', '-' and '/'
  std::chrono::milliseconds ttl = std::chrono::hours(1);  // how long an object stays that nobody loads
  std::uint64_t chunk_bytes = 1 << 20;         // of a value; 4 KiB to 64 MiB. A server does one command at a time
  std::uint64_t max_object_bytes = 256 << 20;  // larger ones are kTooLarge, on both ways

  int max_connections = 8;                                              // at once; further callers wait for one
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(1);  // with AUTH, SELECT and PING
  std::chrono::milliseconds command_timeout =
      std::chrono::seconds(10);  // one exchange: a request or a pipeline of them
};

// kInvalidArgument or kUnsupported, with the option, unless they can be used.
Status check_redis_options(const RedisOptions& options);

// "redis at HOST:PORT" or "redis at PATH".
std::string redis_server_name(const RedisOptions& options);

}  // namespace samcache

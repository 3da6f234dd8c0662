#include "store/redis/redis_options.h"

#include <algorithm>

#include "base/text.h"
#include "store/redis/redis_manifest.h"

namespace samcache {
namespace {

constexpr std::uint64_t kMinChunkBytes = 4096;
constexpr std::uint64_t kMaxChunkBytes = 64 << 20;
constexpr std::size_t kMaxPrefixLength = 64;

// None of them means anything in a pattern of SCAN.
bool is_prefix_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view(":._-/").find(c) != std::string_view::npos;
}

Error invalid(const std::string& what) { return {ErrorCode::kInvalidArgument, "redis options: " + what}; }

}  // namespace

Status check_redis_options(const RedisOptions& options) {
  if (options.tls) {
    return Error{ErrorCode::kUnsupported, "redis options: this build cannot speak TLS; use a tunnel to the server"};
  }
  if (options.unix_socket.empty() && (options.host.empty() || options.port < 1 || options.port > 65535)) {
    return invalid("no server at " + in_quotes(options.host) + " port " + std::to_string(options.port));
  }
  if (!options.user.empty() && options.password.empty()) return invalid("a user without a password");
  if (options.database < 0) return invalid("database " + std::to_string(options.database));
  if (options.key_prefix.size() > kMaxPrefixLength || !std::ranges::all_of(options.key_prefix, is_prefix_character)) {
    return invalid("key prefix " + in_quotes(options.key_prefix));
  }
  if (options.ttl.count() <= 0) return invalid("a TTL of " + std::to_string(options.ttl.count()) + " ms");
  if (options.chunk_bytes < kMinChunkBytes || options.chunk_bytes > kMaxChunkBytes) {
    return invalid("chunks of " + std::to_string(options.chunk_bytes) + " bytes");
  }
  if (options.max_object_bytes / options.chunk_bytes >= kMaxRedisChunks) {
    return invalid("objects of " + std::to_string(options.max_object_bytes) + " bytes in chunks of " +
                   std::to_string(options.chunk_bytes) + " are too many chunks");
  }
  if (options.max_connections < 1) return invalid(std::to_string(options.max_connections) + " connections");
  if (options.connect_timeout.count() <= 0 || options.command_timeout.count() <= 0) return invalid("no time to answer");
  return {};
}

std::string redis_server_name(const RedisOptions& options) {
  if (!options.unix_socket.empty()) return "redis at " + options.unix_socket;
  return "redis at " + options.host + ":" + std::to_string(options.port);
}

}  // namespace samcache

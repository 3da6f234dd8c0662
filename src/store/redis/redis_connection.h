// One connection to a Redis server: commands out, replies in, in order, nothing past its deadline.
//
// hiredis writes and parses the protocol; the waiting is done here, because a socket timeout starts anew with every
// byte and so lets a slow peer hold a caller for as long as it likes. One thread at a time. After a failure of the
// connection (not after an error reply) it is good for nothing but to be destroyed: is_reusable() tells.
// Internal to redis/.
#pragma once

#include <hiredis/hiredis.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/error.h"
#include "store/redis/redis_options.h"

namespace samcache {

struct RedisReplyDeleter {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using RedisReply = std::unique_ptr<redisReply, RedisReplyDeleter>;

using RedisCommand = std::vector<std::string_view>;

// A reply is not to be larger than this unless the caller expects more.
inline constexpr std::size_t kMaxSmallReplyBytes = 16 << 20;

class RedisConnection {
 public:
  // Connected, logged in, on its database, and answering. The name of the host is resolved by the system, which does
  // not know of the deadline.
  static Result<std::unique_ptr<RedisConnection>> open(const RedisOptions& options, Deadline deadline);

  // Puts a command on its way. Many may be sent before their replies are received, as long as those are short or the
  // commands are: a peer that nobody reads from stops reading, too.
  Status send(const RedisCommand& command, Deadline deadline);

  // The next reply. An error reply is an Error, and then the connection stays good: kOutOfSpace when the server's
  // memory is full, kUnavailable when it is busy, loading or not in charge, kIo otherwise. So are a reply that is none
  // (kIo), one of more than `max_bytes` (kIo), and a lost connection or none within the time (kUnavailable).
  Result<RedisReply> receive(Deadline deadline, std::size_t max_bytes = kMaxSmallReplyBytes);

  Result<RedisReply> call(const RedisCommand& command, Deadline deadline);

  // Whether replies can still be expected: nothing failed but commands.
  bool is_sound() const { return !failed_; }

  // Whether all replies were received, nothing failed and the peer has not hung up meanwhile.
  bool is_reusable() const;

  // kIo: a reply to `command` that is not of a kind it has.
  Error unexpected_reply(std::string_view command) const;

 private:
  struct ContextDeleter {
    void operator()(redisContext* context) const { redisFree(context); }
  };
  using Context = std::unique_ptr<redisContext, ContextDeleter>;

  RedisConnection(Context context, std::string server_name);
  Status finish_connecting(Deadline deadline);
  Status log_in(const RedisOptions& options, Deadline deadline);
  Status flush(Deadline deadline);
  Result<std::size_t> read_some(Deadline deadline);
  // Marks the connection as lost.
  Error failure(ErrorCode code, const std::string& what);
  Error reply_error(std::string_view text) const;

  Context context_;
  std::string server_name_;
  std::string outgoing_;
  std::vector<char> incoming_;
  std::size_t replies_due_ = 0;
  bool failed_ = false;
};

// The text of a string or status reply, nothing for nil and for other kinds.
std::optional<std::string_view> text_of_reply(const redisReply& reply);

}  // namespace samcache

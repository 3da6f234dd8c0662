#include "store/redis/redis_connection.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/text.h"

namespace samcache {
namespace {

constexpr std::size_t kReadBytes = 256 << 10;
constexpr std::size_t kFlushBytes = 256 << 10;
// What hiredis keeps of its buffer between two replies: room for a chunk, so that it need not grow for each anew.
constexpr std::size_t kParserBufferBytes = 4 << 20;

std::string text_of_errno(int errno_value) { return std::generic_category().message(errno_value); }

// Whether `fd` became ready before the deadline; EINTR and the longest wait poll knows are the loop's.
bool wait_until_ready(int fd, short events, Deadline deadline) {
  constexpr std::chrono::milliseconds kLongestWait = std::chrono::minutes(1);
  while (true) {
    pollfd waiting{.fd = fd, .events = events, .revents = 0};
    const auto wait = std::min<std::chrono::milliseconds>(deadline.remaining(), kLongestWait);
    const int ready = ::poll(&waiting, 1, static_cast<int>(wait.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
    if (deadline.passed()) return false;
  }
}

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> beginnings) {
  return std::ranges::any_of(beginnings, [&](std::string_view beginning) { return text.starts_with(beginning); });
}

}  // namespace

RedisConnection::RedisConnection(Context context, std::string server_name)
    : context_(std::move(context)), server_name_(std::move(server_name)), incoming_(kReadBytes) {
  context_->reader->maxbuf = kParserBufferBytes;
}

Result<std::unique_ptr<RedisConnection>> RedisConnection::open(const RedisOptions& options, Deadline deadline) {
  const std::string server_name = redis_server_name(options);
  Context context(options.unix_socket.empty() ? redisConnectNonBlock(options.host.c_str(), options.port)
                                              : redisConnectUnixNonBlock(options.unix_socket.c_str()));
  check(context != nullptr, "hiredis is out of memory");
  if (context->err != 0) {
    return Error{ErrorCode::kUnavailable, server_name + ": cannot connect: " + context->errstr};
  }
  std::unique_ptr<RedisConnection> connection(new RedisConnection(std::move(context), server_name));
  const Deadline in_time = deadline.within(options.connect_timeout);
  if (Status status = connection->finish_connecting(in_time); !status) return status.error();
  if (Status status = connection->log_in(options, in_time); !status) return status.error();
  return connection;
}

Status RedisConnection::finish_connecting(Deadline deadline) {
  const int fd = context_->fd;
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  if (!wait_until_ready(fd, POLLOUT, deadline)) {
    return failure(ErrorCode::kUnavailable, "no connection within the time");
  }
  int error = 0;
  socklen_t size = sizeof(error);
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return failure(ErrorCode::kUnavailable, "cannot connect: " + text_of_errno(error));
  redisEnableKeepAlive(context_.get());  // of no use on a local socket, which refuses it
  context_->err = 0;
  return {};
}

Status RedisConnection::log_in(const RedisOptions& options, Deadline deadline) {
  if (!options.password.empty()) {
    RedisCommand command = {"AUTH"};
    if (!options.user.empty()) command.emplace_back(options.user);
    command.emplace_back(options.password);
    if (auto reply = call(command, deadline); !reply) return reply.error();
  }
  if (options.database != 0) {
    if (auto reply = call({"SELECT", std::to_string(options.database)}, deadline); !reply) return reply.error();
  }
  // Whether it is a Redis server that lets us in and is ready. One that does not let us in hangs up on a long command,
  // which would look like a broken line.
  const auto reply = call({"PING"}, deadline);
  if (!reply) return reply.error();
  if (text_of_reply(**reply) != "PONG") return unexpected_reply("PING");
  return {};
}

Status RedisConnection::send(const RedisCommand& command, Deadline deadline) {
  std::vector<const char*> starts;
  std::vector<std::size_t> lengths;
  for (const std::string_view part : command) {
    starts.push_back(part.data());
    lengths.push_back(part.size());
  }
  char* formatted = nullptr;
  const int size = redisFormatCommandArgv(&formatted, static_cast<int>(command.size()), starts.data(), lengths.data());
  check(size >= 0, "hiredis is out of memory");
  outgoing_.append(formatted, static_cast<std::size_t>(size));
  redisFreeCommand(formatted);
  ++replies_due_;
  return outgoing_.size() < kFlushBytes ? Status() : flush(deadline);
}

Status RedisConnection::flush(Deadline deadline) {
  if (failed_) return failure(ErrorCode::kUnavailable, "the connection is lost");
  std::size_t sent = 0;
  while (sent < outgoing_.size()) {
    if (deadline.passed()) return failure(ErrorCode::kUnavailable, "takes nothing within the time");
    const ssize_t count = ::send(context_->fd, outgoing_.data() + sent, outgoing_.size() - sent, MSG_NOSIGNAL);
    if (count >= 0) {
      sent += static_cast<std::size_t>(count);
    } else if (errno == EAGAIN) {
      wait_until_ready(context_->fd, POLLOUT, deadline);
    } else if (errno != EINTR) {
      return failure(ErrorCode::kUnavailable, "the connection is lost: " + text_of_errno(errno));
    }
  }
  outgoing_.clear();
  return {};
}

Result<std::size_t> RedisConnection::read_some(Deadline deadline) {
  while (true) {
    if (deadline.passed()) return failure(ErrorCode::kUnavailable, "no answer within the time");
    const ssize_t count = ::recv(context_->fd, incoming_.data(), incoming_.size(), 0);
    if (count > 0) return static_cast<std::size_t>(count);
    if (count == 0) return failure(ErrorCode::kUnavailable, "closed the connection");
    if (errno == EINTR) continue;
    if (errno != EAGAIN) {
      return failure(ErrorCode::kUnavailable, "the connection is lost: " + text_of_errno(errno));
    }
    wait_until_ready(context_->fd, POLLIN, deadline);
  }
}

Result<RedisReply> RedisConnection::receive(Deadline deadline, std::size_t max_bytes) {
  check(replies_due_ > 0, "RedisConnection::receive: no command was sent");
  if (Status status = flush(deadline); !status) return status.error();
  std::size_t received_bytes = 0;
  while (true) {
    void* parsed = nullptr;
    if (redisReaderGetReply(context_->reader, &parsed) != REDIS_OK) {
      return failure(ErrorCode::kIo, "its answer is not in Redis's protocol");
    }
    if (parsed != nullptr) {
      RedisReply reply(static_cast<redisReply*>(parsed));
      --replies_due_;
      if (reply->type == REDIS_REPLY_ERROR) return reply_error({reply->str, reply->len});
      return reply;
    }
    // What is read now may be the beginning of later replies, too: at most one buffer full.
    if (received_bytes > max_bytes + kReadBytes) {
      return failure(ErrorCode::kIo, "an answer of more than " + std::to_string(max_bytes) + " bytes");
    }
    const Result<std::size_t> count = read_some(deadline);
    if (!count) return count.error();
    received_bytes += *count;
    redisReaderFeed(context_->reader, incoming_.data(), *count);
  }
}

Result<RedisReply> RedisConnection::call(const RedisCommand& command, Deadline deadline) {
  if (Status status = send(command, deadline); !status) return status.error();
  return receive(deadline);
}

bool RedisConnection::is_reusable() const {
  if (failed_ || replies_due_ != 0) return false;
  // Nothing is due: whatever there is to read is the end of the connection, or should not be there.
  pollfd state{.fd = context_->fd, .events = POLLIN, .revents = 0};
  return ::poll(&state, 1, 0) == 0;
}

Error RedisConnection::failure(ErrorCode code, const std::string& what) {
  failed_ = true;
  return {code, server_name_ + ": " + what};
}

Error RedisConnection::unexpected_reply(std::string_view command) const {
  return {ErrorCode::kIo, server_name_ + ": an answer to " + std::string(command) + " that is none"};
}

Error RedisConnection::reply_error(std::string_view text) const {
  ErrorCode code = ErrorCode::kIo;
  if (text.starts_with("OOM ")) code = ErrorCode::kOutOfSpace;
  if (starts_with_any(text, {"LOADING ", "BUSY ", "MASTERDOWN ", "READONLY ", "MISCONF ", "TRYAGAIN ", "CLUSTERDOWN ",
                             "NOREPLICAS ", "ERR max number of clients"})) {
    code = ErrorCode::kUnavailable;
  }
  return {code, server_name_ + ": " + in_quotes(text)};
}

std::optional<std::string_view> text_of_reply(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_STRING && reply.type != REDIS_REPLY_STATUS) return std::nullopt;
  return std::string_view(reply.str, reply.len);
}

}  // namespace samcache

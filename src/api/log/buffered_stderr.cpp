#include "api/log/buffered_stderr.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>

namespace samcache {
namespace {

constexpr std::chrono::milliseconds kInterval{50};

// Nobody can be told of a log that cannot be written.
void write_stderr(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

BufferedStderr::BufferedStderr(std::size_t max_waiting_bytes)
    : max_waiting_bytes_(max_waiting_bytes), thread_([this](const std::stop_token& stop) { run(stop); }) {}

BufferedStderr::~BufferedStderr() {
  thread_.request_stop();
  thread_.join();
  flush();
}

void BufferedStderr::log(const spdlog::details::log_msg& message) {
  const std::scoped_lock lock(mutex_);
  if (waiting_.size() + message.payload.size() >= max_waiting_bytes_) {
    ++dropped_;
    return;
  }
  waiting_.append(message.payload.data(), message.payload.size());
  waiting_ += '\n';
}

void BufferedStderr::flush() {
  const std::scoped_lock one_writer(writing_);
  std::string lines;
  {
    const std::scoped_lock lock(mutex_);
    lines.swap(waiting_);
    if (dropped_ > 0) lines += "{\"event\":\"lines dropped\",\"count\":" + std::to_string(dropped_) + "}\n";
    dropped_ = 0;
  }
  write_stderr(lines);
}

void BufferedStderr::run(const std::stop_token& stop) {
  std::mutex sleeping;
  std::unique_lock lock(sleeping);
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, kInterval, [] { return false; });
    flush();
  }
}

}  // namespace samcache

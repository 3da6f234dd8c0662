// A spdlog sink that collects lines and writes many at once, twenty times a second.
//
// Waking a thread for each line, and a system call for each, would cost a server more than the requests that the lines
// are about. So whoever logs only appends to a buffer. When nobody reads stderr the buffer grows to a limit and further
// lines are dropped, and counted. Thread-safe; the destructor writes what is left.
#pragma once

#include <spdlog/sinks/sink.h>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace samcache {

class BufferedStderr final : public spdlog::sinks::sink {
 public:
  explicit BufferedStderr(std::size_t max_waiting_bytes);
  ~BufferedStderr() override;

  // Takes the message's text as a whole line.
  void log(const spdlog::details::log_msg& message) override;
  void flush() override;
  // Lines are finished when they come.
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  void run(const std::stop_token& stop);

  const std::size_t max_waiting_bytes_;
  std::mutex mutex_;
  std::string waiting_;
  std::uint64_t dropped_ = 0;
  std::mutex writing_;  // one at a time, in order
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace samcache

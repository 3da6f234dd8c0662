#include "apps/console.h"

#include <cerrno>
#include <cstdio>

#include "apps/interrupt.h"

namespace samcache {
namespace {

void print_line(const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }

}  // namespace

int exit_code_for(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return kExitUsage;
    case ErrorCode::kNotFound: return kExitNotFound;
    case ErrorCode::kCancelled: return interrupted() ? exit_code_of_interrupt() : kExitFailed;
    default: return kExitFailed;
  }
}

std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) c = ' ';
  }
  return line;
}

void print_error(std::string_view message) { print_line("samcache: " + one_line(message)); }

void print_warning(std::string_view message) { print_line("samcache: warning: " + one_line(message)); }

void print_note(std::string_view message) { print_line("samcache: " + one_line(message)); }

int exit_code_of(const Status& status) {
  if (status) return kExitDone;
  print_error(status.error().message);
  return exit_code_for(status.error().code);
}

Status write_stdout(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return {};
  return errno_error("write the result to stdout", errno);
}

Error as_failure(Error error) {
  if (error.code == ErrorCode::kInvalidArgument) error.code = ErrorCode::kUnsupported;
  return error;
}

}  // namespace samcache

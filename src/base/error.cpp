#include "base/error.h"

#include <cerrno>
#include <system_error>

namespace samcache {

const char* error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return "invalid argument";
    case ErrorCode::kNotFound: return "not found";
    case ErrorCode::kCorrupt: return "corrupt";
    case ErrorCode::kUnsupported: return "unsupported";
    case ErrorCode::kTooLarge: return "too large";
    case ErrorCode::kOutOfSpace: return "out of space";
    case ErrorCode::kIo: return "input/output error";
    case ErrorCode::kUnavailable: return "unavailable";
    case ErrorCode::kCancelled: return "cancelled";
  }
  return "unknown";
}

ErrorCode error_code_from_errno(int errno_value) {
  switch (errno_value) {
    case ENOSPC:
    case EDQUOT: return ErrorCode::kOutOfSpace;
    case ENOENT:
    case ENOTDIR: return ErrorCode::kNotFound;
    default: return ErrorCode::kIo;
  }
}

Error errno_error(const std::string& what, int errno_value) {
  return {error_code_from_errno(errno_value), "cannot " + what + ": " + std::generic_category().message(errno_value)};
}

}  // namespace samcache

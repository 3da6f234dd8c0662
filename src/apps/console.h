// What the program says and how it ends: results on stdout, one line per error on stderr, the exit code.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace samcache {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitNotFound = 3;

// kInvalidArgument: bad usage; kNotFound: not found; kCancelled: as the signal would have ended it; else failed.
int exit_code_for(ErrorCode code);

// `text` with control characters as spaces: a file's name or a prompt can hold line breaks and terminal escapes.
std::string one_line(std::string_view text);

// "samcache: MESSAGE" and a line break; whatever the message holds, it stays one line.
void print_error(std::string_view message);
void print_warning(std::string_view message);
void print_note(std::string_view message);  // what is good to know and nothing to worry about

// Prints the error, if there is one, and answers with the exit code.
int exit_code_of(const Status& status);

// All of `text`, flushed. Fails when nobody reads it (a closed pipe) or there is no room for it.
Status write_stdout(std::string_view text);

// The same failure as one of the work, not of the command line: for errors whose code says kInvalidArgument but whose
// cause is a file.
Error as_failure(Error error);

}  // namespace samcache

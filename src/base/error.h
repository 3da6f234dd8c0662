// Expected failures as values.
//
// A function that can fail for reasons outside the program (a file, a request, a network) returns Result<T>: the
// value, or an Error whose message says in one line what was wrong, with which input, and what to do about it.
// A bug (a broken precondition, a wrong shape) throws std::logic_error instead; see `check` below.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

namespace samcache {

enum class ErrorCode {
  kInvalidArgument,  // the caller asked for something that cannot be: a point outside the picture, an unknown option
  kNotFound,         // the named thing is not there
  kCorrupt,          // bytes that break their format or their digest
  kUnsupported,      // well-formed, but not something this build can do
  kTooLarge,         // over a stated limit
  kOutOfSpace,       // the disk (or the budget) is full
  kIo,               // the operating system refused
  kUnavailable,      // try again later
  kCancelled,        // given up on request
};

// "corrupt", "out of space", ...: for logs and tests.
const char* error_code_name(ErrorCode code);

struct Error {
  ErrorCode code;
  std::string message;

  // The same failure seen from one level up: `context` is put before the message.
  Error within(const std::string& context) const { return {code, context + ": " + message}; }
};

// Thrown by Result::value() when there is none; carries the error's message.
class BadResultAccess : public std::logic_error {
 public:
  explicit BadResultAccess(const Error& error) : std::logic_error(error.message) {}
};

// A T, or why there is none. Converts from both, so `return value;` and `return Error{...};` work.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    require_value();
    return std::get<0>(state_);
  }
  const T& value() const& {
    require_value();
    return std::get<0>(state_);
  }
  T&& value() && {
    require_value();
    return std::get<0>(std::move(state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Requires !ok().
  const Error& error() const { return std::get<1>(state_); }

 private:
  void require_value() const {
    if (!ok()) throw BadResultAccess(error());
  }
  std::variant<T, Error> state_;
};

// Success, or why not: `return {};` is success.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return error_.index() == 0; }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return std::get<1>(error_); }
  void value() const {
    if (!ok()) throw BadResultAccess(error());
  }

 private:
  std::variant<std::monostate, Error> error_;
};

using Status = Result<void>;

// Throws std::logic_error(message) unless `condition` holds: for preconditions, never for input from outside.
inline void check(bool condition, const std::string& message) {
  if (!condition) throw std::logic_error(message);
}

// The ErrorCode for an errno value (ENOSPC, EDQUOT -> kOutOfSpace; ENOENT -> kNotFound; else kIo).
ErrorCode error_code_from_errno(int errno_value);

// "cannot WHAT: strerror", with the code that fits `errno_value`.
Error errno_error(const std::string& what, int errno_value);

}  // namespace samcache

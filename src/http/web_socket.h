// WebSocket connections (RFC 6455), as the code that talks over them sees them.
//
// A route's factory makes a WebSocketSession for each accepted connection. The server calls it on the connection's
// thread, one call at a time: it must not block. Answers go out through the sender, from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace samcache::http {

class OutgoingQueue;

// Close codes of RFC 6455 that applications use.
inline constexpr std::uint16_t kCloseNormal = 1000;
inline constexpr std::uint16_t kCloseGoingAway = 1001;
inline constexpr std::uint16_t kCloseUnsupportedData = 1003;
inline constexpr std::uint16_t kClosePolicyViolation = 1008;
inline constexpr std::uint16_t kCloseTooBig = 1009;
inline constexpr std::uint16_t kCloseInternalError = 1011;
inline constexpr std::uint16_t kCloseTryAgainLater = 1013;

// Sends to one client. Thread-safe, cheap to copy, may outlive the connection. A client that does not read fast enough
// for its queue (WebSocketLimits) is closed with 1013.
class WebSocketSender {
 public:
  WebSocketSender() = default;
  explicit WebSocketSender(std::shared_ptr<OutgoingQueue> queue) : queue_(std::move(queue)) {}

  // False: the connection is closed or closing, nothing was sent. With a `key`, a message under the same key that still
  // waits is replaced: the newest wins.
  bool send_text(std::string text, std::string_view key = {});
  bool send_binary(SharedBytes bytes, std::string_view key = {});
  // A text and the binary frames that belong to it, with nothing in between.
  bool send_text_with(std::string text, std::vector<SharedBytes> binaries, std::string_view key = {});
  // Closes after what is queued. `reason` is cut to 123 bytes.
  void close(std::uint16_t code, std::string_view reason = {});
  bool is_open() const;
  std::size_t queued_bytes() const;

 private:
  std::shared_ptr<OutgoingQueue> queue_;
};

class WebSocketSession {
 public:
  virtual ~WebSocketSession() = default;
  virtual void on_open(WebSocketSender sender) = 0;
  // Valid UTF-8.
  virtual void on_text(std::string_view message) = 0;
  // By default the connection is closed with 1003.
  virtual void on_binary(ByteSpan message);
  // The last call, whatever the reason; `code` is 1006 when the connection was lost.
  virtual void on_close(std::uint16_t code, std::string_view reason) = 0;

 protected:
  // Set before on_open().
  const WebSocketSender& sender() const { return sender_; }

 private:
  friend class WebSocketConnection;  // sets it
  WebSocketSender sender_;
};

// The subprotocol that is confirmed when the client offers "bearer.<token>" ones: the first other one it offers, else
// the bearer one itself (a server that selects any must select one of those offered); empty when none is offered.
// Browsers can send a token no other way.
std::string choose_subprotocol(std::string_view offered);
// The token in the first "bearer.<token>" of a Sec-WebSocket-Protocol header; empty: none.
std::string_view bearer_subprotocol_token(std::string_view offered);

}  // namespace samcache::http

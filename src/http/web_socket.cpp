#include "http/web_socket.h"

#include "http/outgoing_queue.h"
#include "http/tokens.h"

namespace samcache::http {
namespace {

constexpr std::size_t kMaxCloseReasonBytes = 123;  // a control frame holds 125
constexpr std::string_view kBearerPrefix = "bearer.";

// Cut between two characters.
std::string_view cut_reason(std::string_view reason) {
  if (reason.size() <= kMaxCloseReasonBytes) return reason;
  std::size_t size = kMaxCloseReasonBytes;
  while (size > 0 && (static_cast<unsigned char>(reason[size]) & 0xc0) == 0x80) --size;
  return reason.substr(0, size);
}

}  // namespace

bool WebSocketSender::send_text(std::string text, std::string_view key) {
  return send_text_with(std::move(text), {}, key);
}

bool WebSocketSender::send_binary(SharedBytes bytes, std::string_view key) {
  std::vector<OutgoingFrame> frames;
  frames.push_back({.is_binary = true, .bytes = std::move(bytes)});
  return queue_ != nullptr && queue_->push(std::move(frames), key);
}

bool WebSocketSender::send_text_with(std::string text, std::vector<SharedBytes> binaries, std::string_view key) {
  std::vector<OutgoingFrame> frames;
  frames.reserve(1 + binaries.size());
  frames.push_back({.text = std::move(text)});
  for (SharedBytes& binary : binaries) frames.push_back({.is_binary = true, .bytes = std::move(binary)});
  return queue_ != nullptr && queue_->push(std::move(frames), key);
}

void WebSocketSender::close(std::uint16_t code, std::string_view reason) {
  if (queue_ != nullptr) queue_->close(code, cut_reason(reason));
}

bool WebSocketSender::is_open() const { return queue_ != nullptr && !queue_->is_closed(); }

std::size_t WebSocketSender::queued_bytes() const { return queue_ == nullptr ? 0 : queue_->waiting_bytes(); }

void WebSocketSession::on_binary(ByteSpan /*message*/) {
  sender_.close(kCloseUnsupportedData, "binary messages are not understood here");
}

std::string choose_subprotocol(std::string_view offered) {
  std::string_view bearer;
  while (!offered.empty()) {
    const std::string_view protocol = next_element(offered);
    if (protocol.empty()) continue;
    if (!protocol.starts_with(kBearerPrefix)) return std::string(protocol);
    if (bearer.empty()) bearer = protocol;
  }
  return std::string(bearer);
}

std::string_view bearer_subprotocol_token(std::string_view offered) {
  while (!offered.empty()) {
    const std::string_view protocol = next_element(offered);
    if (protocol.starts_with(kBearerPrefix)) return protocol.substr(kBearerPrefix.size());
  }
  return {};
}

}  // namespace samcache::http

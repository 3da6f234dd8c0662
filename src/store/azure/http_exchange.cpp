#include "store/azure/http_client.h"

namespace samcache {
namespace {

class ReplyReceiver : public HttpReceiver {
 public:
  explicit ReplyReceiver(std::size_t max_body_bytes) : max_body_bytes_(max_body_bytes) {}

  Status on_head(const HttpResponse& head) override {
    reply_.head = head;
    return {};
  }

  Status on_body(ByteSpan bytes) override {
    if (reply_.body.size() + bytes.size() > max_body_bytes_) {
      return Error{ErrorCode::kTooLarge, "the answer is over " + std::to_string(max_body_bytes_) + " bytes"};
    }
    reply_.body += text_of(bytes);
    return {};
  }

  HttpReply take() { return std::move(reply_); }

 private:
  const std::size_t max_body_bytes_;
  HttpReply reply_;
};

}  // namespace

Result<HttpReply> http_exchange(HttpClient& client, HttpRequest request, std::size_t max_body_bytes,
                                const std::string& what, Deadline deadline) {
  ReplyReceiver receiver(max_body_bytes);
  const HttpClient::Lease session = client.lease();
  session->start(std::move(request), receiver);
  while (!deadline.passed()) {
    const std::vector<HttpFinished> finished = session->poll(deadline.time());
    if (finished.empty()) continue;
    const HttpFinished& result = finished.front();
    if (result.end == HttpEnd::kComplete) return receiver.take();
    if (result.rejection) return result.rejection->within(what);
    return Error{result.end == HttpEnd::kUntrusted ? ErrorCode::kIo : ErrorCode::kUnavailable,
                 what + ": " + result.message};
  }
  return Error{ErrorCode::kUnavailable, what + " has not answered by the deadline"};
}

}  // namespace samcache

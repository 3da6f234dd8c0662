// One thing asked of the service, and its answer. Internal to azure/.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "store/azure/azure_digests.h"
#include "store/azure/blob_service.h"
#include "store/azure/http_message.h"
#include "store/azure/service_error.h"

namespace samcache {

struct BlobCall {
  BlobRequest request;
  bool is_read = false;            // may go to the secondary, and may be asked twice at once
  std::vector<int> expected = {};  // statuses that are answers and not failures, beside those of success
  // Where the body of a successful answer goes, and with that how long it must be; asked once an attempt, with the
  // answer's head. An error means another try, but for kCancelled and kTooLarge, which end everything. Without it the
  // body is text.
  std::function<Result<std::span<std::byte>>(const HttpResponse& head)> place = {};
  bool check_md5 = false;  // if the answer has one; of a placed body
  std::size_t max_text_bytes = 1 << 20;
};

struct BlobAnswer {
  HttpResponse head;
  std::string text;                  // unless it was placed
  bool may_have_run_before = false;  // an earlier try failed so that nobody knows whether it was carried out
  Site site = Site::kPrimary;

  ServiceError refusal() const { return service_error(head, text); }
};

// Receives one attempt at a call. A second attempt, beside one that is under way, receives into memory of its own until
// it has won.
class CallAttempt : public HttpReceiver {
 public:
  CallAttempt(const BlobCall& call, bool directly) : call_(call), directly_(directly) {}

  Status on_head(const HttpResponse& head) override;
  Status on_body(ByteSpan bytes) override;

  // Once the transfer is complete: whether the body is what the head announced. kCorrupt: not by its MD5.
  Status check_body();
  // Puts the body where it belongs; no other attempt may be writing there any more.
  void deliver();

  const HttpResponse& head() const { return head_; }
  std::string& text() { return text_; }

 private:
  const BlobCall& call_;
  const bool directly_;
  HttpResponse head_;
  bool placed_ = false;
  std::span<std::byte> target_;
  std::vector<std::byte> aside_;
  std::size_t received_bytes_ = 0;
  Md5Hasher md5_;
  std::string expected_md5_;
  std::string text_;
};

}  // namespace samcache

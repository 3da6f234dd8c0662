#include "store/azure/blob_call.h"

#include <algorithm>

#include "base/text.h"

namespace samcache {
namespace {

constexpr std::size_t kMaxRefusalBytes = 64 << 10;

}  // namespace

Status CallAttempt::on_head(const HttpResponse& head) {
  head_ = head;
  if (!head.ok() || !call_.place) return {};
  const Result<std::span<std::byte>> target = call_.place(head);
  if (!target) return target.error();
  const std::string* length = head.find("content-length");
  if (length && *length != std::to_string(target->size())) {
    return Error{ErrorCode::kIo,
                 "the answer announces " + in_quotes(*length) + " bytes instead of " + std::to_string(target->size())};
  }
  target_ = *target;
  placed_ = true;
  if (!directly_) aside_.resize(target_.size());
  if (const std::string* md5 = head.find("content-md5"); md5 && call_.check_md5) expected_md5_ = *md5;
  return {};
}

Status CallAttempt::on_body(ByteSpan bytes) {
  if (!placed_) {
    const std::size_t limit = head_.ok() ? call_.max_text_bytes : kMaxRefusalBytes;
    if (text_.size() + bytes.size() > limit && head_.ok()) {
      return Error{ErrorCode::kTooLarge, "the answer is over " + std::to_string(limit) + " bytes"};
    }
    text_ += text_of(bytes).substr(0, limit - text_.size());
    return {};
  }
  if (bytes.size() > target_.size() - received_bytes_) {
    return Error{ErrorCode::kIo,
                 "the answer is longer than the " + std::to_string(target_.size()) + " bytes asked for"};
  }
  std::byte* to = (directly_ ? target_.data() : aside_.data()) + received_bytes_;
  std::ranges::copy(bytes, to);
  received_bytes_ += bytes.size();
  if (!expected_md5_.empty()) md5_.update(bytes);
  return {};
}

Status CallAttempt::check_body() {
  if (!placed_) return {};
  if (received_bytes_ != target_.size()) {
    return Error{ErrorCode::kIo, "the answer ended after " + std::to_string(received_bytes_) + " of " +
                                     std::to_string(target_.size()) + " bytes"};
  }
  if (!expected_md5_.empty() && md5_.finish_base64() != expected_md5_) {
    return Error{ErrorCode::kCorrupt, "the bytes that arrived do not have the MD5 that was sent with them"};
  }
  return {};
}

void CallAttempt::deliver() {
  if (placed_ && !directly_) std::ranges::copy(aside_, target_.data());
}

}  // namespace samcache

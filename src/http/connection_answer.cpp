#include <array>

#include "http/connection.h"
#include "http/cors.h"
#include "http/response_head.h"
#include "http/tokens.h"

namespace samcache::http {
namespace {

iovec piece_of(const void* data, std::size_t size) { return {const_cast<void*>(data), size}; }

bool has_no_body(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace

bool Connection::may_keep_alive(const HttpResponse& response) const {
  const auto connection = response.headers.find("Connection");
  return framing_.keep_alive && !core_->is_stopping &&
         !std::holds_alternative<std::shared_ptr<EventStream>>(response.body) &&
         requests_ < core_->limits().max_requests_per_connection && !(connection && same_token(*connection, "close"));
}

Task<bool> Connection::respond(HttpResponse response) {
  add_cors_headers(core_->options().cors, *request_, response);
  auto* const events = std::get_if<std::shared_ptr<EventStream>>(&response.body);
  framing_.keep_alive = may_keep_alive(response);
  status_ = response.status;
  timed_out_ = false;  // a late request is still told so
  response.headers.remove("Connection");

  ResponseFraming framing;
  framing.version = request_->version();
  framing.keep_alive = framing_.keep_alive;
  framing.is_chunked = events != nullptr && framing.version >= 11;
  if (events == nullptr && !has_no_body(response.status)) framing.content_length = response.body_size();
  framing.date = loop_.date();
  framing.request_id = request_->id();
  framing.common_headers =
      core_->common_headers(stream_.is_tls(), response.headers.find("Content-Security-Policy").has_value());
  head_out_.clear();
  append_response_head(head_out_, response, framing);

  expect_within(core_->limits().write_timeout);
  bool sent = false;
  if (request_->method() == "HEAD" || has_no_body(response.status)) {
    std::array<iovec, 1> head{piece_of(head_out_.data(), head_out_.size())};
    sent = co_await stream_.write(head, false, [] {});
  } else if (events != nullptr) {
    sent = co_await write_events(**events, framing.is_chunked);
  } else {
    sent = co_await write_body(response);
    if (sent) bytes_out_ = response.body_size();
  }
  expect_nothing();
  co_return sent && !timed_out_;
}

// head_out_ and the body.
Task<bool> Connection::write_body(const HttpResponse& response) {
  const auto on_progress = [this] { expect_within(core_->limits().write_timeout); };
  const iovec head = piece_of(head_out_.data(), head_out_.size());
  if (const auto* file = std::get_if<FileRange>(&response.body)) {
    std::array<iovec, 1> pieces{head};
    const bool begun = co_await stream_.write(pieces, file->size_bytes > 0, on_progress);
    if (!begun) co_return false;
    const bool sent = co_await stream_.write_file(*file->file, file->offset, file->size_bytes, on_progress);
    co_return sent;
  }
  const auto* text = std::get_if<std::string>(&response.body);
  const ByteSpan body = text != nullptr ? bytes_of(*text) : std::get<SharedBytes>(response.body).span();
  std::array<iovec, 2> pieces{head, piece_of(body.data(), body.size())};
  const bool sent = co_await stream_.write(pieces, false, on_progress);
  co_return sent;
}

}  // namespace samcache::http

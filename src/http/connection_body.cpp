#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "http/connection.h"
#include "http/content_coding.h"
#include "http/multipart_parser.h"
#include "http/tokens.h"

namespace samcache::http {
namespace {

constexpr std::size_t kReadBytes = 64 << 10;
constexpr std::size_t kSinkPieceBytes = 256 << 10;
constexpr std::uint64_t kDiscardBytes = 64 << 10;  // a refused body up to this is read, so that the connection stays

HttpResponse too_large(std::uint64_t max_bytes) {
  return problem(413, "the body is larger than the " + std::to_string(max_bytes) + " bytes allowed here");
}

HttpResponse sink_problem(const Error& error) {
  return error.code == ErrorCode::kCorrupt ? problem(400, error.message) : problem(error);
}

bool is_of_type(const std::vector<std::string>& types, std::string_view content_type) {
  const std::string_view type = media_type_of(content_type);
  return types.empty() || std::ranges::any_of(types, [&](const std::string& known) { return same_token(known, type); });
}

}  // namespace

// What the head alone says against the body.
std::optional<HttpResponse> Connection::refuse_body() const {
  const RouteOptions& options = request_->route()->options;
  if (!framing_.has_body()) return std::nullopt;
  if (options.body == BodyPolicy::kNone) return problem(413, "this call takes no body");
  if (framing_.content_length > options.max_body_bytes) return too_large(options.max_body_bytes);
  const std::string_view type = request_->header("Content-Type").value_or("");
  if (options.body != BodyPolicy::kMultipart && !is_of_type(options.content_types, type)) {
    return problem(415,
                   "the body's type " + in_quotes(type) + " is not taken here; send " + options.content_types.front());
  }
  const auto coding = coding_from_name(request_->header("Content-Encoding").value_or(""));
  const bool may_be_coded = options.body == BodyPolicy::kBuffered;
  if (!coding || (*coding != ContentCoding::kIdentity && !may_be_coded)) {
    HttpResponse response = problem(415, "this Content-Encoding is not taken here");
    response.headers.set("Accept-Encoding", may_be_coded ? "gzip, zstd" : "identity");
    return response;
  }
  return std::nullopt;
}

Task<std::optional<HttpResponse>> Connection::read_body() {
  const BodyPolicy policy = request_->route()->options.body;
  std::optional<HttpResponse> response = refuse_body();
  if (response) co_return response;
  if (framing_.is_chunked) chunked_ = std::make_unique<ChunkedDecoder>();
  body_started_ = Clock::now();
  if (policy == BodyPolicy::kBuffered && framing_.has_body()) response = co_await buffer_body();
  if (policy == BodyPolicy::kMultipart) response = co_await read_form();
  if (policy == BodyPolicy::kStreamed) response = co_await open_and_stream_body();
  expect_nothing();
  if (!response) body_is_read_ = true;
  parts_of(*request_).body_bytes = body_received_;
  co_return response;
}

Task<std::optional<HttpResponse>> Connection::buffer_body() {
  std::string& body = parts_of(*request_).body;
  const std::uint64_t max_bytes = request_->route()->options.max_body_bytes;
  co_await send_continue();
  while (true) {
    const std::string_view piece = co_await next_body_piece();
    if (refusal_) co_return problem(refusal_->status, refusal_->detail);
    if (piece.empty()) co_return std::nullopt;
    if (piece.size() > max_bytes - body.size()) co_return too_large(max_bytes);
    body.append(piece);
  }
}

Task<std::optional<HttpResponse>> Connection::open_and_stream_body() {
  const Route& route = *request_->route();
  std::variant<std::shared_ptr<BodySink>, HttpResponse> opened = std::shared_ptr<BodySink>();
  const bool ran = co_await run_on_pool(route.options.pool, [&] { opened = route.open_sink(*request_); });
  if (!ran) co_return busy();
  if (auto* refused = std::get_if<HttpResponse>(&opened)) co_return std::move(*refused);
  const std::shared_ptr<BodySink> sink = std::get<0>(opened);
  std::optional<HttpResponse> failed = co_await stream_body(*sink);
  if (!failed) parts_of(*request_).sink = sink;
  co_return failed;
}

Task<std::optional<HttpResponse>> Connection::read_form() {
  const Result<std::string> boundary = multipart_boundary(request_->header("Content-Type").value_or(""));
  if (!boundary) co_return problem(boundary.error());
  MultipartSink sink(*boundary, request_->route()->options.multipart);
  std::optional<HttpResponse> failed = co_await stream_body(sink);
  if (!failed) parts_of(*request_).form = sink.take_form();
  co_return failed;
}

// Collects large pieces, so that the pool is asked rarely.
Task<std::optional<HttpResponse>> Connection::stream_body(BodySink& sink) {
  const RouteOptions& options = request_->route()->options;
  std::string collected;
  Status status;
  bool is_end = !framing_.has_body();
  co_await send_continue();
  while (true) {
    while (!is_end && collected.size() < kSinkPieceBytes) {
      const std::string_view piece = co_await next_body_piece();
      if (refusal_) co_return problem(refusal_->status, refusal_->detail);
      if (body_received_ > options.max_body_bytes) co_return too_large(options.max_body_bytes);
      is_end = piece.empty();
      collected.append(piece);
    }
    expect_nothing();
    const Clock::time_point began = Clock::now();
    co_await run_on_pool_when_free(options.pool, [&] {
      if (!collected.empty()) status = sink.write(bytes_of(collected));
      if (status && is_end) status = sink.finish();
    });
    body_started_ += Clock::now() - began;  // not the client's time
    if (!status) co_return sink_problem(status.error());
    if (is_end) co_return std::nullopt;
    collected.clear();
  }
}

Task<void> Connection::send_continue() {
  if (!framing_.expects_continue || !framing_.has_body() || !unread().empty()) co_return;
  std::string line = "HTTP/1.1 100 Continue\r\n\r\n";
  std::array<iovec, 1> piece{{{line.data(), line.size()}}};
  expect_within(core_->limits().write_timeout);
  framing_.expects_continue = false;
  co_await stream_.write(piece, false, [] {});
}

// The time until which the body must have come to what it has come to, plus something.
void Connection::limit_body_rate() {
  const HttpLimits& limits = core_->limits();
  const std::uint64_t rate = std::max<std::uint64_t>(1, limits.min_body_bytes_per_s);
  expires_ = body_started_ + limits.body_grace + std::chrono::milliseconds(body_received_ * 1000 / rate);
}

Task<std::string_view> Connection::next_body_piece() {
  chunk_data_.clear();
  while (true) {
    if (chunked_ == nullptr) {
      if (body_left_ == 0) co_return std::string_view();
      if (!unread().empty()) {
        const std::string_view piece = unread().substr(0, body_left_);
        body_left_ -= piece.size();
        body_received_ += piece.size();
        consume(piece.size());  // the bytes stay until the next receive()
        co_return piece;
      }
    } else {
      const Result<std::size_t> used =
          chunked_->decode(bytes_of(unread()), [this](std::string_view data) { chunk_data_.append(data); });
      if (!used) {
        refusal_ = Refusal{400, used.error().message};
        co_return std::string_view();
      }
      consume(*used);
      body_received_ += chunk_data_.size();
      if (!chunk_data_.empty() || chunked_->is_done()) co_return chunk_data_;
    }
    limit_body_rate();
    const bool got = co_await receive(kReadBytes);
    if (got) continue;
    refusal_ = timed_out_ ? Refusal{408, "the body comes too slowly"}
                          : Refusal{400, "the body ended early or its chunks are malformed"};
    co_return std::string_view();
  }
}

// Reads what the handler did not, so that the next request begins where it should; false: not worth it.
Task<bool> Connection::discard_body() {
  if (body_is_read_ || !framing_.has_body()) co_return true;
  if (framing_.is_chunked || body_left_ > kDiscardBytes || framing_.expects_continue || refusal_) co_return false;
  body_started_ = Clock::now();
  while (body_left_ > 0) {
    co_await next_body_piece();
    if (refusal_) co_return false;
  }
  co_return true;
}

}  // namespace samcache::http

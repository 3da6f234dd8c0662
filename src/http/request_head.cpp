#include "http/request_head.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/basic_parser.hpp>
#include <charconv>
#include <random>

#include "base/text.h"
#include "http/header_list.h"
#include "http/server.h"
#include "http/tokens.h"
#include "http/url_decoding.h"

namespace samcache::http {
namespace {

namespace beast = boost::beast;
using beast::error_code;

constexpr std::array<std::string_view, 7> kMethods = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"};

// Writes down what Beast finds: views into the text that is parsed, since no line of it is folded.
class HeadParser final : public beast::http::basic_parser<true> {
 public:
  explicit HeadParser(RequestParts& parts) : parts_(parts) {
    eager(false);
    body_limit(boost::none);  // the route has one
  }

 private:
  void on_request_impl(beast::http::verb /*method*/, beast::string_view method, beast::string_view target, int version,
                       error_code& /*ec*/) override {
    parts_.method = {method.data(), method.size()};
    parts_.target = {target.data(), target.size()};
    parts_.version = version;
  }
  void on_field_impl(beast::http::field /*field*/, beast::string_view name, beast::string_view value,
                     error_code& /*ec*/) override {
    parts_.headers.emplace_back(std::string_view(name.data(), name.size()),
                                std::string_view(value.data(), value.size()));
  }
  void on_response_impl(int, beast::string_view, int, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
  std::size_t on_body_impl(beast::string_view, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view, error_code&) override { return 0; }
  void on_finish_impl(error_code&) override {}

  RequestParts& parts_;
};

Refusal bad_request(std::string detail) { return {400, std::move(detail)}; }

// What is wrong with the lines themselves; nullptr: nothing. Beast unfolds folded lines and takes some bare line feeds.
const char* line_fault(std::string_view raw) {
  for (std::size_t at = 0; (at = raw.find_first_of(std::string_view("\r\n\0", 3), at)) != std::string_view::npos;) {
    if (raw[at] == '\0') return "the head holds a NUL byte";
    if (raw[at] == '\n') return "a line of the head ends with a bare line feed; send CR LF";
    if (raw.size() - at < 2 || raw[at + 1] != '\n') return "the head holds a bare carriage return";
    at += 2;
    if (at < raw.size() && (raw[at] == ' ' || raw[at] == '\t')) return "a header is folded over two lines";
  }
  return nullptr;
}

std::optional<Refusal> read_target(RequestParts& parts, const HttpLimits& limits) {
  std::string_view target = parts.target;
  if (target.size() > limits.max_target_bytes) {
    return Refusal{414, "the target is longer than " + std::to_string(limits.max_target_bytes) + " bytes"};
  }
  for (const char c : target) {
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f || c == '#') {
      return bad_request("the target " + in_quotes(target) + " holds characters that must be percent-encoded");
    }
  }
  for (const std::string_view scheme : {"http://", "https://"}) {  // the absolute form, as proxies send it
    if (!target.starts_with(scheme)) continue;
    target.remove_prefix(std::min(target.find_first_of("/?", scheme.size()), target.size()));
    if (!target.starts_with('/')) return bad_request("the target has no path");
  }
  if (target == "*" && parts.method == "OPTIONS") {
    parts.path = "*";
    return std::nullopt;
  }
  const std::size_t question = std::min(target.find('?'), target.size());
  Result<std::string> path = decode_path(target.substr(0, question));
  if (!path) return bad_request(path.error().message);
  parts.path = std::move(path).value();
  if (question < target.size()) {
    auto query = decode_query(target.substr(question + 1));
    if (!query) return bad_request(query.error().message);
    parts.query = std::move(query).value();
  }
  return std::nullopt;
}

std::optional<Refusal> read_content_length(std::string_view value, RequestFraming& framing) {
  const auto parsed = std::from_chars(value.data(), value.data() + value.size(), framing.content_length);
  if (parsed.ec != std::errc{} || parsed.ptr != value.data() + value.size()) {
    return bad_request("Content-Length is no number: " + in_quotes(value));
  }
  return std::nullopt;
}

// The headers that decide where the request ends and what follows it.
std::optional<Refusal> read_framing(const RequestParts& parts, RequestFraming& framing) {
  int hosts = 0;
  int lengths = 0;
  int codings = 0;
  bool says_close = false;
  bool says_keep_alive = false;
  bool says_upgrade = false;
  bool names_web_socket = false;
  std::optional<Refusal> refusal;
  for (const auto& [name, value] : parts.headers) {
    if (same_token(name, "Host")) {
      ++hosts;
    } else if (same_token(name, "Content-Length")) {
      ++lengths;
      refusal = read_content_length(value, framing);
    } else if (same_token(name, "Transfer-Encoding")) {
      ++codings;
      framing.is_chunked = same_token(value, "chunked");
      if (!framing.is_chunked) refusal = Refusal{501, "Transfer-Encoding " + in_quotes(value) + " is not understood"};
    } else if (same_token(name, "Connection")) {
      says_close |= list_has_token(value, "close");
      says_keep_alive |= list_has_token(value, "keep-alive");
      says_upgrade |= list_has_token(value, "upgrade");
    } else if (same_token(name, "Upgrade")) {
      names_web_socket |= list_has_token(value, "websocket");
    } else if (same_token(name, "Expect")) {
      framing.expects_continue = same_token(value, "100-continue") && parts.version >= 11;
      if (!same_token(value, "100-continue"))
        refusal = Refusal{417, "Expect " + in_quotes(value) + " is not understood"};
    }
    if (refusal) return refusal;
  }
  if (hosts > 1 || (hosts == 0 && parts.version >= 11)) return bad_request("a request needs exactly one Host header");
  if (lengths > 1) return bad_request("the request has two Content-Length headers");
  if (codings > 1 || (codings == 1 && (lengths > 0 || parts.version < 11))) {
    return bad_request("Transfer-Encoding beside another framing of the body");
  }
  framing.keep_alive = parts.version >= 11 ? !says_close : says_keep_alive && !says_close;
  framing.wants_web_socket = says_upgrade && names_web_socket && parts.method == "GET" && parts.version >= 11;
  return std::nullopt;
}

bool is_request_id(std::string_view id) {
  return !id.empty() && id.size() <= 128 && std::ranges::all_of(id, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
           c == '-';
  });
}

// "00-32 hex-16 hex-2 hex", neither id all zeros.
bool is_traceparent(std::string_view value) {
  if (value.size() != 55 || value[2] != '-' || value[35] != '-' || value[52] != '-' || value.starts_with("ff"))
    return false;
  const auto is_hex = [](std::string_view text) {
    return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  };
  const auto is_zero = [](std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; };
  const std::string_view trace = value.substr(3, 32);
  const std::string_view parent = value.substr(36, 16);
  return is_hex(value.substr(0, 2)) && is_hex(trace) && is_hex(parent) && is_hex(value.substr(53)) && !is_zero(trace) &&
         !is_zero(parent);
}

void forget(RequestParts& parts) {
  parts.headers.clear();
  parts.path.clear();
  parts.path_parameters.clear();
  parts.query.clear();
  parts.body.clear();
  if (parts.body.capacity() > (64U << 10)) parts.body.shrink_to_fit();
  parts.body_bytes = 0;
  parts.form.reset();
  parts.sink.reset();
  parts.method = parts.target = parts.traceparent = {};
  parts.version = 11;
  parts.deadline = Deadline::never();
  parts.route = nullptr;
  parts.principal.reset();
}

}  // namespace

RequestParts& parts_of(HttpRequest& request) { return request.parts_; }

std::string make_request_id() {
  thread_local std::mt19937_64 random(std::random_device{}());
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id(32, '0');
  for (std::size_t half = 0; half < 2; ++half) {
    std::uint64_t bits = random();
    for (std::size_t i = 0; i < 16; ++i, bits >>= 4) id[half * 16 + i] = kDigits[bits & 15];
  }
  return id;
}

std::optional<Refusal> parse_request_head(std::string_view raw, const HttpLimits& limits, HttpRequest& request,
                                          RequestFraming& framing) {
  RequestParts& parts = parts_of(request);
  forget(parts);
  framing = {};
  parts.id = make_request_id();
  if (raw.size() > limits.max_header_bytes) {
    return Refusal{431, "the head is longer than " + std::to_string(limits.max_header_bytes) + " bytes"};
  }
  if (const char* fault = line_fault(raw)) return bad_request(fault);
  parts.head = raw;

  HeadParser parser(parts);
  parser.header_limit(static_cast<std::uint32_t>(raw.size()) + 1);
  error_code ec;
  parser.put(boost::asio::buffer(parts.head), ec);
  if (ec && ec != beast::http::error::need_more) return bad_request("the head is malformed: " + ec.message());
  if (!parser.is_header_done()) return bad_request("the head is malformed");
  if (parts.headers.size() > limits.max_headers) {
    return Refusal{431, "more than " + std::to_string(limits.max_headers) + " headers"};
  }
  if (auto refusal = read_framing(parts, framing)) return refusal;
  if (std::ranges::find(kMethods, parts.method) == kMethods.end()) {
    return Refusal{501, "the method " + in_quotes(parts.method) + " is not known here"};
  }
  if (const auto id = request.header("X-Request-Id"); id && is_request_id(*id)) parts.id = *id;
  if (const auto trace = request.header("traceparent"); trace && is_traceparent(*trace)) parts.traceparent = *trace;
  return read_target(parts, limits);
}

}  // namespace samcache::http

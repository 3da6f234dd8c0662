#include "http/response_head.h"

#include <array>
#include <charconv>
#include <ctime>

namespace samcache::http {
namespace {

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), end.ptr);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

void append_response_head(std::string& out, const HttpResponse& response, const ResponseFraming& framing) {
  out.append(framing.version >= 11 ? "HTTP/1.1 " : "HTTP/1.0 ");
  append_number(out, static_cast<std::uint64_t>(response.status));
  out.append(" ").append(reason_phrase(response.status)).append("\r\n");
  append_field(out, "Date", framing.date);
  for (const auto& [name, value] : response.headers.fields()) append_field(out, name, value);
  if (!response.etag.empty()) {
    check(is_header_value(response.etag), "append_response_head: the entity tag would break the head");
    append_field(out, "ETag", response.etag);
  }
  if (framing.content_length) {
    out.append("Content-Length: ");
    append_number(out, *framing.content_length);
    out.append("\r\n");
  }
  if (framing.is_chunked) out.append("Transfer-Encoding: chunked\r\n");
  if (!framing.keep_alive) {
    out.append("Connection: close\r\n");
  } else if (framing.version < 11) {
    out.append("Connection: keep-alive\r\n");
  }
  if (!framing.request_id.empty()) append_field(out, "X-Request-Id", framing.request_id);
  out.append(framing.common_headers).append("\r\n");
}

std::string http_date_now() {
  constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 40> text;
  std::strftime(text.data(), text.size(), "xxx, %d xxx %Y %H:%M:%S GMT", &utc);
  std::string date(text.data());  // strftime's own names depend on the locale
  date.replace(0, 3, kDays[static_cast<std::size_t>(utc.tm_wday)]);
  date.replace(8, 3, kMonths[static_cast<std::size_t>(utc.tm_mon)]);
  return date;
}

}  // namespace samcache::http

#include "api/adapters/web_address.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "base/text.h"

namespace samcache {
namespace {

Error refused(std::string_view text, const std::string& why) {
  return {ErrorCode::kInvalidArgument, in_quotes(text) + " is no address to fetch from: " + why};
}

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_plain(char c) { return c > ' ' && c < '\x7F' && c != '\\' && c != '"' && c != '<' && c != '>'; }

// A name, an IPv4 address, or an IPv6 address in brackets.
bool is_host(std::string_view host) {
  if (host.starts_with('[')) {
    return host.size() > 4 && host.ends_with(']') && std::ranges::all_of(host.substr(1, host.size() - 2), [](char c) {
             return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
           });
  }
  return !host.empty() &&
         std::ranges::all_of(host, [](char c) { return is_letter_or_digit(c) || c == '-' || c == '.' || c == '_'; });
}

// "443"; empty: none given, which is `otherwise`.
bool read_port(std::string_view digits, std::uint16_t otherwise, std::uint16_t& port) {
  port = otherwise;
  if (digits.empty()) return true;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return error == std::errc() && end == digits.data() + digits.size() && port != 0;
}

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return lower;
}

}  // namespace

Result<WebAddress> parse_web_address(std::string_view text) {
  if (text.size() > kMaxUrlBytes) return refused(text, "it is too long");
  if (!std::ranges::all_of(text, is_plain)) return refused(text, "it has characters that no address has");
  const std::size_t scheme_end = text.find("://");
  const std::string scheme = in_lower_case(text.substr(0, std::min(scheme_end, text.size())));
  if (scheme_end == std::string_view::npos || (scheme != "http" && scheme != "https")) {
    return refused(text, "it is neither http nor https");
  }
  const std::string_view rest = text.substr(scheme_end + 3);
  const std::string_view authority = rest.substr(0, std::min(rest.find_first_of("/?#"), rest.size()));
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const std::string_view host = authority.substr(0, std::min(colon, authority.size()));
  const std::string_view digits = colon == std::string_view::npos ? std::string_view() : authority.substr(colon + 1);
  std::uint16_t port = 0;
  if (!is_host(host) || !read_port(digits, scheme == "http" ? 80 : 443, port)) {
    return refused(text, "its host is none");
  }
  return WebAddress{scheme + "://" + in_lower_case(host) + ':' + std::to_string(port), std::string(text)};
}

Result<WebAddress> follow(const WebAddress& from, std::string_view location) {
  if (!location.starts_with('/') || location.starts_with("//")) return parse_web_address(location);
  return parse_web_address(from.origin + std::string(location));
}

std::string escaped_for_query(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : text) {
    if (is_letter_or_digit(c) || std::string_view("-._~/").find(c) != std::string_view::npos) {
      escaped += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      escaped += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return escaped;
}

}  // namespace samcache

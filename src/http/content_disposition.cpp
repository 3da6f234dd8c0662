#include <algorithm>

#include "base/text.h"
#include "http/http_response.h"

namespace samcache::http {
namespace {

constexpr std::size_t kMaxNameBytes = 200;  // file systems take 255

// The last component, without what would end or hide it; "download" when nothing is left.
std::string safe_name(std::string_view name) {
  const std::size_t slash = name.find_last_of("/\\");
  if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
  std::string safe(name);
  if (!is_utf8(safe)) {
    std::ranges::replace_if(
        safe, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '_');
  }
  std::ranges::replace_if(
      safe, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '"'; }, '_');
  if (safe.size() > kMaxNameBytes) {
    std::size_t size = kMaxNameBytes;
    while (size > 0 && (static_cast<unsigned char>(safe[size]) & 0xc0) == 0x80) --size;
    safe.resize(size);
  }
  return safe.find_first_not_of(". ") == std::string::npos ? "download" : safe;
}

bool is_attr_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("!#$&+-.^_`|~").find(c) != std::string_view::npos;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_attr_char(c)) {
      out += c;
    } else {
      out.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
  return out;
}

}  // namespace

std::string content_disposition(std::string_view disposition, std::string_view file_name) {
  const std::string name = safe_name(file_name);
  std::string plain = name;  // for clients that know no filename*
  std::ranges::replace_if(
      plain, [](char c) { return static_cast<unsigned char>(c) >= 0x80 || c == '%'; }, '_');
  std::string header = std::string(disposition) + "; filename=\"" + plain + '"';
  if (plain != name) header += "; filename*=UTF-8''" + percent_encoded(name);
  return header;
}

}  // namespace samcache::http

#include "store/azure/shared_key.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "store/azure/azure_digests.h"

namespace samcache {
namespace {

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return text;
}

// White space at the ends goes, and runs of it become one space.
std::string folded(const std::string& value) {
  std::string text;
  for (const char letter : value) {
    if (!std::isspace(static_cast<unsigned char>(letter))) {
      text += letter;
    } else if (!text.empty() && text.back() != ' ') {
      text += ' ';
    }
  }
  if (text.ends_with(' ')) text.pop_back();
  return text;
}

std::string standard_header(const SignedParts& parts, const std::string& name) {
  if (name == "content-length") return parts.body_bytes == 0 ? "" : std::to_string(parts.body_bytes);
  for (const HttpHeader& header : parts.headers) {
    if (lower_case(header.name) == name) return header.value;
  }
  return {};
}

}  // namespace

std::string shared_key_string_to_sign(const SignedParts& parts) {
  static constexpr std::array<const char*, 11> kStandardHeaders = {
      "content-encoding",  "content-language", "content-length", "content-md5",         "content-type", "date",
      "if-modified-since", "if-match",         "if-none-match",  "if-unmodified-since", "range"};
  std::string text = parts.method + "\n";
  for (const char* name : kStandardHeaders) text += standard_header(parts, name) + "\n";

  // By name, and not by the whole line: ':' sorts after '-'.
  std::map<std::string, std::string> own_headers;
  for (const HttpHeader& header : parts.headers) {
    const std::string name = lower_case(header.name);
    if (name.starts_with("x-ms-")) own_headers[name] = folded(header.value);
  }
  for (const auto& [name, value] : own_headers) text += name + ":" + value + "\n";

  text += "/" + parts.account + parts.path;
  std::map<std::string, std::vector<std::string>> query;
  for (const auto& [name, value] : parts.query) query[lower_case(name)].push_back(value);
  for (auto& [name, values] : query) {
    std::ranges::sort(values);
    text += "\n" + name + ":";
    for (std::size_t i = 0; i < values.size(); ++i) text += (i == 0 ? "" : ",") + values[i];
  }
  return text;
}

std::string shared_key_authorization(const SignedParts& parts, const std::string& key) {
  return "SharedKey " + parts.account + ":" + hmac_sha256_base64(key, shared_key_string_to_sign(parts));
}

}  // namespace samcache

#include "http/url_decoding.h"

#include "base/text.h"

namespace samcache::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Appends `text` with its %XX undone; false for one that is broken.
bool append_unescaped(std::string& out, std::string_view text, bool plus_is_space) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (text.size() - i < 3) return false;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return false;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return true;
}

Error refused(std::string_view what, std::string_view text, std::string_view why) {
  return {ErrorCode::kInvalidArgument, "the " + std::string(what) + " " + in_quotes(text) + " " + std::string(why)};
}

bool has_forbidden_character(std::string_view segment) {
  for (const char c : segment) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '/' || c == '\\') return true;
  }
  return false;
}

}  // namespace

Result<std::string> decode_path(std::string_view path) {
  if (path.empty() || path[0] != '/') return refused("path", path, "does not begin with a slash");
  std::string decoded;
  decoded.reserve(path.size());
  for (std::size_t begin = 1; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    decoded += '/';
    const std::size_t start = decoded.size();
    if (!append_unescaped(decoded, path.substr(begin, end - begin), false)) {
      return refused("path", path, "has a broken %-escape");
    }
    const std::string_view segment = std::string_view(decoded).substr(start);
    if (has_forbidden_character(segment)) {
      return refused("path", path, "holds a control character, a backslash or an encoded slash");
    }
    if (segment == "." || segment == "..") return refused("path", path, "has a segment of dots");
    begin = end + 1;
  }
  if (!is_utf8(decoded)) return refused("path", path, "is not valid UTF-8 after decoding");
  return decoded;
}

Result<std::vector<std::pair<std::string, std::string>>> decode_query(std::string_view query,
                                                                      std::size_t max_parameters) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view parameter = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (parameter.empty()) continue;
    if (parameters.size() == max_parameters) {
      return Error{ErrorCode::kInvalidArgument,
                   "the query has more than " + std::to_string(max_parameters) + " parameters"};
    }
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    std::pair<std::string, std::string> decoded;
    if (!append_unescaped(decoded.first, parameter.substr(0, equals), true) ||
        !append_unescaped(decoded.second, parameter.substr(std::min(equals + 1, parameter.size())), true)) {
      return refused("query parameter", parameter, "has a broken %-escape");
    }
    for (const std::string* text : {&decoded.first, &decoded.second}) {
      if (!is_utf8(*text) || text->find('\0') != std::string::npos) {
        return refused("query parameter", parameter, "is not valid UTF-8 text after decoding");
      }
    }
    parameters.push_back(std::move(decoded));
  }
  return parameters;
}

}  // namespace samcache::http

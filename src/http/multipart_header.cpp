// The headers of multipart/form-data: the boundary, and what a part says of itself.
#include <algorithm>

#include "base/text.h"
#include "http/multipart_parser.h"
#include "http/tokens.h"

namespace samcache::http {
namespace {

constexpr std::size_t kMaxBoundaryBytes = 70;  // RFC 2046

Error malformed(const std::string& why) {
  return {ErrorCode::kInvalidArgument, "the form is not valid multipart/form-data: " + why};
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// A quoted or plain value. Browsers write a quotation mark and line breaks in a name as %22, %0D and %0A; a backslash
// is one (old browsers on Windows sent whole paths), except before a quotation mark.
std::string unquoted(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::string(value);
  value = value.substr(1, value.size() - 2);
  std::string text;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string_view rest = value.substr(i);
    if (rest.starts_with("\\\"")) {
      text += '"';
      ++i;
    } else if (rest.starts_with("%22") || rest.starts_with("%0D") || rest.starts_with("%0A")) {
      text += static_cast<char>(hex_digit(rest[1]) * 16 + hex_digit(rest[2]));
      i += 2;
    } else {
      text += value[i];
    }
  }
  return text;
}

// The value of `name=` among parameters separated by semicolons.
std::optional<std::string> parameter(std::string_view parameters, std::string_view name) {
  while (!parameters.empty()) {
    const std::string_view element = next_element(parameters, ';');
    const std::size_t equals = element.find('=');
    if (equals == std::string_view::npos || !same_token(trimmed(element.substr(0, equals)), name)) continue;
    return unquoted(trimmed(element.substr(equals + 1)));
  }
  return std::nullopt;
}

}  // namespace

Result<std::string> multipart_boundary(std::string_view content_type) {
  if (!same_token(media_type_of(content_type), "multipart/form-data")) {
    return Error{ErrorCode::kUnsupported, "this takes a form: send Content-Type: multipart/form-data with a boundary"};
  }
  const auto boundary = parameter(content_type, "boundary");
  const auto is_allowed = [](char c) { return c >= 0x20 && c < 0x7f; };
  if (!boundary || boundary->empty() || boundary->size() > kMaxBoundaryBytes || boundary->back() == ' ' ||
      !std::all_of(boundary->begin(), boundary->end(), is_allowed)) {
    return malformed("its Content-Type names no boundary of 1 to 70 characters");
  }
  return *boundary;
}

Result<PartHeader> parse_part_header(std::string_view lines) {
  PartHeader header;
  bool is_named = false;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find("\r\n"), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 2, lines.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return malformed("a header of a part has no colon");
    const std::string_view name = line.substr(0, colon);
    std::string_view value = trimmed(line.substr(colon + 1));
    if (same_token(name, "Content-Type")) {
      header.content_type = value;
    } else if (same_token(name, "Content-Transfer-Encoding")) {
      const bool is_plain = same_token(value, "binary") || same_token(value, "8bit") || same_token(value, "7bit");
      if (!is_plain) return malformed("a part has the transfer encoding " + in_quotes(value));
    } else if (same_token(name, "Content-Disposition")) {
      if (!same_token(next_element(value, ';'), "form-data")) return malformed("a part is no form-data");
      const auto field = parameter(value, "name");
      is_named = field.has_value();
      header.name = field.value_or("");
      header.file_name = parameter(value, "filename");
    }
  }
  if (!is_named) return malformed("a part has no name");
  const std::string_view file_name = header.file_name ? std::string_view(*header.file_name) : std::string_view();
  for (const std::string_view text :
       {std::string_view(header.name), file_name, std::string_view(header.content_type)}) {
    if (!is_utf8(text) || text.find('\0') != std::string_view::npos) {
      return malformed("a part's header is not valid UTF-8");
    }
  }
  return header;
}

}  // namespace samcache::http

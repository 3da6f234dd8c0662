#include "catalog/checks.h"

#include <algorithm>

#include "base/text.h"

namespace samcache {
namespace {

bool is_hex_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }
bool is_control(char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }
bool goes_on(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }  // inside a character of UTF-8

Error invalid(const std::string& field, const std::string& text, const std::string& rule) {
  return {ErrorCode::kInvalidArgument, "the " + field + " is " + in_quotes(text) + "; it must be " + rule};
}

}  // namespace

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? text[i] != '-' : !is_hex_digit(text[i])) return false;
  }
  return true;
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), is_hex_digit);
}

Status check_text(const std::string& field, const std::string& text, std::size_t least, std::size_t most) {
  const auto characters =
      static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !goes_on(c); }));
  if (text.size() <= 4 * most && is_utf8(text) && std::none_of(text.begin(), text.end(), is_control) &&
      characters >= least && characters <= most) {
    return {};
  }
  return invalid(
      field, text,
      std::to_string(least) + " to " + std::to_string(most) + " characters of UTF-8 without control characters");
}

Status check_project(const std::string& project) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  if (project.size() <= kMaxProjectLength && std::all_of(project.begin(), project.end(), is_allowed)) return {};
  return invalid("project", project, "at most " + std::to_string(kMaxProjectLength) + " of A-Z a-z 0-9 . _ -");
}

Status check_image(const ImageRecord& image) {
  if (!is_uuid(image.id)) return invalid("image's id", image.id, "a UUID in lower case");
  if (!is_sha256(image.sha256)) return invalid("image's sha256", image.sha256, "64 hexadecimal digits in lower case");
  if (Status fits = check_project(image.project); !fits) return fits;
  if (Status fits = check_text("filename", image.filename, 1, kMaxFilenameCharacters); !fits) return fits;
  if (Status fits = check_text("media type", image.media_type, 1, 100); !fits) return fits;
  if (Status fits = check_text("format", image.format, 1, 50); !fits) return fits;
  if (image.width < 1 || image.height < 1 || image.size_bytes < 0) {
    return Error{ErrorCode::kInvalidArgument, "the image is " + std::to_string(image.width) + " x " +
                                                  std::to_string(image.height) + " pixels in " +
                                                  std::to_string(image.size_bytes) + " bytes, which cannot be"};
  }
  return {};
}

std::string fit_text(std::string_view text, std::size_t most) {
  std::string fit(text.substr(0, most));
  if (text.size() > most) {
    while (!fit.empty() && goes_on(text[fit.size()])) fit.pop_back();  // the cut is not inside a character
  }
  const bool is_text = is_utf8(fit);
  std::replace_if(
      fit.begin(), fit.end(), [&](char c) { return is_control(c) || (!is_text && c < 0); }, '?');
  return fit;
}

}  // namespace samcache

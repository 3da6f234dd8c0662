#include "store/object_name.h"

#include <algorithm>

#include "base/text.h"

namespace samcache {
namespace {

constexpr std::string_view kExtension = ".safetensors";
constexpr std::size_t kUuidLength = 36;

bool is_lower_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }
bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_hyphen_place(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

// Whether `text` is a UUID or the beginning of one, in lower case.
bool starts_a_uuid(std::string_view text) {
  if (text.size() > kUuidLength) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_hyphen_place(i) ? text[i] != '-' : !is_lower_hex(text[i])) return false;
  }
  return true;
}

bool is_fingerprint(std::string_view text) {
  return text.size() >= 8 && text.size() <= 64 && std::all_of(text.begin(), text.end(), is_lower_hex);
}

bool is_profile(std::string_view text) {
  const auto allowed = [](char c) { return is_lower_or_digit(c) || c == '-' || c == '_'; };
  return !text.empty() && text.size() <= 32 && std::all_of(text.begin(), text.end(), allowed);
}

Status check_key(const EncodingKey& key) {
  const auto wrong = [](const char* what, const std::string& value) {
    return Error{ErrorCode::kInvalidArgument, std::string("not ") + what + ": " + in_quotes(value)};
  };
  if (!is_fingerprint(key.model_fingerprint)) return wrong("a model fingerprint", key.model_fingerprint);
  if (key.image_id.size() != kUuidLength || !starts_a_uuid(key.image_id)) return wrong("an image id", key.image_id);
  if (!is_profile(key.profile)) return wrong("a profile", key.profile);
  return {};
}

bool is_part(std::string_view part, bool may_be_unfinished) {
  if (part.empty()) return may_be_unfinished;
  const auto allowed = [](char c) { return is_lower_or_digit(c) || c == '.' || c == '_' || c == '-'; };
  return part.size() <= kMaxNamePartLength && part.front() != '.' && std::all_of(part.begin(), part.end(), allowed);
}

bool is_name(std::string_view text, bool may_be_unfinished) {
  for (std::size_t parts = 1; parts <= kMaxNameParts; ++parts) {
    const std::size_t slash = text.find('/');
    const bool last = slash == std::string_view::npos;
    if (!is_part(text.substr(0, slash), last && may_be_unfinished)) return false;
    if (last) return true;
    text.remove_prefix(slash + 1);
  }
  return false;
}

}  // namespace

Status check_object_name(std::string_view name) {
  if (is_name(name, false)) return {};
  return Error{ErrorCode::kInvalidArgument,
               "not an object's name: " + in_quotes(name) + " (parts of a-z, 0-9, '.', '_', '-' between slashes)"};
}

Status check_name_prefix(std::string_view prefix) {
  if (is_name(prefix, true)) return {};
  return Error{ErrorCode::kInvalidArgument, "not the beginning of an object's name: " + in_quotes(prefix)};
}

Result<std::string> encoding_name(const EncodingKey& key) {
  if (Status status = check_key(key); !status) return status.error();
  return std::string(kEncodingsPrefix) + key.model_fingerprint + "/" + key.image_id + "." + key.profile +
         std::string(kExtension);
}

std::optional<EncodingKey> parse_encoding_name(std::string_view name) {
  if (!name.starts_with(kEncodingsPrefix) || !name.ends_with(kExtension)) return std::nullopt;
  name.remove_prefix(kEncodingsPrefix.size());
  name.remove_suffix(std::min(kExtension.size(), name.size()));
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view image = name.substr(slash + 1);
  if (image.size() <= kUuidLength || image[kUuidLength] != '.') return std::nullopt;
  EncodingKey key{.model_fingerprint = std::string(name.substr(0, slash)),
                  .image_id = std::string(image.substr(0, kUuidLength)),
                  .profile = std::string(image.substr(kUuidLength + 1))};
  if (!check_key(key)) return std::nullopt;
  return key;
}

bool is_image_id_prefix(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower.size() >= kMinIdPrefixDigits && starts_a_uuid(lower);
}

}  // namespace samcache

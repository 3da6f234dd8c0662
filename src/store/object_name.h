// Names of stored objects, and the names that encodings have among them.
//
// A name is one to six parts between slashes. A part is 1 to 100 of a-z, 0-9, '.', '_' and '-', and does not begin with
// a dot: so a name is at once a safe relative path, a blob name, a Redis key and a part of a URL, without any escaping.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace samcache {

inline constexpr std::size_t kMaxNameParts = 6;
inline constexpr std::size_t kMaxNamePartLength = 100;

// kInvalidArgument, with the name, unless it is one.
Status check_object_name(std::string_view name);
// What listings may be asked for: the empty text, or the beginning of a name.
Status check_name_prefix(std::string_view prefix);

// One encoding of one image by one model.
struct EncodingKey {
  std::string model_fingerprint;  // 8..64 lower-case hexadecimal digits
  std::string image_id;           // a UUID, lower case
  std::string profile;            // 1..32 lower-case letters, digits, '-' or '_'

  bool operator==(const EncodingKey&) const = default;
};

inline constexpr std::string_view kEncodingsPrefix = "encodings/";

// "encodings/FINGERPRINT/UUID.PROFILE.safetensors"; kInvalidArgument for a key that breaks the rules above.
Result<std::string> encoding_name(const EncodingKey& key);
// The key behind such a name; nothing for any other.
std::optional<EncodingKey> parse_encoding_name(std::string_view name);

// How much of an image's id is enough to name it, in hexadecimal digits.
inline constexpr std::size_t kMinIdPrefixDigits = 8;

// Whether `text` is an image's id or enough of its beginning; upper case and hyphens in a UUID's places are allowed.
bool is_image_id_prefix(std::string_view text);

}  // namespace samcache

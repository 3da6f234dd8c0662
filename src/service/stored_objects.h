// What is kept in the stores, by name: encodings and originals. How their bytes are checked, and how answers call the
// tier that had them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace samcache {

// The name of an original in an image store, "originals/SHA256", and the digest in such a name; nothing for any other.
std::string original_name(std::string_view sha256);
std::optional<std::string> parse_original_name(std::string_view name);

// Whether an object's bytes are what its name says: an encoding of that image, profile and model, intact; an original
// with that SHA-256. Objects of other names pass. kCorrupt says what does not fit.
Status check_stored_object(const std::string& name, const SharedBytes& bytes);

// "memory", "disk" or "remote", for the kind of the store that had it (ObjectStore::kind).
std::string cache_of_kind(std::string_view kind);

}  // namespace samcache

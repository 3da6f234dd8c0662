// Entity tags (RFC 9110, 8.8.3) and the lists of them that requests carry. Internal to http/.
#pragma once

#include <string_view>

namespace samcache::http {

// Strong: the same bytes, so a weak tag equals nothing. Weak: as good as the same.
enum class TagComparison { kStrong, kWeak };

// Whether `list` (`"a", W/"b"` or `*`) has `etag`.
bool any_tag_matches(std::string_view list, std::string_view etag, TagComparison comparison);

}  // namespace samcache::http

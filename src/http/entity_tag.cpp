#include "http/entity_tag.h"

#include "http/tokens.h"

namespace samcache::http {
namespace {

std::string_view without_weakness(std::string_view etag) { return etag.starts_with("W/") ? etag.substr(2) : etag; }

}  // namespace

bool any_tag_matches(std::string_view list, std::string_view etag, TagComparison comparison) {
  if (trimmed(list) == "*") return true;
  if (comparison == TagComparison::kStrong && etag.starts_with("W/")) return false;
  while (!list.empty()) {
    const std::string_view tag = next_element(list);
    if (comparison == TagComparison::kStrong ? tag == etag : without_weakness(tag) == without_weakness(etag))
      return true;
  }
  return false;
}

}  // namespace samcache::http

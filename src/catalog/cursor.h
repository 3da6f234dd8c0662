// Where a page of a list ended, as a text for the client: opaque, and checked when it comes back.
//
// A cursor belongs to one list with one filter. The check is against accidents and misuse; nothing is gained by forging
// one, because the filter (and so whatever the caller may see) is applied again to every page. Internal to catalog/.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace samcache {

// `list` says which list and which filter.
std::string format_cursor(const std::string& list, std::int64_t position);

// kInvalidArgument for anything but what format_cursor made for the same list.
Result<std::int64_t> parse_cursor(const std::string& list, const std::string& cursor);

}  // namespace samcache

// Dates as HTTP writes them ("Fri, 26 Jun 2015 23:39:12 GMT").
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace samcache {

std::string http_date(std::chrono::system_clock::time_point time);
// Nothing for what is no date.
std::optional<std::chrono::system_clock::time_point> parse_http_date(const std::string& text);

}  // namespace samcache

// The small grammar that header values share: tokens without regard to case, lists with commas, weights.
#pragma once

#include <string_view>

namespace samcache::http {

// Whether two header names (or tokens) are the same: ASCII letters without regard to case.
bool same_token(std::string_view a, std::string_view b);

// Without spaces and tabs at both ends.
std::string_view trimmed(std::string_view text);

// Cuts `list` at its first `separator`: the trimmed part before it is returned, `list` becomes what follows. Parts in
// double quotes are not cut.
std::string_view next_element(std::string_view& list, char separator = ',');

// Whether a comma-separated list has `token`.
bool list_has_token(std::string_view list, std::string_view token);

// "text/html; charset=utf-8" -> "text/html".
std::string_view media_type_of(std::string_view content_type);

// How much a client wants `offer` by its Accept or Accept-Encoding header `list`, 0 (not at all) to 1000: the weight of
// the element that names it, else of "*" (for media types also "type/*"), else 0.
int weight_of(std::string_view list, std::string_view offer);

}  // namespace samcache::http

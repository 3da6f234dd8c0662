#include "http/tokens.h"

#include <algorithm>
#include <cstddef>

namespace samcache::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// "q=0.8" -> 800. What is no weight counts as 1000.
int weight_in(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = next_element(parameters, ';');
    if (parameter.size() < 3 || lower(parameter[0]) != 'q' || parameter[1] != '=') continue;
    int weight = parameter[2] == '1' ? 1000 : 0;
    int place = 100;
    for (std::size_t i = 4; i < parameter.size() && i < 7; ++i, place /= 10) {
      if (parameter[i] >= '0' && parameter[i] <= '9') weight += (parameter[i] - '0') * place;
    }
    return std::min(weight, 1000);
  }
  return 1000;
}

// How exactly an element names the offer: 0 not at all, 1 "*" or "*/*", 2 "type/*", 3 by its name.
int closeness(std::string_view element, std::string_view offer) {
  if (same_token(element, offer)) return 3;
  const std::size_t slash = offer.find('/');
  if (slash != std::string_view::npos && element.size() == slash + 2 && element.ends_with("/*") &&
      same_token(element.substr(0, slash), offer.substr(0, slash))) {
    return 2;
  }
  return element == "*" || element == "*/*" ? 1 : 0;
}

}  // namespace

bool same_token(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view next_element(std::string_view& list, char separator) {
  bool in_text = false;
  std::size_t end = 0;
  for (; end < list.size(); ++end) {
    if (list[end] == '"') in_text = !in_text;
    if (in_text && list[end] == '\\')
      ++end;
    else if (!in_text && list[end] == separator)
      break;
  }
  end = std::min(end, list.size());
  const std::string_view element = trimmed(list.substr(0, end));
  list.remove_prefix(std::min(end + 1, list.size()));
  return element;
}

bool list_has_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    if (same_token(next_element(list), token)) return true;
  }
  return false;
}

std::string_view media_type_of(std::string_view content_type) { return next_element(content_type, ';'); }

int weight_of(std::string_view list, std::string_view offer) {
  int best = 0;
  int weight = 0;
  while (!list.empty()) {
    std::string_view parameters = next_element(list);
    const std::string_view element = next_element(parameters, ';');
    const int close = closeness(element, offer);
    if (close <= best) continue;
    best = close;
    weight = weight_in(parameters);
  }
  return weight;
}

}  // namespace samcache::http

#include "http/header_list.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "http/tokens.h"

namespace samcache::http {
namespace {

bool is_token_char(unsigned char c) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         kOthers.find(static_cast<char>(c)) != std::string_view::npos;
}

void check_field(std::string_view name, std::string_view value) {
  check(is_header_name(name), "HeaderList: " + in_quotes(name) + " is no header name");
  check(is_header_value(value),
        "HeaderList: the value of " + std::string(name) + " would break the head: " + in_quotes(value));
}

}  // namespace

bool is_header_name(std::string_view name) {
  return !name.empty() &&
         std::ranges::all_of(name, [](char c) { return is_token_char(static_cast<unsigned char>(c)); });
}

bool is_header_value(std::string_view value) {
  return std::ranges::all_of(value, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
  });
}

void HeaderList::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value);
}

void HeaderList::add(std::string_view name, std::string_view value) {
  check_field(name, value);
  fields_.emplace_back(name, value);
}

void HeaderList::add_to_list(std::string_view name, std::string_view token) {
  const auto there = std::ranges::find_if(fields_, [&](const Field& field) { return same_token(field.first, name); });
  if (there == fields_.end()) return add(name, token);
  if (list_has_token(there->second, token)) return;
  check_field(name, token);
  there->second.append(", ").append(token);
}

void HeaderList::remove(std::string_view name) {
  std::erase_if(fields_, [&](const Field& field) { return same_token(field.first, name); });
}

std::optional<std::string_view> HeaderList::find(std::string_view name) const {
  for (const Field& field : fields_) {
    if (same_token(field.first, name)) return field.second;
  }
  return std::nullopt;
}

}  // namespace samcache::http

// Header fields in the order they were added: names without regard to case, duplicates kept. Not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace samcache::http {

// Whether `name` may be sent as a header's name (a token of RFC 9110), and `value` as its value: nothing that ends a
// line or a string, so that no value can add a header of its own.
bool is_header_name(std::string_view name);
bool is_header_value(std::string_view value);

// What a response carries. A name or value that may not be sent is a bug and throws: text from outside goes through
// is_header_value(), content_disposition() or percent-encoding first.
class HeaderList {
 public:
  using Field = std::pair<std::string, std::string>;

  // Replaces every field of that name.
  void set(std::string_view name, std::string_view value);
  // One more field of that name.
  void add(std::string_view name, std::string_view value);
  // "a" and then "b" make "a, b"; what is listed already is not listed again: for Vary and its kind.
  void add_to_list(std::string_view name, std::string_view token);
  void remove(std::string_view name);
  // The first of that name.
  std::optional<std::string_view> find(std::string_view name) const;

  const std::vector<Field>& fields() const { return fields_; }

 private:
  std::vector<Field> fields_;
};

}  // namespace samcache::http

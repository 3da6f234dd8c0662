// JSON from outside, read strictly: whatever is not what it claims to be is refused in one line that says where.
//
// parse_json turns a text into a document within limits. JsonFields then takes a document's members one by one; the
// first thing that is wrong is remembered, later reads do nothing, and `finish` tells. A member that nobody asked for
// is an error with its name, because a misspelt option must not mean none. `null` is as good as a member that is not
// there.
//
// Places in messages are paths from the top: boxes[0].coords. No exception leaves these functions.
#pragma once

#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace samcache {

struct JsonLimits {
  std::size_t max_bytes = 1 << 20;     // of the text
  int max_depth = 16;                  // arrays and objects inside each other
  std::size_t max_values = 1'000'000;  // numbers, texts, arrays and so on, in all: each takes 16 bytes and more
};

// kInvalidArgument: not JSON, not UTF-8, a member twice in one object, a number that no double holds, too deep;
// kTooLarge: over max_bytes or max_values.
Result<nlohmann::json> parse_json(std::string_view text, const JsonLimits& limits = {});

// What a value is, in a message: "a number", "an array".
const char* json_type_name(const nlohmann::json& value);

class JsonFields {
 public:
  template <class T>
  struct Choice {
    std::string_view name;
    T value;
  };

  // The members of `object`, which must outlive this; `path` is where it stands ("" at the top). Wrong from the
  // beginning when it is no object.
  JsonFields(const nlohmann::json& object, std::string path);

  // Each reads one member into `out` and answers whether it was there and right; else `out` is as it was.
  bool read(std::string_view name, std::string& out, std::size_t max_bytes);
  bool read(std::string_view name, bool& out);
  bool read(std::string_view name, double& out, double least, double most);
  bool read(std::string_view name, int& out, int least, int most);
  template <class T, std::size_t N>
  bool read(std::string_view name, T& out, const Choice<T> (&choices)[N]) {
    std::string text;
    if (!read(name, text, kMaxChoiceBytes)) return false;
    std::string known;
    for (const Choice<T>& choice : choices) {
      if (choice.name == text) {
        out = choice.value;
        return true;
      }
      known += (known.empty() ? "" : ", ") + std::string(choice.name);
    }
    refuse_choice(name, text, known);
    return false;
  }

  // Calls `item` for each element of an array; its first error is this object's.
  using Item = std::function<Status(const nlohmann::json& value, const std::string& path)>;
  bool read_each(std::string_view name, std::size_t max_items, const Item& item);

  // The member as it is, for what none of the above reads; nullptr: not there.
  const nlohmann::json* take(std::string_view name);

  // Remembers an error, if it is the first: of the member `name`, or of the object itself when that is empty.
  void refuse(std::string_view name, const std::string& why);
  void refuse(const Error& error);

  std::string path_of(std::string_view name) const;

  // The first error; else the first member that nobody read or took.
  Status finish();
  // The first error alone: of objects that other programs write, who add members as they please.
  Status so_far() const { return status_; }

 private:
  static constexpr std::size_t kMaxChoiceBytes = 64;
  void refuse_choice(std::string_view name, const std::string& text, const std::string& known);

  const nlohmann::json& object_;
  const std::string path_;
  std::vector<std::string_view> asked_;
  Status status_;
};

// A finite number; kInvalidArgument names the path.
Result<double> json_number(const nlohmann::json& value, const std::string& path);
// Exactly `count` finite numbers.
Result<std::vector<double>> json_numbers(const nlohmann::json& value, std::size_t count, const std::string& path);

}  // namespace samcache

#include "api/json/strict_json.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "base/text.h"

namespace samcache {
namespace {

using Json = nlohmann::json;

Error invalid(const std::string& message) { return {ErrorCode::kInvalidArgument, message}; }

// Walks the text once before a document is made of it, so that what is refused costs no memory.
class Gatekeeper : public nlohmann::json_sax<Json> {
 public:
  explicit Gatekeeper(const JsonLimits& limits) : limits_(limits) {}

  Status status() const { return status_; }

  bool null() override { return count(); }
  bool boolean(bool) override { return count(); }
  bool number_integer(number_integer_t) override { return count(); }
  bool number_unsigned(number_unsigned_t) override { return count(); }
  bool number_float(number_float_t, const string_t&) override { return count(); }
  bool string(string_t&) override { return count(); }
  bool binary(binary_t&) override { return count(); }
  bool start_array(std::size_t) override { return descend(); }
  bool end_array() override { return ascend(); }
  bool start_object(std::size_t) override { return descend(); }
  bool end_object() override { return ascend(); }

  bool key(string_t& name) override {
    if (names_.back().insert(name).second) return true;
    return refuse(invalid("the JSON names " + in_quotes(name) + " twice in one object"));
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    const bool overflow = error.id == 406;  // as the library documents it
    return refuse(invalid(overflow ? "the JSON has a number that is too large, before byte " + std::to_string(position)
                                   : "not JSON, at byte " + std::to_string(position)));
  }

 private:
  bool count() {
    if (++values_ <= limits_.max_values) return true;
    return refuse({ErrorCode::kTooLarge,
                   "the JSON has more than the " + std::to_string(limits_.max_values) + " values that are read"});
  }
  bool descend() {
    if (static_cast<int>(names_.size()) >= limits_.max_depth) {
      return refuse(invalid("the JSON is nested deeper than " + std::to_string(limits_.max_depth) + " levels"));
    }
    names_.emplace_back();
    return count();
  }
  bool ascend() {
    names_.pop_back();
    return true;
  }
  bool refuse(Error error) {
    if (status_) status_ = std::move(error);
    return false;
  }

  const JsonLimits limits_;
  std::size_t values_ = 0;
  std::vector<std::unordered_set<std::string>> names_;  // of the objects around; arrays have none
  Status status_;
};

}  // namespace

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return Error{ErrorCode::kTooLarge, "the JSON has " + std::to_string(text.size()) + " bytes, at most " +
                                           std::to_string(limits.max_bytes) + " are read"};
  }
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {  // the library would stop there
    return invalid("not JSON, at byte " + std::to_string(nul + 1));
  }
  Gatekeeper gatekeeper(limits);
  Json::sax_parse(text, &gatekeeper);
  if (Status status = gatekeeper.status(); !status) return status.error();
  return Json::parse(text, nullptr, false);
}

const char* json_type_name(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null: return "null";
    case Json::value_t::object: return "an object";
    case Json::value_t::array: return "an array";
    case Json::value_t::string: return "a text";
    case Json::value_t::boolean: return "true or false";
    default: return "a number";
  }
}

JsonFields::JsonFields(const Json& object, std::string path) : object_(object), path_(std::move(path)) {
  if (!object_.is_object()) refuse("", std::string("must be an object, not ") + json_type_name(object_));
}

std::string JsonFields::path_of(std::string_view name) const {
  if (path_.empty()) return std::string(name);
  return name.empty() ? path_ : path_ + "." + std::string(name);
}

void JsonFields::refuse(std::string_view name, const std::string& why) {
  const std::string path = path_of(name);
  refuse(invalid((path.empty() ? "the JSON" : path) + " " + why));
}

void JsonFields::refuse(const Error& error) {
  if (status_) status_ = error;
}

void JsonFields::refuse_choice(std::string_view name, const std::string& text, const std::string& known) {
  refuse(name, "is " + in_quotes(text) + "; it must be one of " + known);
}

const Json* JsonFields::take(std::string_view name) {
  asked_.push_back(name);
  if (!status_ || !object_.is_object()) return nullptr;
  const auto found = object_.find(name);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

bool JsonFields::read(std::string_view name, std::string& out, std::size_t max_bytes) {
  const Json* value = take(name);
  if (value == nullptr) return false;
  if (!value->is_string()) {
    refuse(name, std::string("must be a text, not ") + json_type_name(*value));
    return false;
  }
  const std::string& text = value->get_ref<const std::string&>();
  if (text.size() > max_bytes) {
    refuse(name, "has " + std::to_string(text.size()) + " bytes, at most " + std::to_string(max_bytes) + " are taken");
    return false;
  }
  if (text.find('\0') != std::string::npos) {
    refuse(name, "has a NUL character in it");
    return false;
  }
  out = text;
  return true;
}

bool JsonFields::read(std::string_view name, bool& out) {
  const Json* value = take(name);
  if (value == nullptr) return false;
  if (!value->is_boolean()) {
    refuse(name, std::string("must be true or false, not ") + json_type_name(*value));
    return false;
  }
  out = value->get<bool>();
  return true;
}

bool JsonFields::read(std::string_view name, double& out, double least, double most) {
  const Json* value = take(name);
  if (value == nullptr) return false;
  const Result<double> number = json_number(*value, path_of(name));
  if (!number) {
    refuse(number.error());
    return false;
  }
  if (*number < least || *number > most) {
    refuse(name, "is " + value->dump() + "; it must be from " + Json(least).dump() + " to " + Json(most).dump());
    return false;
  }
  out = *number;
  return true;
}

bool JsonFields::read(std::string_view name, int& out, int least, int most) {
  double number = 0;
  if (!read(name, number, least, most)) return false;
  if (number != std::floor(number)) {
    refuse(name, "must be a whole number");
    return false;
  }
  out = static_cast<int>(number);
  return true;
}

bool JsonFields::read_each(std::string_view name, std::size_t max_items, const Item& item) {
  const Json* array = take(name);
  if (array == nullptr) return false;
  if (!array->is_array()) {
    refuse(name, std::string("must be an array, not ") + json_type_name(*array));
    return false;
  }
  if (array->size() > max_items) {
    refuse(name,
           "has " + std::to_string(array->size()) + " elements, at most " + std::to_string(max_items) + " are taken");
    return false;
  }
  for (std::size_t i = 0; i < array->size(); ++i) {
    if (Status status = item((*array)[i], path_of(name) + "[" + std::to_string(i) + "]"); !status) {
      refuse(status.error());
      return false;
    }
  }
  return true;
}

Status JsonFields::finish() {
  if (!status_) return status_;
  for (const auto& [name, value] : object_.items()) {
    if (std::ranges::find(asked_, name) == asked_.end()) {
      return invalid("unknown field " + in_quotes(path_of(name)));
    }
  }
  return {};
}

Result<double> json_number(const Json& value, const std::string& path) {
  if (!value.is_number()) return invalid(path + " must be a number, not " + json_type_name(value));
  const double number = value.get<double>();
  if (!std::isfinite(number)) return invalid(path + " must be a finite number");
  return number;
}

Result<std::vector<double>> json_numbers(const Json& value, std::size_t count, const std::string& path) {
  const std::string wanted = path + " must be " + std::to_string(count) + " numbers";
  if (!value.is_array()) return invalid(wanted + ", not " + json_type_name(value));
  if (value.size() != count) return invalid(wanted + ", not " + std::to_string(value.size()));
  std::vector<double> numbers;
  for (std::size_t i = 0; i < count; ++i) {
    const Result<double> number = json_number(value[i], path + "[" + std::to_string(i) + "]");
    if (!number) return number.error();
    numbers.push_back(*number);
  }
  return numbers;
}

}  // namespace samcache

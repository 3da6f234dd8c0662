#include "tensors/safetensors_header.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/text.h"

namespace samcache {
namespace {

// Receives the JSON piece by piece, so that duplicate keys are seen and nothing is built that was not asked for. The
// format nests three deep at most; the first bracket too many ends the parse, so depth is bounded by this state alone.
class HeaderReader {
 public:
  explicit HeaderReader(std::size_t max_tensors) : max_tensors_(max_tensors) {}

  SafetensorsHeader take_header() { return std::move(header_); }
  const std::optional<Error>& error() const { return error_; }

  // The interface that nlohmann::json::sax_parse calls; false ends the parse.
  bool null() { return unexpected("null"); }
  bool boolean(bool /*value*/) { return unexpected("true or false"); }
  bool number_integer(std::int64_t /*value*/) { return unexpected("a negative number"); }
  bool number_float(double /*value*/, const std::string& /*text*/) {
    return unexpected("a number that is not a 64-bit integer");
  }
  bool binary(std::vector<std::uint8_t>& /*value*/) { return unexpected("binary data"); }
  bool number_unsigned(std::uint64_t value);
  bool string(std::string& value);
  bool start_object(std::size_t /*size*/);
  bool key(std::string& name);
  bool end_object();
  bool start_array(std::size_t /*size*/);
  bool end_array();
  bool parse_error(std::size_t position, const std::string& /*last_token*/,
                   const nlohmann::json::exception& /*exception*/) {
    return fail("the header is not valid JSON (at byte " + std::to_string(position) + " of it)");
  }

 private:
  enum class At { kStart, kTop, kMetadata, kEntry, kShape, kOffsets, kEnd };
  enum class Field { kNone, kDType, kShape, kOffsets };

  bool fail(const std::string& message, ErrorCode code = ErrorCode::kCorrupt) {
    error_ = Error{code, message};
    return false;
  }
  bool unexpected(const std::string& what) { return fail(what + " where it does not belong, " + place()); }
  std::string place() const;
  bool start_tensor(std::string& name);
  bool start_field(const std::string& name);
  HeaderEntry& entry() { return header_.entries.back(); }

  std::size_t max_tensors_;
  SafetensorsHeader header_;
  std::optional<Error> error_;
  At at_ = At::kStart;
  std::string key_;  // the last key at the top level or in __metadata__
  bool seen_metadata_ = false;
  Field field_ = Field::kNone;
  bool seen_dtype_ = false;
  bool seen_shape_ = false;
  bool seen_offsets_ = false;
  std::size_t offsets_read_ = 0;
};

std::string HeaderReader::place() const {
  switch (at_) {
    case At::kMetadata: return "in __metadata__ (only strings may stand there), key " + in_quotes(key_);
    case At::kEntry:
    case At::kShape:
    case At::kOffsets: return "in the entry of tensor " + in_quotes(header_.entries.back().name);
    case At::kTop: return "at key " + in_quotes(key_);
    default: return "at the start of the header";
  }
}

bool HeaderReader::number_unsigned(std::uint64_t value) {
  if (at_ == At::kShape) {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return fail("a dimension of tensor " + in_quotes(entry().name) + " does not fit 63 bits");
    }
    if (entry().shape.size() == kMaxRank) {
      return fail("tensor " + in_quotes(entry().name) + " has more than " + std::to_string(kMaxRank) + " dimensions",
                  ErrorCode::kTooLarge);
    }
    entry().shape.push_back(static_cast<std::int64_t>(value));
    return true;
  }
  if (at_ == At::kOffsets) {
    if (offsets_read_ == 2) return fail("tensor " + in_quotes(entry().name) + " has more than two data_offsets");
    (offsets_read_++ == 0 ? entry().begin : entry().end) = value;
    return true;
  }
  return unexpected("a number");
}

bool HeaderReader::string(std::string& value) {
  if (at_ == At::kMetadata) {
    header_.metadata.emplace(std::move(key_), std::move(value));
    return true;
  }
  if (at_ == At::kEntry && field_ == Field::kDType) {
    const std::optional<DType> dtype = parse_dtype(value);
    if (!dtype) {
      return fail("tensor " + in_quotes(entry().name) + " has the unknown dtype " + in_quotes(value),
                  ErrorCode::kUnsupported);
    }
    entry().dtype = *dtype;
    return true;
  }
  return unexpected("a string");
}

bool HeaderReader::start_object(std::size_t /*size*/) {
  if (at_ == At::kStart) {
    at_ = At::kTop;
    return true;
  }
  if (at_ != At::kTop) return unexpected("an object");
  if (key_ == kMetadataKey) {
    at_ = At::kMetadata;
    return true;
  }
  return start_tensor(key_);
}

bool HeaderReader::start_tensor(std::string& name) {
  if (name.empty()) return fail("a tensor has an empty name");
  if (header_.entries.size() == max_tensors_) {
    return fail("more than " + std::to_string(max_tensors_) + " tensors", ErrorCode::kTooLarge);
  }
  header_.entries.emplace_back().name = std::move(name);
  at_ = At::kEntry;
  field_ = Field::kNone;
  seen_dtype_ = seen_shape_ = seen_offsets_ = false;
  return true;
}

bool HeaderReader::start_field(const std::string& name) {
  const auto start = [&](Field field, bool& seen) {
    if (seen) return fail("duplicate key " + in_quotes(name) + " in the entry of tensor " + in_quotes(entry().name));
    seen = true;
    field_ = field;
    return true;
  };
  if (name == "dtype") return start(Field::kDType, seen_dtype_);
  if (name == "shape") return start(Field::kShape, seen_shape_);
  if (name == "data_offsets") return start(Field::kOffsets, seen_offsets_);
  return fail("unknown key " + in_quotes(name) + " in the entry of tensor " + in_quotes(entry().name));
}

bool HeaderReader::key(std::string& name) {
  if (at_ == At::kEntry) return start_field(name);
  if (at_ == At::kMetadata) {
    if (header_.metadata.contains(name)) return fail("duplicate key " + in_quotes(name) + " in __metadata__");
    if (header_.metadata.size() == kMaxMetadataEntries) {
      return fail("more than " + std::to_string(kMaxMetadataEntries) + " keys in __metadata__", ErrorCode::kTooLarge);
    }
  } else if (name == kMetadataKey && std::exchange(seen_metadata_, true)) {
    return fail("duplicate key \"__metadata__\"");
  }
  key_ = std::move(name);
  return true;
}

bool HeaderReader::end_object() {
  if (at_ == At::kTop) {
    at_ = At::kEnd;
    return true;
  }
  if (at_ == At::kEntry && !(seen_dtype_ && seen_shape_ && seen_offsets_)) {
    return fail("the entry of tensor " + in_quotes(entry().name) + " lacks dtype, shape or data_offsets");
  }
  at_ = At::kTop;
  return true;
}

bool HeaderReader::start_array(std::size_t /*size*/) {
  if (at_ != At::kEntry || (field_ != Field::kShape && field_ != Field::kOffsets)) return unexpected("an array");
  at_ = field_ == Field::kShape ? At::kShape : At::kOffsets;
  offsets_read_ = 0;
  return true;
}

bool HeaderReader::end_array() {
  if (at_ == At::kOffsets && offsets_read_ != 2) {
    return fail("tensor " + in_quotes(entry().name) + " has fewer than two data_offsets");
  }
  at_ = At::kEntry;
  return true;
}

std::optional<Error> find_duplicate_name(const std::vector<HeaderEntry>& entries) {
  std::vector<std::string_view> names;
  names.reserve(entries.size());
  for (const HeaderEntry& entry : entries) names.push_back(entry.name);
  std::sort(names.begin(), names.end());
  const auto twin = std::adjacent_find(names.begin(), names.end());
  if (twin == names.end()) return std::nullopt;
  return Error{ErrorCode::kCorrupt, "duplicate tensor name " + in_quotes(*twin)};
}

}  // namespace

Result<SafetensorsHeader> parse_safetensors_header(std::string_view json, std::size_t max_tensors) {
  if (json.empty() || json.front() != '{') {
    return Error{ErrorCode::kCorrupt, "the header does not start with '{': this is not a safetensors file"};
  }
  if (!is_utf8(json)) return Error{ErrorCode::kCorrupt, "the header is not UTF-8"};
  // The JSON library takes a zero byte for the end of its input; in JSON one cannot stand anywhere.
  if (json.find('\0') != std::string_view::npos) return Error{ErrorCode::kCorrupt, "a zero byte in the header"};

  HeaderReader reader(max_tensors);
  const bool parsed = nlohmann::json::sax_parse(json.data(), json.data() + json.size(), &reader);
  if (!parsed) return reader.error().value_or(Error{ErrorCode::kCorrupt, "the header is not valid JSON"});
  SafetensorsHeader header = reader.take_header();
  if (std::optional<Error> duplicate = find_duplicate_name(header.entries)) return *std::move(duplicate);
  return header;
}

}  // namespace samcache

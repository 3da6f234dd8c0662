#include "http/multipart_parser.h"

#include <algorithm>

#include "base/text.h"

namespace samcache::http {
namespace {

constexpr std::size_t kMaxPreambleBytes = 1024;

Error malformed(std::string_view why) {
  return {ErrorCode::kInvalidArgument, "the form is not valid multipart/form-data: " + std::string(why)};
}

}  // namespace

MultipartParser::MultipartParser(const std::string& boundary, std::size_t max_parts, std::size_t max_part_header_bytes,
                                 MultipartListener& listener)
    : delimiter_("\r\n--" + boundary),
      max_parts_(max_parts),
      max_part_header_bytes_(max_part_header_bytes),
      listener_(listener) {}

Status MultipartParser::feed(std::string_view piece) {
  pending_.erase(0, std::exchange(consumed_, 0));
  pending_.append(piece);
  while (true) {
    const Result<bool> more = step();
    if (!more) return more.error();
    if (!*more) return {};
  }
}

Status MultipartParser::finish() const {
  if (state_ != State::kEpilogue) return malformed("it ends before its closing boundary");
  return {};
}

Result<bool> MultipartParser::step() {
  switch (state_) {
    case State::kPreamble: return find_first_boundary();
    case State::kAfterBoundary: return read_after_boundary();
    case State::kHeader: return read_header();
    case State::kData: return read_data();
    case State::kEpilogue: break;
  }
  consumed_ = pending_.size();
  return false;
}

Result<bool> MultipartParser::find_first_boundary() {
  // Nothing is consumed before: what the limit allows is the same wherever the stream is cut.
  const std::size_t at = pending_.find(delimiter_);
  const std::size_t preamble_bytes =
      at == std::string::npos ? pending_.size() - std::min(pending_.size(), delimiter_.size()) : at;
  if (preamble_bytes > kMaxPreambleBytes) return malformed("it does not begin with its boundary");
  if (at == std::string::npos) return false;
  consumed_ = at + delimiter_.size();
  state_ = State::kAfterBoundary;
  return true;
}

Result<bool> MultipartParser::read_after_boundary() {
  const std::string_view rest = std::string_view(pending_).substr(consumed_);
  if (rest.size() < 2) return false;
  if (rest.starts_with("--")) {
    state_ = State::kEpilogue;
    return true;
  }
  if (!rest.starts_with("\r\n")) return malformed("something follows a boundary on its line");
  if (++parts_ > max_parts_) {
    return Error{ErrorCode::kTooLarge, "the form has more than " + std::to_string(max_parts_) + " parts"};
  }
  state_ = State::kHeader;  // which still begins with the CR LF, so that a header without lines ends at once
  return true;
}

Result<bool> MultipartParser::read_header() {
  const std::string_view rest = std::string_view(pending_).substr(consumed_);
  constexpr std::string_view kEnd = "\r\n\r\n";
  const std::size_t end = rest.find(kEnd);
  // The last bytes may be the beginning of the end.
  if (std::min(end, rest.size() - std::min(rest.size(), kEnd.size() - 1)) > max_part_header_bytes_) {
    return Error{ErrorCode::kTooLarge,
                 "the header of a part is longer than " + std::to_string(max_part_header_bytes_) + " bytes"};
  }
  if (end == std::string_view::npos) return false;
  Result<PartHeader> header = parse_part_header(rest.substr(2, std::max<std::size_t>(end, 2) - 2));
  if (!header) return header.error();
  if (const Status status = listener_.on_part(std::move(header).value()); !status) return status.error();
  consumed_ += end + kEnd.size();
  state_ = State::kData;
  return true;
}

Result<bool> MultipartParser::read_data() {
  const std::string_view rest = std::string_view(pending_).substr(consumed_);
  const std::size_t at = rest.find(delimiter_);
  // Without a delimiter everything is data but for an end that may be the beginning of one.
  std::size_t size = at;
  if (at == std::string_view::npos) {
    const std::size_t last_return = rest.find('\r', rest.size() - std::min(rest.size(), delimiter_.size() - 1));
    size = std::min(last_return, rest.size());
  }
  if (size > 0) {
    if (const Status status = listener_.on_part_data(rest.substr(0, size)); !status) return status.error();
    consumed_ += size;
  }
  if (at == std::string_view::npos) return false;
  if (const Status status = listener_.on_part_end(); !status) return status.error();
  consumed_ += delimiter_.size();
  state_ = State::kAfterBoundary;
  return true;
}

MultipartSink::MultipartSink(const std::string& boundary, MultipartLimits limits)
    : limits_(std::move(limits)), parser_(boundary, limits_.max_parts, limits_.max_part_header_bytes, *this) {}

Status MultipartSink::write(ByteSpan piece) { return parser_.feed(text_of(piece)); }

Status MultipartSink::finish() { return parser_.finish(); }

Status MultipartSink::on_part(PartHeader header) {
  in_file_ = header.file_name.has_value();
  if (!in_file_) {
    form_->fields.push_back({std::move(header.name), {}});
    return {};
  }
  auto file = TemporaryFile::create(limits_.folder, limits_.max_file_bytes);
  if (!file) return file.error();
  form_->files.push_back(
      {std::move(header.name), std::move(*header.file_name), std::move(header.content_type), std::move(file).value()});
  return {};
}

Status MultipartSink::on_part_data(std::string_view piece) {
  if (in_file_) return form_->files.back().content->write(bytes_of(piece));
  std::string& value = form_->fields.back().value;
  if (piece.size() > limits_.max_field_bytes - value.size()) {
    return Error{ErrorCode::kTooLarge, "the form's field " + in_quotes(form_->fields.back().name) + " is longer than " +
                                           std::to_string(limits_.max_field_bytes) + " bytes"};
  }
  value.append(piece);
  return {};
}

Status MultipartSink::on_part_end() {
  if (in_file_) return form_->files.back().content->finish();
  const FormField& field = form_->fields.back();
  if (!is_utf8(field.value)) return malformed("the field " + in_quotes(field.name) + " is not valid UTF-8");
  return {};
}

std::optional<std::string_view> MultipartForm::field(std::string_view name) const {
  const auto found = std::ranges::find(fields, name, &FormField::name);
  return found == fields.end() ? std::nullopt : std::optional<std::string_view>(found->value);
}

FormFile* MultipartForm::file(std::string_view name) {
  const auto found = std::ranges::find(files, name, &FormFile::name);
  return found == files.end() ? nullptr : &*found;
}

}  // namespace samcache::http

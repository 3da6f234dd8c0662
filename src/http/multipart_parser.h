// multipart/form-data (RFC 7578), read piece by piece in constant memory. Internal to http/.
//
// MultipartParser finds the parts; MultipartSink makes a MultipartForm of them. Neither depends on where the stream is
// cut.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "http/body_sink.h"
#include "http/multipart_form.h"

namespace samcache::http {

// The boundary in a Content-Type of multipart/form-data. kUnsupported: another type; kInvalidArgument: no valid
// boundary.
Result<std::string> multipart_boundary(std::string_view content_type);

// What a part says of itself, decoded and checked.
struct PartHeader {
  std::string name;
  std::optional<std::string> file_name;  // nothing: a field
  std::string content_type;
};

// kInvalidArgument: no Content-Disposition of form-data with a name, invalid UTF-8, a transfer encoding.
Result<PartHeader> parse_part_header(std::string_view lines);

class MultipartListener {
 public:
  virtual ~MultipartListener() = default;
  virtual Status on_part(PartHeader header) = 0;
  virtual Status on_part_data(std::string_view piece) = 0;
  virtual Status on_part_end() = 0;
};

class MultipartParser {
 public:
  MultipartParser(const std::string& boundary, std::size_t max_parts, std::size_t max_part_header_bytes,
                  MultipartListener& listener);

  // kInvalidArgument: not multipart; kTooLarge: over a limit; or what the listener returned.
  Status feed(std::string_view piece);
  // kInvalidArgument: the closing boundary has not come.
  Status finish() const;

 private:
  enum class State { kPreamble, kAfterBoundary, kHeader, kData, kEpilogue };
  // Each consumes from the front of pending_, and says whether to go on.
  Result<bool> step();
  Result<bool> find_first_boundary();
  Result<bool> read_after_boundary();
  Result<bool> read_header();
  Result<bool> read_data();

  const std::string delimiter_;  // CR LF, two dashes, the boundary
  const std::size_t max_parts_;
  const std::size_t max_part_header_bytes_;
  MultipartListener& listener_;
  State state_ = State::kPreamble;
  std::string pending_ = "\r\n";  // not yet consumed; the first boundary needs no line break before it
  std::size_t consumed_ = 0;      // of pending_
  std::size_t parts_ = 0;
};

class MultipartSink final : public BodySink, private MultipartListener {
 public:
  MultipartSink(const std::string& boundary, MultipartLimits limits);

  Status write(ByteSpan piece) override;
  Status finish() override;
  // After finish().
  std::unique_ptr<MultipartForm> take_form() { return std::move(form_); }

 private:
  Status on_part(PartHeader header) override;
  Status on_part_data(std::string_view piece) override;
  Status on_part_end() override;

  const MultipartLimits limits_;
  std::unique_ptr<MultipartForm> form_ = std::make_unique<MultipartForm>();
  bool in_file_ = false;
  MultipartParser parser_;
};

}  // namespace samcache::http

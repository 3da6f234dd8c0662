// An uploaded form (multipart/form-data, RFC 7578) after it was read: fields in memory, files on the disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/body_sink.h"

namespace samcache::http {

// What a form may hold; more is refused with 413.
struct MultipartLimits {
  std::size_t max_parts = 32;
  std::size_t max_part_header_bytes = 8 << 10;
  std::size_t max_field_bytes = 64 << 10;   // one field's value
  std::uint64_t max_file_bytes = 64 << 20;  // one file
  // Where the temporary files lie: a disk, not memory. They have no names and vanish with the form.
  std::filesystem::path folder = "/var/tmp";
};

struct FormField {
  std::string name;
  std::string value;  // valid UTF-8
};

struct FormFile {
  std::string name;          // of the form's field
  std::string file_name;     // as the client said: never a path to be opened; valid UTF-8
  std::string content_type;  // as the client said, may be empty
  std::unique_ptr<TemporaryFile> content;
};

struct MultipartForm {
  std::vector<FormField> fields = {};
  std::vector<FormFile> files = {};

  // The first field of that name.
  std::optional<std::string_view> field(std::string_view name) const;
  // The first file of that field, or nullptr.
  FormFile* file(std::string_view name);
};

}  // namespace samcache::http

// Where encodings lie under a data folder:
//   DATA/encodings/<model fingerprint>/<image id>.<profile>.safetensors
//
// Knows names and paths, not what is inside a file: the caller writes them (atomically, see base/atomic_file.h) and
// reads them. Every part of a key is checked before it becomes part of a path, so no key leads out of the folder.
// Files of other names are left alone and never listed.
//
// Holds a path and nothing else: copy it freely, use it from any thread. Folders that do not exist are empty ones.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "store/object_name.h"

namespace samcache {

struct StoredEncoding {
  EncodingKey key;
  std::filesystem::path path;
  std::uint64_t size_bytes = 0;  // of the file
};

class EncodingDirectory {
 public:
  explicit EncodingDirectory(const std::filesystem::path& data_directory) : root_(data_directory / "encodings") {}

  const std::filesystem::path& root() const { return root_; }

  // kInvalidArgument for a key that breaks the rules above. The file may or may not exist.
  Result<std::filesystem::path> path_for(const EncodingKey& key) const;

  // Everything stored, sorted by key.
  Result<std::vector<StoredEncoding>> list() const;

  // What is stored for the one image whose id starts with `id_prefix`, for every model, sorted by key. kNotFound when
  // there is none; kInvalidArgument when there are several such images or the text is no id (see is_image_id_prefix).
  Result<std::vector<StoredEncoding>> find(std::string_view id_prefix) const;

  // Whether there was such a file.
  Result<bool> remove(const EncodingKey& key) const;

  // Removes what writers that died left behind: temporary files not written to for `min_age`. Answers how many.
  Result<int> sweep_temporaries(std::chrono::seconds min_age = std::chrono::hours(1)) const;

 private:
  std::filesystem::path root_;
};

}  // namespace samcache

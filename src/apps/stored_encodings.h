// The encodings that the program keeps: in the stores it was given, or in its data folder.
//
// Opened at the first use, so that a command which needs none makes no folder. What is damaged is warned of and counts
// as missing. Used by one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/common_options.h"
#include "service/stored_objects.h"
#include "store/object_name.h"
#include "store/open/open_store.h"
#include "tensors/encoding_file.h"

namespace samcache {

struct StoredEncoding {
  EncodingKey key;
  std::string name;
  std::uint64_t size_bytes = 0;  // as stored
  std::chrono::system_clock::time_point modified = {};
};

class StoredEncodings {
 public:
  explicit StoredEncodings(const CommonOptions& options);
  // Waits, within a limit, for what is still being copied or written.
  ~StoredEncodings();
  StoredEncodings(const StoredEncodings&) = delete;
  StoredEncodings& operator=(const StoredEncodings&) = delete;

  struct Loaded {
    Encoding encoding;
    std::uint64_t size_bytes = 0;  // of the encoding file
    std::string cache;             // where it came from: "memory", "disk" or "remote"
  };
  // Nothing when it is not there.
  Result<std::optional<Loaded>> load(const EncodingKey& key);

  // Replaces what is there. Answers with the size of the encoding file.
  Result<std::uint64_t> save(const Encoding& encoding);

  // What is stored for the one image whose id starts with `id_prefix`, for every model, sorted by name. kNotFound when
  // there is none; kInvalidArgument when there are several such images or the text is no id (see is_image_id_prefix).
  Result<std::vector<StoredEncoding>> find(std::string_view id_prefix);

  // All of them, sorted by name; only those of a model when a fingerprint is given.
  Result<std::vector<StoredEncoding>> list(const std::string& model_fingerprint = {});

  Result<bool> remove(const EncodingKey& key);

  // The stores themselves.
  Result<const OpenedStores*> open();
  // For messages.
  const std::string& where() const { return where_; }

 private:
  bool is_surely_empty() const;

  StoreSetup setup_;
  std::filesystem::path default_folder_;  // empty when stores were named
  std::string where_;
  std::optional<OpenedStores> opened_;
};

// The file that `encoding` is stored as: for whoever moves bytes about.
Result<SharedBytes> encoding_bytes(const Encoding& encoding);

}  // namespace samcache

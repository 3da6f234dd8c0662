// Parts of the model as ONNX files, exported when somebody first asks for one and kept in a folder.
//
// Thread-safe; one export runs at a time, and whoever asks for the same part meanwhile waits for it.
#pragma once

#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace samcache {

class OnnxFileFolder {
 public:
  // Files lie in FOLDER/FINGERPRINT, so that those of another model are never taken for this one's.
  OnnxFileFolder(std::filesystem::path model, const std::filesystem::path& folder, std::string fingerprint);

  // kNotFound: no such part, or one that is not offered; kInvalidArgument: no such type; else as export_onnx.
  Result<std::filesystem::path> file(std::string_view part, std::string_view dtype);

  // What a browser runs from an encoding. (The vision encoder is not: it would be gigabytes.)
  static std::vector<std::string> offered_parts();

 private:
  const std::filesystem::path model_;
  const std::filesystem::path folder_;
  const std::string fingerprint_;
  std::mutex exporting_;
};

}  // namespace samcache

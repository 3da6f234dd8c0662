// `samcache model info`: what a checkpoint is, as JSON and as text.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/error.h"

namespace samcache {

// Opens the checkpoint (which checks every name and shape), reads it through once for the fingerprint, and looks for
// converted copies beside it. {path, naming, files, size_bytes, tensors, parameters, dtypes, fingerprint, config,
// missing_unused, present_unused, converted, warnings}
Result<nlohmann::ordered_json> describe_model(const std::filesystem::path& path);

// The same for people.
std::string model_text(const nlohmann::ordered_json& description);

}  // namespace samcache

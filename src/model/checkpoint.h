// A SAM 3 checkpoint on disk, opened: whatever its container and naming, it answers for canonical names.
//
// Accepts a model directory, or one weights file:
//   model.safetensors                  Hugging Face's or Meta's naming
//   model.safetensors.index.json       the same in shards
//   sam3.pt, or the only *.pt          torch.save of Meta's state dict
//   model.bf16.safetensors, …          a converted copy (model/convert.h); on request, or when there is nothing else
// Files are mapped and nothing but headers is read until it is asked for. Every name and shape is checked at open: a
// missing, unknown or misshapen tensor is an Error that names it; what the image model does not use may be missing.
//
// Accepted under Hugging Face's naming: separate q/k/v projections, or one fused tensor in their place (see
// WeightSpec::hf_fused_names); either or both of the two copies of the Fourier matrix.
//
// A Checkpoint is an immutable handle: copy it freely, use it from any thread. Tensors keep their mapping alive and
// may outlive it. A weights file must not be truncated or overwritten in place while mapped.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/config.h"
#include "model/weights_table.h"
#include "tensors/tensor.h"

namespace samcache {

enum class Naming {
  kHuggingFace,  // detector_model.…, tracker_model.…, tracker_neck.…
  kMeta,         // detector.…, tracker.…
  kCanonical,    // a converted copy: Meta's names in canonical shapes, the used tensors alone
};
const char* naming_name(Naming naming);  // "Hugging Face", "Meta", "samcache"

struct CheckpointOptions {
  // Use the converted copy of this dtype beside the checkpoint, if there is one that is not stale. Empty: the original.
  std::optional<DType> converted_dtype;
};

class Checkpoint {
 public:
  // Of a directory, or of one file (config.json is then looked for beside it).
  static Result<Checkpoint> open(const std::filesystem::path& path, const CheckpointOptions& options = {});

  const Sam3Config& config() const;
  bool has_config_file() const;  // false: no config.json, so the released sizes were assumed
  Naming naming() const;
  const std::vector<std::filesystem::path>& source_files() const;  // the weights files in use
  std::uint64_t size_bytes() const;                                // of those files
  // As stored: freqs_cis tables are not counted among the parameters.
  int tensor_count() const;
  std::uint64_t parameter_count() const;
  const std::map<DType, int>& dtypes() const;  // how many tensors of each

  // The rows of weights_table(config()), whether present or not.
  const std::vector<WeightSpec>& table() const;
  const WeightSpec* find_spec(std::string_view canonical_name) const;  // nullptr: no such row
  // Canonical names of parameters that the image model does not use: not in the file, and in it.
  const std::vector<std::string>& missing_unused() const;
  const std::vector<std::string>& present_unused() const;
  // One line each, for the log: no config.json, a stale converted copy that was ignored, …
  const std::vector<std::string>& warnings() const;

  // The tensor of this canonical name, in its stored dtype and WeightSpec::canonical_shape(). Zero-copy when the file
  // holds it in one piece, else assembled into memory of its own. kNotFound names what is not there.
  Result<Tensor> tensor(std::string_view canonical_name) const;

  // The same bytes without the assembling: the spans that make up the tensor, in order. (A transposed tensor is
  // assembled.) For code that reads everything once.
  struct Pieces {
    DType dtype = DType::kF32;
    std::vector<SharedBytes> spans;
  };
  Result<Pieces> pieces(std::string_view canonical_name) const;

  // The fingerprint in the metadata of a converted copy; empty for an original (see model/fingerprint.h).
  const std::string& carried_fingerprint() const;

 private:
  struct State;
  friend class CheckpointLoader;
  explicit Checkpoint(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace samcache

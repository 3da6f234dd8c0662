#include "onnx/onnx_weights.h"

#include "base/error.h"

namespace samcache {
namespace {

// Smaller ones would save nothing, and the Fourier matrix of the prompt encoder, whose rounding would move points, is
// one of them.
constexpr std::uint64_t kStoredNarrowFrom = 16384;  // elements

}  // namespace

Value OnnxWeights::weight(const std::string& name, WeightRole role) {
  const WeightSpec* spec = checkpoint_.find_spec(name);
  check(spec != nullptr, "OnnxWeights: no weight is called " + name);
  StoredTensor tensor;
  tensor.weight = tensor.name = name;
  tensor.shape = tensor.source_shape = spec->canonical_shape();
  tensor.row_count = tensor.shape.empty() ? 1 : tensor.shape[0];
  const bool narrow_type = role == WeightRole::kMatrix || role == WeightRole::kVector || role == WeightRole::kLookup;
  const bool large = element_count(tensor.shape).value() >= kStoredNarrowFrom;
  tensor.dtype = narrow_type || large ? dtype_ : DType::kF32;
  return graph_.stored(std::move(tensor), narrow_type ? dtype_ : DType::kF32);
}

}  // namespace samcache

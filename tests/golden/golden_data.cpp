#include "golden/golden_data.h"

#include <cmath>
#include <cstring>

#include "image/decode.h"
#include "image/image_library.h"
#include "tensors/cast.h"

namespace samcache::golden {
namespace {

template <class T>
std::vector<float> converted(const Tensor& tensor) {
  std::vector<T> values(tensor.data.size() / sizeof(T));
  std::memcpy(values.data(), tensor.data.data(), tensor.data.size());
  return {values.begin(), values.end()};
}

class WithImageLibrary : public ::testing::Environment {
  ImageLibrary library_;
};
[[maybe_unused]] ::testing::Environment* const kImageLibrary =
    ::testing::AddGlobalTestEnvironment(new WithImageLibrary);  // GoogleTest owns it

}  // namespace

std::string data_path(const std::string& name) { return std::string(SAMCACHE_TEST_DATA) + "/" + name; }

RgbImage read_picture(const std::string& name) {
  Result<DecodedImage> decoded = decode_image_file(data_path("golden/images/" + name), DecodeLimits{});
  if (!decoded) throw std::runtime_error(decoded.error().message);
  return std::move(decoded->rgb);
}

std::vector<float> as_floats(const Tensor& tensor) {
  switch (tensor.dtype) {
    case DType::kF32: return converted<float>(tensor);
    case DType::kI32: return converted<std::int32_t>(tensor);
    case DType::kU8: return converted<std::uint8_t>(tensor);
    default: {
      Result<Tensor> wide = cast_tensor(tensor, DType::kF32);
      if (!wide) throw std::runtime_error(wide.error().message);
      return converted<float>(*wide);
    }
  }
}

GoldenFile::GoldenFile(const std::string& name)
    : file_(SafetensorsFile::open(data_path("golden/" + name), SafetensorsLimits::for_checkpoints()).value()) {}

const Tensor& GoldenFile::tensor(const std::string& name) {
  static const Tensor nothing;
  used_.insert(name);
  const Tensor* found = file_.find(name);
  EXPECT_NE(found, nullptr) << "no golden value " << name;
  return found == nullptr ? nothing : *found;
}

std::vector<std::string> GoldenFile::unused(const std::string& prefix) const {
  std::vector<std::string> names;
  for (const Tensor& tensor : file_.tensors()) {
    if (tensor.name.starts_with(prefix) && !used_.contains(tensor.name)) names.push_back(tensor.name);
  }
  return names;
}

::testing::AssertionResult close(const std::vector<float>& actual, const std::vector<float>& expected,
                                 double tolerance) {
  if (actual.size() != expected.size()) {
    return ::testing::AssertionFailure() << actual.size() << " values instead of " << expected.size();
  }
  double largest = 1.0;
  double worst = 0.0;
  std::size_t where = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    largest = std::max<double>(largest, std::abs(expected[i]));
    const double difference = std::abs(static_cast<double>(actual[i]) - expected[i]);
    if (!(difference <= worst)) {  // a NaN is the worst of all
      worst = difference;
      where = i;
    }
  }
  if (worst <= tolerance * largest) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "value " << where << " is " << actual[where] << " instead of "
                                       << expected[where] << ", off by " << worst << "; allowed "
                                       << tolerance * largest;
}

double relative_l2(const std::vector<float>& actual, const std::vector<float>& expected) {
  if (actual.size() != expected.size()) return INFINITY;
  double error = 0.0;
  double norm = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    error += std::pow(static_cast<double>(actual[i]) - expected[i], 2);
    norm += std::pow(static_cast<double>(expected[i]), 2);
  }
  return std::sqrt(error / norm);
}

double differing_share(const std::vector<std::uint8_t>& actual, const std::vector<std::uint8_t>& expected) {
  if (actual.size() != expected.size()) return 1.0;
  if (expected.empty()) return 0.0;
  std::size_t differing = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) differing += (actual[i] != 0) != (expected[i] != 0);
  return static_cast<double>(differing) / static_cast<double>(expected.size());
}

}  // namespace samcache::golden

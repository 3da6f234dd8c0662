#include <charconv>

#include "engine/engine.h"

namespace samcache {

Result<Device> parse_device(std::string_view text) {
  if (text == "cpu") return Device{};
  constexpr std::string_view kCuda = "cuda";
  if (text == kCuda) return Device{Device::Kind::kCuda, 0};
  if (text.starts_with("cuda:")) {
    const std::string_view number = text.substr(kCuda.size() + 1);
    int index = -1;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), index);
    if (error == std::errc() && end == number.data() + number.size() && index >= 0) {
      return Device{Device::Kind::kCuda, index};
    }
  }
  return Error{ErrorCode::kInvalidArgument, "unknown device \"" + std::string(text) + "\": use cpu, cuda or cuda:N"};
}

Result<Precision> parse_precision(std::string_view text) {
  for (const Precision precision : {Precision::kFp32, Precision::kBf16, Precision::kFp16}) {
    if (text == precision_name(precision)) return precision;
  }
  return Error{ErrorCode::kInvalidArgument, "unknown precision \"" + std::string(text) + "\": use fp32, bf16 or fp16"};
}

const char* precision_name(Precision precision) {
  switch (precision) {
    case Precision::kFp32: return "fp32";
    case Precision::kBf16: return "bf16";
    case Precision::kFp16: return "fp16";
  }
  return "unknown";
}

}  // namespace samcache

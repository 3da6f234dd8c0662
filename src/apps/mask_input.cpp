#include "apps/mask_input.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "api/json/mask_json.h"
#include "base/mapped_file.h"
#include "image/mask_codec.h"
#include "image/mask_logits.h"
#include "tensors/safetensors.h"

namespace samcache {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{256} << 20;
constexpr std::size_t kMaxJsonBytes = std::size_t{16} << 20;
constexpr std::string_view kPngSignature = "\x89PNG";
constexpr const char* kLogitsName = "low_res_logits";

std::string size_text(int width, int height) { return std::to_string(width) + "x" + std::to_string(height); }

Result<std::vector<float>> logits_from_safetensors(const SharedBytes& bytes, const std::string& name, int side) {
  const Result<SafetensorsFile> file = SafetensorsFile::parse(bytes, SafetensorsLimits::for_encodings(), name);
  if (!file) return file.error();
  const Tensor* tensor = file->find(kLogitsName);
  if (tensor == nullptr) {
    return Error{ErrorCode::kInvalidArgument,
                 name + " holds no mask: no tensor " + kLogitsName + " (write one with --save-mask-input)"};
  }
  if (tensor->dtype != DType::kF32 || tensor->shape != std::vector<std::int64_t>{1, side, side}) {
    return Error{ErrorCode::kInvalidArgument, name + ": " + kLogitsName + " is " +
                                                  std::string(dtype_name(tensor->dtype)) + " " +
                                                  shape_text(tensor->shape) + ", but this model's is F32 " +
                                                  shape_text(std::vector<std::int64_t>{1, side, side})};
  }
  std::vector<float> logits(static_cast<std::size_t>(side) * side);
  std::memcpy(logits.data(), tensor->data.data(), tensor->data.size());
  if (!std::all_of(logits.begin(), logits.end(), [](float v) { return std::isfinite(v); })) {
    return Error{ErrorCode::kCorrupt, name + ": the mask has values that are not numbers"};
  }
  return logits;
}

Result<BinaryMask> mask_from_json(std::string_view text, const std::string& name, int width, int height) {
  if (text.size() > kMaxJsonBytes) {
    return Error{ErrorCode::kTooLarge, name + " has " + std::to_string(text.size()) +
                                           " bytes; a run-length mask of more than " + std::to_string(kMaxJsonBytes) +
                                           " is not read"};
  }
  // Nothing nested deeper than a mask is kept: every level would cost a hundred times its text.
  const auto shallow = [](int depth, Json::parse_event_t, const Json&) { return depth <= 2; };
  return mask_from_rle_json(Json::parse(text, shallow, false), width, height, name);
}

}  // namespace

Result<std::vector<float>> read_mask_input(const std::filesystem::path& path, int width, int height, int side) {
  const Result<SharedBytes> bytes = read_file(path, kMaxFileBytes);
  if (!bytes) return bytes.error();
  const std::string name = path.string();
  const std::string_view text = text_of(bytes->span());
  Result<BinaryMask> mask = Error{ErrorCode::kCorrupt, ""};
  if (text.starts_with(kPngSignature)) {
    mask = mask_from_png(bytes->span(), name);
    if (mask && (mask->width != width || mask->height != height)) {
      return Error{ErrorCode::kInvalidArgument, name + " is a mask of " + size_text(mask->width, mask->height) +
                                                    " pixels, the picture has " + size_text(width, height)};
    }
  } else if (text.starts_with('{')) {
    mask = mask_from_json(text, name, width, height);
  } else {
    return logits_from_safetensors(*bytes, name, side);
  }
  if (!mask) return mask.error();
  return logits_from_mask(*mask, side);
}

Status write_mask_logits(const std::filesystem::path& path, std::span<const float> logits, int side) {
  check(logits.size() == static_cast<std::size_t>(side) * side, "write_mask_logits: the mask is not side x side");
  const Tensor tensor{.name = kLogitsName,
                      .dtype = DType::kF32,
                      .shape = {1, side, side},
                      .data = SharedBytes::copy_of(std::as_bytes(logits))};
  return write_safetensors(path, {tensor}, {{"format", "samcache.mask_logits"}, {"version", "1"}});
}

}  // namespace samcache

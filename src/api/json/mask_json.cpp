#include "api/json/mask_json.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "api/json/strict_json.h"
#include "base/bytes.h"
#include "image/mask_codec.h"
#include "image/mask_logits.h"

namespace samcache {
namespace {

using Json = nlohmann::json;

static_assert(std::endian::native == std::endian::little, "logits travel as they lie in memory");

// nullopt: no such numbers.
std::optional<std::vector<std::uint32_t>> run_lengths(const Json& counts) {
  std::vector<std::uint32_t> runs;
  for (const Json& count : counts) {
    if (!count.is_number_unsigned() || count.get<std::uint64_t>() > UINT32_MAX) return std::nullopt;
    runs.push_back(count.get<std::uint32_t>());
  }
  return runs;
}

Error as_invalid(const Error& error) { return {ErrorCode::kInvalidArgument, error.message}; }

Result<std::vector<float>> logits_from_base64(const std::string& text, int side, const std::string& path) {
  const Result<std::vector<std::byte>> bytes = bytes_from_base64(text);
  if (!bytes) return as_invalid(bytes.error().within(path));
  const std::size_t count = static_cast<std::size_t>(side) * side;
  if (bytes->size() != count * sizeof(float)) {
    return Error{ErrorCode::kInvalidArgument,
                 path + " has " + std::to_string(bytes->size()) + " bytes; this model's are " + std::to_string(side) +
                     " x " + std::to_string(side) + " float32, " + std::to_string(count * sizeof(float)) + " bytes"};
  }
  std::vector<float> logits(count);
  std::memcpy(logits.data(), bytes->data(), bytes->size());
  if (std::ranges::all_of(logits, [](float v) { return std::isfinite(v); })) return logits;
  return Error{ErrorCode::kInvalidArgument, path + " has values that are not numbers"};
}

Result<BinaryMask> mask_from_base64_png(const std::string& text, int width, int height, const std::string& path) {
  const Result<std::vector<std::byte>> png = bytes_from_base64(text);
  if (!png) return png.error().within(path);
  return mask_from_png(*png, width, height, path);
}

}  // namespace

Result<nlohmann::ordered_json> json_from_mask(const BinaryMask& mask, MaskForm form) {
  using Answer = nlohmann::ordered_json;
  switch (form) {
    case MaskForm::kRle: {
      CocoRle rle = rle_from_mask(mask);
      return Answer{{"size", {rle.height, rle.width}}, {"counts", std::move(rle.counts)}};
    }
    case MaskForm::kPng: {
      const Result<std::vector<std::byte>> png = png_from_mask(mask);
      if (!png) return png.error();
      return Answer(base64_from_bytes(*png));
    }
    case MaskForm::kPolygon: break;
  }
  return Answer(coco_segmentation(polygons_from_mask(mask)));
}

Result<BinaryMask> mask_from_rle_json(const Json& value, int width, int height, const std::string& name) {
  const Error malformed{ErrorCode::kCorrupt,
                        name + R"( is no run-length mask: {"size": [height, width], "counts": ...} is expected)"};
  if (!value.is_object() || !value.contains("size") || !value.contains("counts")) return malformed;
  if (value["size"] != Json::array({height, width})) {
    return Error{ErrorCode::kInvalidArgument, name + " is not a mask of this picture: it must be of size [" +
                                                  std::to_string(height) + ", " + std::to_string(width) +
                                                  "] (height, width)"};
  }
  const Json& counts = value["counts"];
  Result<BinaryMask> mask = malformed;
  if (counts.is_string()) {
    mask = mask_from_rle({.height = height, .width = width, .counts = counts.get<std::string>()});
  } else if (counts.is_array()) {
    const std::optional<std::vector<std::uint32_t>> runs = run_lengths(counts);
    if (!runs) return malformed;
    mask = mask_from_rle_counts(*runs, width, height);
  } else {
    return malformed;
  }
  if (!mask) return mask.error().within(name);
  return mask;
}

Result<std::vector<float>> mask_input_from_json(const Json& value, int width, int height, int side,
                                                const std::string& path) {
  if (value.is_object() && value.contains("logits")) {
    JsonFields fields(value, path);
    std::string logits;
    fields.read("logits", logits, SIZE_MAX);
    if (Status status = fields.finish(); !status) return status.error();
    return logits_from_base64(logits, side, path + ".logits");
  }
  Result<BinaryMask> mask =
      Error{ErrorCode::kInvalidArgument,
            path + " must be COCO run lengths, a PNG in base64 or {\"logits\": base64}, not " + json_type_name(value)};
  if (value.is_string()) {
    mask = mask_from_base64_png(value.get_ref<const std::string&>(), width, height, path);
  } else if (value.is_object()) {
    mask = mask_from_rle_json(value, width, height, path);
  }
  if (!mask) return as_invalid(mask.error());
  return logits_from_mask(*mask, side);
}

std::string base64_of_logits(std::span<const float> logits) { return base64_from_bytes(std::as_bytes(logits)); }

}  // namespace samcache

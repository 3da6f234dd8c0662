#include "apps/mask_input.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/mapped_file.h"
#include "base/text.h"
#include "image/mask_codec.h"
#include "tensors/safetensors.h"

namespace samcache {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{256} << 20;
constexpr std::size_t kMaxJsonBytes = std::size_t{16} << 20;
constexpr std::string_view kPngSignature = "\x89PNG";
constexpr const char* kLogitsName = "low_res_logits";
constexpr float kDrawnLogit = 10.0F;

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

// nullopt: no such numbers.
std::optional<std::vector<std::uint32_t>> run_lengths(const Json& counts) {
  std::vector<std::uint32_t> runs;
  for (const Json& count : counts) {
    if (!count.is_number_unsigned() || count.get<std::uint64_t>() > UINT32_MAX) return std::nullopt;
    runs.push_back(count.get<std::uint32_t>());
  }
  return runs;
}

Result<BinaryMask> mask_from_json(std::string_view text, const std::string& name, int width, int height) {
  const Error malformed{ErrorCode::kCorrupt,
                        name + R"( is no run-length mask: {"size": [height, width], "counts": ...} is expected)"};
  if (text.size() > kMaxJsonBytes) {
    return Error{ErrorCode::kTooLarge, name + " has " + std::to_string(text.size()) +
                                           " bytes; a run-length mask of more than " + std::to_string(kMaxJsonBytes) +
                                           " is not read"};
  }
  // Nothing nested deeper than a mask is kept: every level would cost a hundred times its text.
  const auto shallow = [](int depth, Json::parse_event_t, const Json&) { return depth <= 2; };
  const Json document = Json::parse(text, shallow, false);
  if (!document.is_object() || !document.contains("size") || !document.contains("counts")) return malformed;
  if (document["size"] != Json::array({height, width})) {
    return Error{ErrorCode::kInvalidArgument, name + " is not a mask of this picture: it must be of size [" +
                                                  std::to_string(height) + ", " + std::to_string(width) +
                                                  "] (height, width)"};
  }
  const Json& counts = document["counts"];
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

// Of `size` pixels squeezed or stretched into `cells`: which pixels make up a cell, and how much of each.
struct CellWeights {
  int first = 0;
  std::vector<float> weights;  // sum 1
};

std::vector<CellWeights> cell_weights(int size, int cells) {
  std::vector<CellWeights> all(static_cast<std::size_t>(cells));
  const double pixels_per_cell = static_cast<double>(size) / cells;
  for (int cell = 0; cell < cells; ++cell) {
    const double begin = cell * pixels_per_cell;
    const double end = std::min((cell + 1) * pixels_per_cell, static_cast<double>(size));
    CellWeights& weights = all[cell];
    weights.first = std::min(static_cast<int>(begin), size - 1);
    for (int pixel = weights.first; pixel < size && (pixel < end || weights.weights.empty()); ++pixel) {
      const double covered = std::min(end, pixel + 1.0) - std::max(begin, static_cast<double>(pixel));
      if (covered > 0 || weights.weights.empty()) {
        weights.weights.push_back(static_cast<float>(std::max(covered, 0.0) / pixels_per_cell));
      }
    }
  }
  return all;
}

}  // namespace

std::vector<float> logits_from_mask(const BinaryMask& mask, int side) {
  const std::vector<CellWeights> columns = cell_weights(mask.width, side);
  const std::vector<CellWeights> rows = cell_weights(mask.height, side);
  const auto width = static_cast<std::size_t>(mask.width);
  std::vector<float> logits(static_cast<std::size_t>(side) * side);
  std::vector<float> row_mean(width);
  for (int y = 0; y < side; ++y) {
    std::fill(row_mean.begin(), row_mean.end(), 0.0F);
    for (std::size_t i = 0; i < rows[y].weights.size(); ++i) {
      const std::uint8_t* source = mask.pixels.data() + (rows[y].first + i) * width;
      for (std::size_t x = 0; x < width; ++x) row_mean[x] += rows[y].weights[i] * static_cast<float>(source[x]);
    }
    for (int x = 0; x < side; ++x) {
      float covered = 0;
      for (std::size_t i = 0; i < columns[x].weights.size(); ++i) {
        covered += columns[x].weights[i] * row_mean[columns[x].first + i];
      }
      logits[static_cast<std::size_t>(y) * side + x] = (2 * std::clamp(covered, 0.0F, 1.0F) - 1) * kDrawnLogit;
    }
  }
  return logits;
}

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

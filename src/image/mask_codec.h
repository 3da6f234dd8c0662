// The forms a mask travels in: COCO run lengths, PNG, polygons, and base64 for bytes inside JSON.
//
// A BinaryMask holds 0 and 1 only, one byte a pixel, width x height of them. Every function that takes one checks that
// and throws std::logic_error otherwise (a mask of 0 and 255 is the classic mistake: convert it with mask_from_values).
// Everything that decodes takes its input as hostile: a malformed string, a size that does not fit or a mask over
// kMaxMaskPixels is an Error, and memory is reserved only after the sizes have been checked.
//
// Thread-safe. Only the PNG functions need an ImageLibrary.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/pixels.h"

namespace samcache {

inline constexpr std::uint64_t kMaxMaskPixels = 100'000'000;
inline constexpr std::size_t kMaxPolygonVertices = 1'000'000;

// Any nonzero value becomes 1. Throws std::logic_error unless there are width x height values.
BinaryMask mask_from_values(std::span<const std::uint8_t> values, int width, int height);

// ---- COCO run lengths: runs of 0 and 1 in turn, starting with 0, down the columns from left to right.

// What pycocotools calls an RLE: {"size": [height, width], "counts": counts}.
struct CocoRle {
  int height = 0;
  int width = 0;
  std::string counts;  // compressed, byte for byte as pycocotools writes it
};

CocoRle rle_from_mask(const BinaryMask& mask);
Result<BinaryMask> mask_from_rle(const CocoRle& rle);

// The same uncompressed: {"counts": [n0, n1, ...]}. The counts of a valid RLE add up to width x height exactly.
std::vector<std::uint32_t> rle_counts_from_mask(const BinaryMask& mask);
Result<BinaryMask> mask_from_rle_counts(std::span<const std::uint32_t> counts, int width, int height);
std::string compress_rle_counts(std::span<const std::uint32_t> counts);
Result<std::vector<std::uint32_t>> expand_rle_counts(const CocoRle& rle);

// Pixels set, and the smallest box around them: columns [x0, x1), rows [y0, y1); all zero for an empty mask.
struct MaskExtent {
  std::uint64_t area = 0;
  int x0 = 0;
  int y0 = 0;
  int x1 = 0;
  int y1 = 0;
};
// Without making the mask.
Result<MaskExtent> extent_of_rle(const CocoRle& rle);
MaskExtent extent_of_mask(const BinaryMask& mask);
// The corners of its extent: x0, y0, x1, y1.
std::array<float, 4> box_of_mask(const BinaryMask& mask);

// ---- PNG

enum class MaskPngDepth { k8Bit, k1Bit };
// One grey channel, 0 and white. 1-bit files are the smaller ones; some readers know only 8-bit ones.
Result<std::vector<std::byte>> png_from_mask(const BinaryMask& mask, MaskPngDepth depth = MaskPngDepth::k8Bit);

// Reads a grey, palette or RGB PNG of 1 to 16 bits, with or without alpha. A pixel is set when any colour channel of it
// is not zero and, where there is alpha, alpha is not zero either. The size must be width x height, that of the image
// the mask belongs to; metadata (orientation) is ignored. `name` is what errors call it.
Result<BinaryMask> mask_from_png(std::span<const std::byte> png, int width, int height,
                                 const std::string& name = "mask");
// The same, of whatever size the file has.
Result<BinaryMask> mask_from_png(std::span<const std::byte> png, const std::string& name = "mask");

// ---- Polygons
// Coordinates are those of pixel corners: the pixel (x, y) is the square from (x, y) to (x + 1, y + 1). A ring is
// [x0, y0, x1, y1, ...], closed by itself, without its first point repeated.

using PolygonRing = std::vector<float>;

// One 8-connected region. Outer rings run clockwise as seen on the screen, holes the other way.
struct MaskPolygon {
  PolygonRing outer;
  std::vector<PolygonRing> holes;
};

struct PolygonOptions {
  // Corners no further than this from the simplified outline are dropped (Douglas-Peucker). 0 keeps the pixel outline,
  // which gives the mask back exactly. A ring that would collapse keeps its pixel outline.
  double tolerance_px = 1.0;
};

// The regions in the order in which their topmost, then leftmost pixels come.
std::vector<MaskPolygon> polygons_from_mask(const BinaryMask& mask, const PolygonOptions& options = {});

// COCO's "segmentation" list: one ring a region. COCO knows no holes, so each is joined to its outer ring by a bridge
// walked in both directions, which fills to the same pixels in every reader.
std::vector<PolygonRing> coco_segmentation(const std::vector<MaskPolygon>& polygons);

// Fills rings by the even-odd rule: a pixel is set when its centre is inside. Rings may lie outside of the mask in
// part. Fails for a ring with an odd count or fewer than three points, coordinates that are not finite, or more than
// kMaxPolygonVertices.
Result<BinaryMask> mask_from_rings(std::span<const PolygonRing> rings, int width, int height);
Result<BinaryMask> mask_from_polygons(std::span<const MaskPolygon> polygons, int width, int height);

// ---- base64 (RFC 4648, with padding, no line breaks)

std::string base64_from_bytes(std::span<const std::byte> bytes);
Result<std::vector<std::byte>> bytes_from_base64(std::string_view text);

}  // namespace samcache

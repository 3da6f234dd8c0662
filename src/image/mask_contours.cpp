#include "image/mask_contours.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace samcache {
namespace {

enum Direction { kRight = 0, kDown = 1, kLeft = 2, kUp = 3 };

// Border following (Suzuki and Abe 1985) on pixel edges instead of pixels. The vertical edges of a row are the places
// where its value changes: the first, third, ... enter a run of set pixels, the others leave one. Each edge belongs to
// exactly one contour, so the edges not yet visited say where the next contour starts.
class ContourTracer {
 public:
  explicit ContourTracer(const BinaryMask& mask) : mask_(mask) {
    row_begin_.reserve(static_cast<std::size_t>(mask.height) + 1);
    for (int y = 0; y < mask.height; ++y) {
      row_begin_.push_back(edge_x_.size());
      find_edges(mask.pixels.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(mask.width));
    }
    row_begin_.push_back(edge_x_.size());
    edge_region_.assign(edge_x_.size(), kUnvisited);
  }

  std::vector<PixelContour> trace() {
    std::vector<PixelContour> contours;
    std::int32_t regions = 0;
    for (int y = 0; y < mask_.height; ++y) {
      const std::size_t begin = row_begin_[static_cast<std::size_t>(y)];
      for (std::size_t edge = begin; edge < row_begin_[static_cast<std::size_t>(y) + 1]; ++edge) {
        if (edge_region_[edge] != kUnvisited) continue;
        // A contour is met first at its topmost row. If the edge leaves a run there, the contour is that of a hole, in
        // the region whose run it is; the edge that enters the run has been visited.
        const bool is_hole = (edge - begin) % 2 == 1;
        const std::int32_t region = is_hole ? edge_region_[edge - 1] : regions++;
        contours.push_back({follow(edge, y, is_hole, region), static_cast<std::size_t>(region), is_hole});
      }
    }
    return contours;
  }

 private:
  static constexpr std::int32_t kUnvisited = -1;

  void find_edges(const std::uint8_t* row) {
    if (row[0] != 0) edge_x_.push_back(0);
    int x = 1;
    for (; x + 8 <= mask_.width; x += 8) {
      std::uint64_t here = 0;
      std::uint64_t before = 0;
      std::memcpy(&here, row + x, sizeof here);
      std::memcpy(&before, row + x - 1, sizeof before);
      for (std::uint64_t bits = here ^ before; bits != 0; bits &= bits - 1) {
        edge_x_.push_back(x + std::countr_zero(bits) / 8);
      }
    }
    for (; x < mask_.width; ++x) {
      if (row[x] != row[x - 1]) edge_x_.push_back(x);
    }
    if (row[mask_.width - 1] != 0) edge_x_.push_back(mask_.width);
  }

  bool is_set(int x, int y) const { return x >= 0 && y >= 0 && x < mask_.width && y < mask_.height && mask_.at(x, y); }

  std::size_t edge_at(int x, int y) const {
    const auto begin = edge_x_.begin() + static_cast<std::ptrdiff_t>(row_begin_[static_cast<std::size_t>(y)]);
    const auto end = edge_x_.begin() + static_cast<std::ptrdiff_t>(row_begin_[static_cast<std::size_t>(y) + 1]);
    return static_cast<std::size_t>(std::lower_bound(begin, end, x) - edge_x_.begin());
  }

  // Where the path goes on at the corner (x, y): to the left if the pixel ahead on the left is set (which joins set
  // pixels that touch by a corner), straight on if the one ahead on the right is, else to the right.
  Direction next_direction(int x, int y, Direction direction) const {
    static constexpr int kAheadLeft[4][2] = {{0, -1}, {0, 0}, {-1, 0}, {-1, -1}};
    static constexpr int kAheadRight[4][2] = {{0, 0}, {-1, 0}, {-1, -1}, {0, -1}};
    if (is_set(x + kAheadLeft[direction][0], y + kAheadLeft[direction][1])) {
      return static_cast<Direction>((direction + 3) % 4);
    }
    if (is_set(x + kAheadRight[direction][0], y + kAheadRight[direction][1])) return direction;
    return static_cast<Direction>((direction + 1) % 4);
  }

  std::vector<PixelCorner> follow(std::size_t first_edge, int first_row, bool leaves_run, std::int32_t region) {
    std::vector<PixelCorner> corners;
    edge_region_[first_edge] = region;
    int x = edge_x_[first_edge];
    int y = leaves_run ? first_row + 1 : first_row;
    Direction direction = leaves_run ? kDown : kUp;
    for (;;) {
      const Direction next = next_direction(x, y, direction);
      if (next != direction) corners.push_back({x, y});
      direction = next;
      x += direction == kRight ? 1 : direction == kLeft ? -1 : 0;
      y += direction == kDown ? 1 : direction == kUp ? -1 : 0;
      if (direction == kRight || direction == kLeft) continue;
      const std::size_t edge = edge_at(x, direction == kDown ? y - 1 : y);
      if (edge == first_edge) return corners;
      edge_region_[edge] = region;
    }
  }

  const BinaryMask& mask_;
  std::vector<std::size_t> row_begin_;  // of each row in edge_x_
  std::vector<std::int32_t> edge_x_;
  std::vector<std::int32_t> edge_region_;
};

}  // namespace

std::vector<PixelContour> trace_contours(const BinaryMask& mask) { return ContourTracer(mask).trace(); }

}  // namespace samcache

#include <algorithm>
#include <bit>
#include <cstring>

#include "image/mask_checks.h"
#include "image/mask_codec.h"

namespace samcache {
namespace {

static_assert(std::endian::native == std::endian::little, "pixel positions are read off the bytes of 64-bit words");

// The rows at which the pixels of each column differ from the pixel above, for one strip of columns. The mask is read
// row by row, in the order in which it lies in memory, and only the few places where something changes are then put
// into column order.
class StripTransitions {
 public:
  // Columns of one strip: it bounds the memory of a mask of pure noise, and keeps the pieces of rows long enough.
  static constexpr int kMaxColumns = 1024;

  void collect(const BinaryMask& mask, int first_column, int columns) {
    found_.clear();
    starts_.assign(static_cast<std::size_t>(columns) + 1, 0);
    const auto width = static_cast<std::size_t>(mask.width);
    const std::uint8_t* above = mask.pixels.data() + first_column;
    for (int y = 1; y < mask.height; ++y) {
      const std::uint8_t* row = above + width;
      compare_rows(above, row, columns, static_cast<std::uint32_t>(y));
      above = row;
    }
    sort_by_column();
  }

  std::span<const std::uint32_t> rows_of(int column) const {
    const auto c = static_cast<std::size_t>(column);
    return {rows_.data() + starts_[c], starts_[c + 1] - starts_[c]};
  }

 private:
  struct Transition {
    std::uint32_t column;
    std::uint32_t row;
  };

  static std::uint64_t differing(const std::uint8_t* a, const std::uint8_t* b) {
    std::uint64_t word_a = 0;
    std::uint64_t word_b = 0;
    std::memcpy(&word_a, a, sizeof word_a);
    std::memcpy(&word_b, b, sizeof word_b);
    return word_a ^ word_b;
  }

  void compare_rows(const std::uint8_t* above, const std::uint8_t* row, int columns, std::uint32_t y) {
    constexpr int kBlock = 64;
    int x = 0;
    for (; x + kBlock <= columns; x += kBlock) {
      std::uint64_t any = 0;
      for (int i = 0; i < kBlock; i += 8) any |= differing(above + x + i, row + x + i);
      if (any == 0) continue;
      for (int i = 0; i < kBlock; i += 8) {
        // One bit of each differing byte is set, for the pixels are 0 and 1.
        for (std::uint64_t bits = differing(above + x + i, row + x + i); bits != 0; bits &= bits - 1) {
          add(static_cast<std::uint32_t>(x + i + std::countr_zero(bits) / 8), y);
        }
      }
    }
    for (; x < columns; ++x) {
      if (above[x] != row[x]) add(static_cast<std::uint32_t>(x), y);
    }
  }

  void add(std::uint32_t column, std::uint32_t row) {
    found_.push_back({column, row});
    ++starts_[column + 1];
  }

  // A counting sort; it is stable, so that the rows of a column stay in order.
  void sort_by_column() {
    for (std::size_t c = 1; c < starts_.size(); ++c) starts_[c] += starts_[c - 1];
    next_.assign(starts_.begin(), starts_.end());
    rows_.resize(found_.size());
    for (const Transition& transition : found_) rows_[next_[transition.column]++] = transition.row;
  }

  std::vector<Transition> found_;
  std::vector<std::size_t> starts_;  // of each column in rows_
  std::vector<std::size_t> next_;
  std::vector<std::uint32_t> rows_;
};

Error bad_rle(const std::string& what) { return Error{ErrorCode::kCorrupt, "RLE: " + what}; }

Status check_total(std::uint64_t total, std::uint64_t pixels) {
  if (total == pixels) return {};
  return bad_rle("the runs cover " + std::to_string(total) + " pixels of a mask of " + std::to_string(pixels));
}

// Marks the first pixel of each run of ones, in each of its columns, and the pixel under the last: the mask is what
// comes of combining each row with the one above.
void mark_run(BinaryMask& marks, std::uint64_t begin, std::uint64_t end) {
  const auto width = static_cast<std::size_t>(marks.width);
  const auto height = static_cast<std::uint64_t>(marks.height);
  std::uint64_t column = begin / height;
  std::uint64_t row = begin % height;
  for (std::uint64_t left = end - begin; left > 0; ++column, row = 0) {
    const std::uint64_t length = std::min(left, height - row);
    marks.pixels[row * width + column] ^= 1;
    if (row + length < height) marks.pixels[(row + length) * width + column] ^= 1;
    left -= length;
  }
}

void combine_rows(BinaryMask& marks) {
  const auto width = static_cast<std::size_t>(marks.width);
  for (std::size_t i = width; i < marks.pixels.size(); i += width) {
    const std::uint8_t* above = marks.pixels.data() + i - width;
    std::uint8_t* row = marks.pixels.data() + i;
    for (std::size_t x = 0; x < width; ++x) row[x] ^= above[x];
  }
}

}  // namespace

std::vector<std::uint32_t> rle_counts_from_mask(const BinaryMask& mask) {
  require_binary(mask, "rle_counts_from_mask");
  check(mask.pixels.size() <= UINT32_MAX, "rle_counts_from_mask: the mask has too many pixels for 32-bit counts");
  const auto height = static_cast<std::uint64_t>(mask.height);
  const std::uint8_t* bottom_row = mask.pixels.data() + mask.pixels.size() - static_cast<std::size_t>(mask.width);
  std::vector<std::uint32_t> counts;
  std::uint64_t run_begin = 0;
  std::uint8_t value = 0;  // of the pixel before, in column order
  const auto end_run = [&](std::uint64_t position) {
    counts.push_back(static_cast<std::uint32_t>(position - run_begin));
    run_begin = position;
  };
  StripTransitions transitions;
  for (int first = 0; first < mask.width; first += StripTransitions::kMaxColumns) {
    const int columns = std::min(StripTransitions::kMaxColumns, mask.width - first);
    transitions.collect(mask, first, columns);
    for (int column = 0; column < columns; ++column) {
      const auto x = static_cast<std::size_t>(first) + static_cast<std::size_t>(column);
      const std::uint64_t top = x * height;
      if (mask.pixels[x] != value) end_run(top);
      for (const std::uint32_t row : transitions.rows_of(column)) end_run(top + row);
      value = bottom_row[x];
    }
  }
  end_run(mask.pixels.size());
  return counts;
}

Result<BinaryMask> mask_from_rle_counts(std::span<const std::uint32_t> counts, int width, int height) {
  if (Status size = check_mask_size(width, height, "RLE"); !size) return size.error();
  const std::uint64_t pixels = static_cast<std::uint64_t>(width) * static_cast<unsigned>(height);
  std::uint64_t total = 0;
  for (const std::uint32_t count : counts) total += count;
  if (Status covered = check_total(total, pixels); !covered) return covered.error();
  BinaryMask mask{width, height, std::vector<std::uint8_t>(pixels)};
  std::uint64_t position = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (i % 2 == 1) mark_run(mask, position, position + counts[i]);
    position += counts[i];
  }
  combine_rows(mask);
  return mask;
}

// Each count, from the fourth on less the one two before it, as a signed number in groups of five bits, lowest first.
// Bit 5 of a character says that more follow; the sign is bit 4 of the last group; 48 makes it printable.
std::string compress_rle_counts(std::span<const std::uint32_t> counts) {
  std::string text;
  text.reserve(counts.size() * 2);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    std::int64_t number = counts[i];
    if (i > 2) number -= counts[i - 2];
    bool more = true;
    while (more) {
      std::int64_t group = number & 0x1F;
      number >>= 5;
      more = (group & 0x10) != 0 ? number != -1 : number != 0;
      if (more) group |= 0x20;
      text.push_back(static_cast<char>(group + 48));
    }
  }
  return text;
}

Result<std::vector<std::uint32_t>> expand_rle_counts(const CocoRle& rle) {
  if (Status size = check_mask_size(rle.width, rle.height, "RLE"); !size) return size.error();
  constexpr unsigned kMaxBits = 35;  // seven groups: every difference of two 32-bit counts
  const std::int64_t pixels = std::int64_t{rle.width} * rle.height;
  std::vector<std::uint32_t> counts;
  std::uint64_t total = 0;
  for (std::size_t at = 0; at < rle.counts.size();) {
    std::int64_t number = 0;
    unsigned bits = 0;
    for (bool more = true; more; ++at) {
      if (at == rle.counts.size()) return bad_rle("the counts end in the middle of a number");
      const int group = static_cast<unsigned char>(rle.counts[at]) - 48;
      if (group < 0 || group > 63)
        return bad_rle("the character at offset " + std::to_string(at) + " is not part of any");
      if (bits == kMaxBits) return bad_rle("the number at offset " + std::to_string(at) + " is too long");
      number |= std::int64_t{group & 0x1F} << bits;
      bits += 5;
      more = (group & 0x20) != 0;
      if (!more && (group & 0x10) != 0) number -= std::int64_t{1} << bits;
    }
    if (counts.size() > 2) number += counts[counts.size() - 2];
    if (number < 0 || number > pixels) {
      return bad_rle("run " + std::to_string(counts.size()) + " has the length " + std::to_string(number) +
                     " in a mask of " + std::to_string(pixels) + " pixels");
    }
    counts.push_back(static_cast<std::uint32_t>(number));
    total += static_cast<std::uint64_t>(number);
  }
  if (Status covered = check_total(total, static_cast<std::uint64_t>(pixels)); !covered) return covered.error();
  return counts;
}

CocoRle rle_from_mask(const BinaryMask& mask) {
  return {mask.height, mask.width, compress_rle_counts(rle_counts_from_mask(mask))};
}

Result<BinaryMask> mask_from_rle(const CocoRle& rle) {
  Result<std::vector<std::uint32_t>> counts = expand_rle_counts(rle);
  if (!counts) return counts.error();
  return mask_from_rle_counts(*counts, rle.width, rle.height);
}

Result<MaskExtent> extent_of_rle(const CocoRle& rle) {
  Result<std::vector<std::uint32_t>> counts = expand_rle_counts(rle);
  if (!counts) return counts.error();
  const auto height = static_cast<std::uint64_t>(rle.height);
  MaskExtent extent{0, rle.width, rle.height, 0, 0};
  std::uint64_t begin = 0;
  for (std::size_t i = 0; i < counts->size(); ++i) {
    const std::uint64_t end = begin + (*counts)[i];
    if (i % 2 == 1 && end > begin) {
      const std::uint64_t first_column = begin / height;
      const std::uint64_t last_column = (end - 1) / height;
      const bool one_column = first_column == last_column;
      extent.area += end - begin;
      extent.x0 = std::min(extent.x0, static_cast<int>(first_column));
      extent.x1 = std::max(extent.x1, static_cast<int>(last_column) + 1);
      extent.y0 = std::min(extent.y0, one_column ? static_cast<int>(begin % height) : 0);
      extent.y1 = std::max(extent.y1, one_column ? static_cast<int>((end - 1) % height) + 1 : rle.height);
    }
    begin = end;
  }
  return extent.area == 0 ? MaskExtent{} : extent;
}

std::array<float, 4> box_of_mask(const BinaryMask& mask) {
  const MaskExtent extent = extent_of_mask(mask);
  return {static_cast<float>(extent.x0), static_cast<float>(extent.y0), static_cast<float>(extent.x1),
          static_cast<float>(extent.y1)};
}

}  // namespace samcache

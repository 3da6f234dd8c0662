// What a sample of the content says about the transforms: the entropy of each one's plane.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "store/wire/wire_codec.h"

namespace samcache {
namespace {

constexpr std::size_t kMinContentBytes = 4096;  // below it nothing is worth a header
constexpr double kMinSavedShare = 0.08;

// The sample: regions spread over the content, each about as long as what zstd gives one Huffman table (128 KiB of
// plane, here of 16-bit words), because the exponents of a whole map are more varied than those of a few channels; in
// each region short runs, because values side by side are alike.
constexpr std::size_t kRegions = 8;
constexpr std::size_t kRegionBytes = 256 * 1024;
constexpr std::size_t kRunsPerRegion = 32;
constexpr std::size_t kRunBytes = 128;

using Histogram = std::array<std::uint32_t, 256>;

// Bits a symbol needs.
double entropy_bits(const Histogram& histogram) {
  double total = 0;
  double weighted = 0;
  for (const std::uint32_t count : histogram) {
    if (count == 0) continue;
    total += count;
    weighted += count * std::log2(count);
  }
  return total == 0 ? 8 : std::log2(total) - weighted / total;
}

struct Histograms {
  Histogram bf16 = {};
  Histogram fp16 = {};
  Histogram fp32 = {};
};

void count_run(const std::byte* run, Histograms& histograms) {
  for (std::size_t i = 0; i < kRunBytes; i += 2) {
    std::uint16_t word;
    std::memcpy(&word, run + i, sizeof(word));
    ++histograms.bf16[(word >> 7) & 0xff];
    ++histograms.fp16[word >> 8];
    if (i % 4 == 2) ++histograms.fp32[(word >> 7) & 0xff];  // the high half of a 32-bit word
  }
}

struct Estimate {
  double bf16_bits = 0;
  double fp16_bits = 0;
  double fp32_bits = 0;
};

Estimate estimate(ByteSpan content) {
  Estimate mean;
  const std::size_t region_bytes = std::min(kRegionBytes, content.size());
  for (std::size_t region = 0; region < kRegions; ++region) {
    const std::size_t region_at = (content.size() - region_bytes) / (kRegions - 1) * region;
    Histograms histograms;
    for (std::size_t run = 0; run < kRunsPerRegion; ++run) {
      const std::size_t run_at = (region_bytes - kRunBytes) / (kRunsPerRegion - 1) * run;
      count_run(content.data() + (region_at + run_at) / 4 * 4, histograms);  // on the content's words
    }
    mean.bf16_bits += entropy_bits(histograms.bf16) / kRegions;
    mean.fp16_bits += entropy_bits(histograms.fp16) / kRegions;
    mean.fp32_bits += entropy_bits(histograms.fp32) / kRegions;
  }
  return mean;
}

}  // namespace

WireTransform choose_wire_transform(ByteSpan original) {
  if (original.size() < kMinContentBytes) return WireTransform::kPlain;
  const Estimate bits = estimate(original);
  struct Candidate {
    WireTransform transform;
    double saved_share;
  };
  const std::array<Candidate, 3> candidates = {{{WireTransform::kBf16, (8 - bits.bf16_bits) / 16},
                                                {WireTransform::kFp16, (8 - bits.fp16_bits) / 16},
                                                {WireTransform::kFp32, (8 - bits.fp32_bits) / 32}}};
  const Candidate best = *std::ranges::max_element(candidates, {}, &Candidate::saved_share);
  return best.saved_share < kMinSavedShare ? WireTransform::kPlain : best.transform;
}

}  // namespace samcache

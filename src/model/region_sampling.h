// How boxes and points are read off a feature map: as weights per row and per column.
//
// Bilinear samples on an axis-parallel grid separate: what a region reads is rows x map x columns^T, two small matrix
// products, linear in the map. Here the weights are made; geometry_encoder.h multiplies.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace samcache {

struct SamplingWeights {
  std::vector<float> rows;     // [N, size, height]
  std::vector<float> columns;  // [N, size, width]
};

// RoIAlign to size x size bins, each the mean over as many samples as it has pixels (rounded up), `aligned` off: a
// box's edges are taken as they are, without a shift by half a pixel, and it is at least one pixel wide and high.
// boxes: x0, y0, x1, y1 in units of the map's sides. Source: torchvision's roi_align with sampling_ratio -1.
SamplingWeights roi_align_weights(std::span<const std::array<float, 4>> boxes, int height, int width, int size);

// One sample a point; outside of the map is zero. points: x, y in units of the map's sides, so that (0, 0) is the outer
// corner of the first pixel. Source: torch's grid_sample with align_corners off, zero padding.
SamplingWeights point_weights(std::span<const std::array<float, 2>> points, int height, int width);

}  // namespace samcache

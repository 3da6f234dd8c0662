// Reference values of the full-size model: kept as strided samples, described line by line in full_index.txt.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace samcache::golden {

// One line of the index: which elements of a whole tensor were kept.
struct Sample {
  std::vector<std::int64_t> full_shape;
  struct Stride {
    std::int64_t start = 0;
    std::int64_t step = 1;
  };
  std::vector<Stride> strides;  // one a dimension; empty: all of it
};

std::map<std::string, Sample> read_index(const std::string& path);

// The kept elements out of a whole tensor. Throws if it has not the sample's size.
std::vector<float> take(const Sample& sample, const std::vector<float>& whole);

}  // namespace samcache::golden

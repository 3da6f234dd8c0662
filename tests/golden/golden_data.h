// Reference values computed with the official code, and how results are held against them.
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "base/pixels.h"
#include "tensors/safetensors.h"

namespace samcache::golden {

std::string data_path(const std::string& name);  // below tests/data/

RgbImage read_picture(const std::string& name);  // below tests/data/golden/images/

// All numbers of a tensor as float, whatever it stores.
std::vector<float> as_floats(const Tensor& tensor);

class GoldenFile {
 public:
  explicit GoldenFile(const std::string& name);  // below tests/data/golden/

  bool has(const std::string& name) const { return file_.find(name) != nullptr; }
  // Fails the test and returns an empty tensor if it is not there. Marks the name as compared.
  const Tensor& tensor(const std::string& name);
  std::vector<float> floats(const std::string& name) { return as_floats(tensor(name)); }

  // Names starting with `prefix` that were never asked for.
  std::vector<std::string> unused(const std::string& prefix) const;

 private:
  SafetensorsFile file_;
  std::set<std::string> used_;
};

// Every |actual - expected| <= tolerance * max(1, max |expected|).
::testing::AssertionResult close(const std::vector<float>& actual, const std::vector<float>& expected,
                                 double tolerance);

// |actual - expected|_2 / |expected|_2
double relative_l2(const std::vector<float>& actual, const std::vector<float>& expected);

// Share of elements that differ.
double differing_share(const std::vector<std::uint8_t>& actual, const std::vector<std::uint8_t>& expected);

}  // namespace samcache::golden

#include "golden/strided_golden.h"

#include <cstdint>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace samcache::golden {
namespace {

// "[:, 1::8, 2::8]" without brackets and spaces, in parts.
std::vector<std::string> list_items(const std::string& text) {
  std::vector<std::string> items;
  std::stringstream inner(text.substr(1, text.size() - 2));
  for (std::string item; std::getline(inner, item, ',');) {
    item.erase(0, item.find_first_not_of(' '));
    items.push_back(item);
  }
  return items;
}

// "start::step", either part may be missing; ":" is everything.
Sample::Stride parse_stride(const std::string& text) {
  const std::size_t colon = text.find(':');
  Sample::Stride stride;
  if (colon > 0) stride.start = std::stoll(text.substr(0, colon));
  const std::size_t second = text.find(':', colon + 1);
  if (second != std::string::npos && second + 1 < text.size()) stride.step = std::stoll(text.substr(second + 1));
  return stride;
}

}  // namespace

std::map<std::string, Sample> read_index(const std::string& path) {
  std::map<std::string, Sample> index;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::stringstream columns(line);
    std::string name, dtype, stored_shape, full_shape, slice;
    for (std::string* column : {&name, &dtype, &stored_shape, &full_shape, &slice})
      std::getline(columns, *column, '\t');
    Sample& sample = index[name];
    for (const std::string& size : list_items(full_shape)) sample.full_shape.push_back(std::stoll(size));
    for (const std::string& item : list_items(slice)) sample.strides.push_back(parse_stride(item));
  }
  return index;
}

std::vector<float> take(const Sample& sample, const std::vector<float>& whole) {
  std::vector<std::size_t> offsets = {0};  // of the kept elements, dimension by dimension
  std::size_t size = 1;
  for (std::size_t d = 0; d < sample.full_shape.size(); ++d) {
    const auto length = static_cast<std::size_t>(sample.full_shape[d]);
    const Sample::Stride stride = d < sample.strides.size() ? sample.strides[d] : Sample::Stride{};
    std::vector<std::size_t> next;
    for (const std::size_t offset : offsets) {
      for (auto i = static_cast<std::size_t>(stride.start); i < length; i += static_cast<std::size_t>(stride.step)) {
        next.push_back(offset * length + i);
      }
    }
    offsets = std::move(next);
    size *= length;
  }
  if (whole.size() != size) throw std::runtime_error("a value has not the size the index states");
  std::vector<float> kept;
  kept.reserve(offsets.size());
  for (const std::size_t offset : offsets) kept.push_back(whole[offset]);
  return kept;
}

}  // namespace samcache::golden

// Running means of what training measures, by name.
#pragma once

#include <map>
#include <string>

namespace samcache::train {

class Measurements {
 public:
  void add(const std::string& name, double value) { add(name, value, 1); }
  void add(const Measurements& other) {
    for (const auto& [name, sum] : other.sums_) add(name, sum.total, sum.count);
  }
  // "box 0.123  click 0.456 …"
  std::string text() const;

 private:
  struct Sum {
    double total = 0;
    double count = 0;
  };
  void add(const std::string& name, double total, double count) {
    sums_[name].total += total;
    sums_[name].count += count;
  }
  std::map<std::string, Sum> sums_;
};

}  // namespace samcache::train

// One line on stderr that shows how far long work has come. Nothing at all when stderr is not a terminal.
#pragma once

#include <chrono>
#include <string>

namespace samcache {

class ProgressBar {
 public:
  ProgressBar();
  explicit ProgressBar(bool visible) : visible_(visible) {}
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar() { clear(); }

  // `fraction` of all the work, 0..1; `label` says what is being done. Draws at most every 50 ms.
  void show(double fraction, const std::string& label);

  // Takes the line away, so that something else can be printed.
  void clear();

 private:
  bool visible_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point last_drawn_ = {};
};

// "[######----------]  37 % 0:08 left  label" in at most `columns` characters.
std::string progress_line(double fraction, double elapsed_s, const std::string& label, std::size_t columns);

}  // namespace samcache

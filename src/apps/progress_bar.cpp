#include "apps/progress_bar.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace samcache {
namespace {

constexpr std::size_t kBarCells = 24;
constexpr auto kRedrawInterval = std::chrono::milliseconds(50);

std::size_t terminal_columns() {
  winsize size = {};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string minutes_and_seconds(double seconds) {
  const long whole = std::lround(std::clamp(seconds, 0.0, 359999.0));
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%ld:%02ld", whole / 60, whole % 60);
  return text.data();
}

}  // namespace

std::string progress_line(double fraction, double elapsed_s, const std::string& label, std::size_t columns) {
  const double done = std::clamp(fraction, 0.0, 1.0);
  const auto full = static_cast<std::size_t>(done * kBarCells);
  std::array<char, 16> percent{};
  std::snprintf(percent.data(), percent.size(), "] %3.0f %%", done * 100);
  std::string line = "[" + std::string(full, '#') + std::string(kBarCells - full, '-') + percent.data();
  if (done > 0) line += " " + minutes_and_seconds(elapsed_s * (1 - done) / done) + " left";
  line += "  " + label;
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  if (line.size() > columns) line.resize(columns);
  return line;
}

ProgressBar::ProgressBar() : ProgressBar(isatty(STDERR_FILENO) == 1) {}

void ProgressBar::show(double fraction, const std::string& label) {
  const auto now = std::chrono::steady_clock::now();
  if (!visible_ || (drawn_ && now - last_drawn_ < kRedrawInterval)) return;
  const double elapsed_s = std::chrono::duration<double>(now - started_).count();
  // One column stays free: a full line would wrap on some terminals.
  std::fprintf(stderr, "\r\x1b[K%s", progress_line(fraction, elapsed_s, label, terminal_columns() - 1).c_str());
  std::fflush(stderr);
  drawn_ = true;
  last_drawn_ = now;
}

void ProgressBar::clear() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace samcache

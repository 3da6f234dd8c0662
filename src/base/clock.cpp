#include "base/clock.h"

#include <array>
#include <cstdio>
#include <optional>

namespace samcache {
namespace {

// Reads exactly `digits` decimal digits off the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// "Z" or "+hh:mm", to the end of the text.
bool is_offset(std::string_view text) {
  if (take(text, "Zz")) return text.empty();
  if (!take(text, "+-")) return false;
  const auto hour = take_number(text, 2);
  if (!hour || *hour > 23 || !take(text, ":")) return false;
  const auto minute = take_number(text, 2);
  return minute && *minute <= 59 && text.empty();
}

}  // namespace

std::string rfc3339(std::chrono::system_clock::time_point time) {
  namespace ch = std::chrono;
  const auto day = ch::floor<ch::days>(time);
  const ch::year_month_day date(day);
  const ch::hh_mm_ss clock(ch::floor<ch::seconds>(time - day));
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text.data();
}

std::string rfc3339_now() { return rfc3339(std::chrono::system_clock::now()); }

bool is_rfc3339(std::string_view text) {
  namespace ch = std::chrono;
  const auto year = take_number(text, 4);
  if (!year || !take(text, "-")) return false;
  const auto month = take_number(text, 2);
  if (!month || !take(text, "-")) return false;
  const auto day = take_number(text, 2);
  if (!day || !take(text, "Tt ")) return false;
  const ch::year_month_day date{ch::year(*year), ch::month(static_cast<unsigned>(*month)),
                                ch::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return false;

  const auto hour = take_number(text, 2);
  if (!hour || *hour > 23 || !take(text, ":")) return false;
  const auto minute = take_number(text, 2);
  if (!minute || *minute > 59 || !take(text, ":")) return false;
  const auto second = take_number(text, 2);
  if (!second || *second > 60) return false;  // 60: a leap second
  if (take(text, ".")) {
    if (!take_number(text, 1)) return false;
    while (take_number(text, 1)) {
    }
  }
  return is_offset(text);
}

}  // namespace samcache

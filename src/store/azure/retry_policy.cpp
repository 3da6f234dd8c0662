#include "store/azure/retry_policy.h"

#include <algorithm>
#include <charconv>

#include "store/azure/http_date.h"

namespace samcache {
namespace {

constexpr std::chrono::hours kLongestPause{24 * 365};

std::optional<std::chrono::milliseconds> number_of(const std::string& text, std::int64_t unit_ms) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || text.empty() || text.front() == '-') return std::nullopt;
  const std::int64_t most = std::chrono::milliseconds(kLongestPause).count() / unit_ms;
  if (error == std::errc::result_out_of_range) value = most;
  return std::chrono::milliseconds(std::min(value, most) * unit_ms);
}

}  // namespace

bool is_transient_status(int status) {
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

std::chrono::milliseconds backoff(const RetryOptions& options, int failures, std::minstd_rand& random) {
  std::int64_t delay_ms = options.base_delay.count();
  for (int i = 1; i < failures && delay_ms < options.max_delay.count(); ++i) delay_ms *= 2;
  delay_ms = std::min<std::int64_t>(delay_ms, options.max_delay.count());
  return std::chrono::milliseconds(std::uniform_int_distribution<std::int64_t>(delay_ms / 2, delay_ms)(random));
}

std::optional<std::chrono::milliseconds> retry_after(const HttpResponse& response,
                                                     std::chrono::system_clock::time_point now) {
  if (const std::string* text = response.find("x-ms-retry-after-ms")) return number_of(*text, 1);
  const std::string* text = response.find("retry-after");
  if (!text) return std::nullopt;
  if (const auto seconds = number_of(*text, 1000)) return seconds;
  const auto date = parse_http_date(*text);
  if (!date) return std::nullopt;
  // Rounded up: dates have whole seconds.
  const auto pause = std::chrono::ceil<std::chrono::milliseconds>(*date - now);
  return std::clamp(pause, std::chrono::milliseconds(0), std::chrono::milliseconds(kLongestPause));
}

}  // namespace samcache

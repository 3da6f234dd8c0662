#include "store/tiered/cost_estimate.h"

namespace samcache {
namespace {

constexpr double kNewWeight = 0.2;
constexpr std::size_t kMaxKinds = 64;  // names from outside must not grow the table

}  // namespace

std::string_view kind_of_object(std::string_view name) {
  const std::size_t part = name.rfind('/') + 1;  // npos + 1 is 0
  const std::size_t dot = name.find('.', part);
  return dot == std::string_view::npos ? std::string_view() : name.substr(dot);
}

void CostEstimate::add(std::string_view name, double seconds, Clock::time_point now) {
  const std::string kind(kind_of_object(name));
  const std::scoped_lock lock(mutex_);
  if (means_.size() >= kMaxKinds && !means_.contains(kind)) return;
  Mean& mean = means_[kind];
  const bool fresh = mean.updated != Clock::time_point() && now - mean.updated <= valid_for_;
  mean.seconds = fresh ? mean.seconds + kNewWeight * (seconds - mean.seconds) : seconds;
  mean.updated = now;
}

std::optional<double> CostEstimate::seconds(std::string_view name, Clock::time_point now) const {
  const std::scoped_lock lock(mutex_);
  const auto found = means_.find(std::string(kind_of_object(name)));
  if (found == means_.end() || now - found->second.updated > valid_for_) return std::nullopt;
  return found->second.seconds;
}

}  // namespace samcache

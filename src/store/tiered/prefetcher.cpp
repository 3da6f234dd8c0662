#include "store/tiered/prefetcher.h"

#include <algorithm>
#include <atomic>
#include <thread>

namespace samcache {
namespace {

constexpr std::size_t kMaxWaitingFetches = 1024;

}  // namespace

std::vector<std::string> window_around(std::span<const std::string> order, std::size_t current,
                                       const PrefetchOptions& options) {
  std::vector<std::string> window;
  for (std::size_t i = 0; i <= options.ahead && current + i < order.size(); ++i) window.push_back(order[current + i]);
  for (std::size_t i = 1; i <= options.behind && i <= current; ++i) window.push_back(order[current - i]);
  return window;
}

Prefetcher::Prefetcher(std::shared_ptr<TieredStore> store, PrefetchOptions options)
    : store_(std::move(store)), options_(options), pool_(options.threads, kMaxWaitingFetches) {}

Prefetcher::~Prefetcher() = default;

void Prefetcher::works_on(const std::string& who, const std::vector<std::string>& names) {
  std::vector<std::string> added;
  std::map<std::string, Pin> kept;
  for (const std::string& name : names) kept[name] = store_->pin(name);
  {
    const std::scoped_lock lock(mutex_);
    drop_idle();
    Window& window = windows_[who];
    for (const std::string& name : names) {
      if (!window.pins.contains(name)) added.push_back(name);
    }
    std::swap(window.pins, kept);
    window.moved = std::chrono::steady_clock::now();
  }
  for (const std::string& name : added) {
    // With a full queue the annotator waits for the object later, that is all.
    static_cast<void>(pool_.try_post([this, name] {
      if (!is_wanted(name)) return;
      static_cast<void>(store_->load(name, Deadline::after(options_.fetch_timeout)));
    }));
  }
}

void Prefetcher::left(const std::string& who) {
  Window gone;  // its pins are let go without the lock
  const std::scoped_lock lock(mutex_);
  const auto window = windows_.find(who);
  if (window == windows_.end()) return;
  gone = std::move(window->second);
  windows_.erase(window);
}

bool Prefetcher::is_wanted(const std::string& name) const {
  const std::scoped_lock lock(mutex_);
  return std::ranges::any_of(windows_, [&](const auto& window) { return window.second.pins.contains(name); });
}

void Prefetcher::drop_idle() {
  const auto oldest = std::chrono::steady_clock::now() - options_.idle;
  std::erase_if(windows_, [&](const auto& window) { return window.second.moved < oldest; });
}

std::size_t Prefetcher::pinned() const {
  const std::scoped_lock lock(mutex_);
  std::size_t count = 0;
  for (const auto& [who, window] : windows_) count += window.pins.size();
  return count;
}

WarmResult Prefetcher::warm(std::span<const std::string> names, Deadline deadline,
                            const std::function<bool(std::size_t done)>& progress) {
  std::atomic<std::size_t> next = 0, done = 0, there = 0, missing = 0;
  std::atomic<bool> stopped = false;
  const auto work = [&] {
    for (std::size_t i = next++; i < names.size() && !stopped && !deadline.passed(); i = next++) {
      const auto found = store_->load(names[i], deadline.within(options_.fetch_timeout));
      if (found) ++(*found ? there : missing);
      if (progress && !progress(++done)) stopped = true;
    }
  };
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < std::min(options_.threads, names.size()); ++i) threads.emplace_back(work);
  }
  return {.there = there, .missing = missing, .failed = names.size() - there - missing};
}

}  // namespace samcache

#include "annotation_day/replay.h"

#include <random>

#include "base/clock.h"
#include "store/memory/memory_store.h"

namespace samcache::annotation_day {
namespace {

constexpr std::size_t kObjectBytes = 16;  // stands for 10.1 MiB
constexpr std::uint64_t kRemoteBudgetBytes = std::uint64_t{1} << 40;

// The one remote store among two memory stores that can be told apart.
class RemoteStore : public MemoryStore {
 public:
  RemoteStore() : MemoryStore(kRemoteBudgetBytes) {}
  std::string kind() const override { return "remote"; }
};

class Replay {
 public:
  Replay(const ReplayOptions& options, const Strategy& strategy)
      : options_(options),
        strategy_(strategy),
        window_{.ahead = options.ahead, .behind = options.behind, .threads = 1},  // one: always in the same order
        fast_(std::make_shared<MemoryStore>(options.fast_objects * kObjectBytes)),
        people_(plan_day(options.day)) {
    TieredOptions tiers;
    tiers.tiers = {{.store = fast_, .copy_at_once = true}, {.store = std::make_shared<RemoteStore>()}};
    store_ = TieredStore::open(std::move(tiers)).value();
    if (strategy.prefetch) prefetcher_ = std::make_unique<Prefetcher>(store_, window_);
  }

  Result<ReplayResult> run() {
    const Stopwatch stopwatch;
    for (const std::string& image : images_of_day(options_.day)) {
      if (Status saved = save(image, Admission::kPersistentOnly); !saved) return saved.error();
    }
    if (Status done = go_through_day(); !done) return done.error();
    result_.remote_reads = store_->stats().tiers.back().hits;
    result_.evictions = fast_->usage().evictions;
    result_.seconds = stopwatch.elapsed_ms() / 1000;
    return result_;
  }

 private:
  Status save(const std::string& name, Admission admission) {
    const Result<bool> saved = store_->save(name, object_, SaveMode::kKeep, admission, Deadline::never());
    return saved ? Status{} : Status(saved.error());
  }

  // Whoever is quicker is ahead: the next one to open an image is drawn.
  Status go_through_day() {
    std::mt19937_64 random(options_.day.seed);
    std::vector<std::size_t> working, next(people_.size(), 0);
    for (std::size_t person = 0; person < people_.size(); ++person) working.push_back(person);
    while (!working.empty()) {
      const std::size_t drawn = static_cast<std::size_t>(random() % working.size());
      const std::size_t person = working[drawn];
      if (Status opened = open(person, people_[person].openings[next[person]++]); !opened) return opened;
      if (next[person] == people_[person].openings.size()) working.erase(working.begin() + static_cast<long>(drawn));
      if (Status encoded = encode_in_background(); !encoded) return encoded;
    }
    return {};
  }

  Status open(std::size_t person, const Opening& opening) {
    const WorkList& list = people_[person].lists[opening.list];
    const std::string& name = list[opening.index];
    const auto found = store_->fetch(name, {});
    if (!found) return found.error();
    if (!*found) return Error{ErrorCode::kNotFound, "no such image: " + name};
    ++result_.openings;
    if ((*found)->source != "remote") ++result_.served_fast;
    if (prefetcher_) {
      prefetcher_->works_on(std::to_string(person), window_around(list, opening.index, window_));
      prefetcher_->drain(Deadline::never());
    }
    return {};
  }

  Status encode_in_background() {
    for (owed_encodes_ += options_.encodes_per_opening; owed_encodes_ >= 1; owed_encodes_ -= 1) {
      const std::string name = "other-days/" + std::to_string(result_.encodes++) + ".trunk";
      if (Status saved = save(name, strategy_.background); !saved) return saved;
    }
    return {};
  }

  const ReplayOptions options_;
  const Strategy strategy_;
  const PrefetchOptions window_;
  const SharedBytes object_{std::vector<std::byte>(kObjectBytes)};
  const std::shared_ptr<MemoryStore> fast_;
  const std::vector<Person> people_;
  std::shared_ptr<TieredStore> store_;
  std::unique_ptr<Prefetcher> prefetcher_;
  ReplayResult result_;
  double owed_encodes_ = 0;
};

}  // namespace

std::vector<Strategy> all_strategies() {
  return {{"prefetch, background work bypasses memory", true, Admission::kPersistentOnly},
          {"prefetch, background work is admitted", true, Admission::kEverywhere},
          {"LRU alone, background work bypasses memory", false, Admission::kPersistentOnly},
          {"LRU alone, background work is admitted", false, Admission::kEverywhere}};
}

Result<ReplayResult> replay_day(const ReplayOptions& options, const Strategy& strategy) {
  return Replay(options, strategy).run();
}

}  // namespace samcache::annotation_day

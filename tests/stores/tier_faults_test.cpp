// Three tiers that flip, cut, lose, refuse, hang and run full: no wrong byte reaches a caller, no call outlasts its
// deadline, and when a storm is over everything works again without a restart.
#include <gtest/gtest.h>
#include <stdlib.h>  // mkdtemp

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "base/clock.h"
#include "base/hashing.h"
#include "store/memory/memory_store.h"
#include "store/testing/fault_store.h"
#include "store/tiered/tiered_store.h"
#include "store/verified_store.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::uint64_t kDamages = 120'000;
constexpr std::size_t kTiers = 3;
constexpr std::size_t kPersistent = kTiers - 1;
constexpr double kSlackMs = 5000;  // of a machine that others use too; a hung call takes a tier's timeout, a minute
constexpr milliseconds kHungTimeout{60'000};

Deadline soon() { return Deadline::after(std::chrono::seconds(30)); }

// What an object of this name is: 200 to 1200 bytes that follow from the name.
SharedBytes content_of(const std::string& name) {
  std::mt19937_64 random(std::stoull(xxh3_hex64(bytes_of(name)), nullptr, 16));
  std::vector<std::byte> bytes(200 + random() % 1000);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() & 0xFF);
  return SharedBytes(std::move(bytes));
}

Status check_content(const std::string& name, const SharedBytes& bytes) {
  if (std::ranges::equal(bytes.span(), content_of(name).span())) return {};
  return Error{ErrorCode::kCorrupt, name + ": not its bytes"};
}

std::string name_of(std::size_t object) { return "objects/" + std::to_string(object) + ".trunk"; }

struct Totals {
  std::atomic<std::uint64_t> calls = 0, right = 0, misses = 0, errors = 0, wrong = 0;
  std::atomic<double> longest_overrun_ms = 0;

  void found(const std::string& name, const Result<std::optional<TieredStore::Fetched>>& fetched) {
    if (!fetched) {
      ++errors;
    } else if (!*fetched) {
      ++misses;
    } else {
      ++(check_content(name, (*fetched)->bytes) ? right : wrong);
    }
  }

  // Runs `call` with a deadline, and sees how far past it the call ends.
  template <class Call>
  void timed(milliseconds allowed, const Call& call) {
    ++calls;
    const Stopwatch stopwatch;
    call(Deadline::after(allowed));
    const double overrun_ms = stopwatch.elapsed_ms() - static_cast<double>(allowed.count());
    double longest = longest_overrun_ms;
    while (overrun_ms > longest && !longest_overrun_ms.compare_exchange_weak(longest, overrun_ms)) continue;
  }

  void print(const char* what) const {
    std::printf("%s: %llu calls; %llu objects, %llu wrong; %llu misses, %llu errors; at most %.0f ms past a deadline\n",
                what, static_cast<unsigned long long>(calls), static_cast<unsigned long long>(right),
                static_cast<unsigned long long>(wrong), static_cast<unsigned long long>(misses),
                static_cast<unsigned long long>(errors), std::max(0.0, longest_overrun_ms.load()));
  }
};

class TierFaultsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/tier-faults-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    constexpr std::uint64_t kBudgets[kTiers] = {8'000, 40'000, 64 << 20};  // so that the slower tiers are needed
    for (std::size_t tier = 0; tier < kTiers; ++tier) {
      stores_.push_back(std::make_shared<MemoryStore>(kBudgets[tier]));
      faults_.push_back(std::make_shared<FaultStore>(stores_.back(), 100 + tier));
      verified_.push_back(std::make_shared<VerifiedStore>(faults_.back(), check_content));
    }
  }
  void TearDown() override {
    end_storm();
    store_.reset();
    fs::remove_all(folder_);
  }

  void open(milliseconds tier_timeout, bool write_back = false) {
    TieredOptions options;
    for (const auto& verified : verified_) {
      options.tiers.push_back({.store = verified, .timeout = tier_timeout, .copy_at_once = options.tiers.empty()});
    }
    options.write_back = write_back;
    options.staging_tier = 1;
    options.pending_folder = folder_;
    options.health = {.first_rest = milliseconds(20), .longest_rest = milliseconds(200)};
    store_ = TieredStore::open(std::move(options)).value();
  }
  void end_storm() {
    for (const auto& faults : faults_) {
      faults->heal();
      faults->release_hung();
    }
  }
  std::uint64_t damages(std::size_t tier) const {
    return faults_[tier]->injected(Fault::kFlip) + faults_[tier]->injected(Fault::kCut);
  }
  std::uint64_t all_damages() const { return damages(0) + damages(1) + damages(2); }
  std::uint64_t injected(Fault fault) const {
    return faults_[0]->injected(fault) + faults_[1]->injected(fault) + faults_[2]->injected(fault);
  }

  Result<std::optional<TieredStore::Fetched>> fetch(const std::string& name, Deadline deadline, bool can_make = true) {
    TieredStore::Maker make;
    if (can_make) make = [name] { return Result<SharedBytes>(content_of(name)); };
    return store_->fetch(name, {.deadline = deadline, .make = make});
  }
  Result<bool> save(const std::string& name, Deadline deadline) {
    return store_->save(name, content_of(name), SaveMode::kKeep, deadline);
  }
  // Nothing fails any more: an object is there or is made anew, and from then on it is there.
  void expect_all_is_well(std::size_t objects) {
    std::this_thread::sleep_for(milliseconds(400));  // the longest rest
    ASSERT_TRUE(store_->flush(soon()));
    for (std::size_t tier = 0; tier < kPersistent; ++tier) {  // a copy may be all that is left of a damaged object
      for (std::size_t i = 0; i < objects; ++i) ASSERT_TRUE(stores_[tier]->remove(name_of(i), soon()));
    }
    for (std::size_t i = 0; i < objects; ++i) {
      auto found = fetch(name_of(i), soon(), false);  // which finds what is damaged at rest
      ASSERT_TRUE(found) << found.error().message;
      if (!*found) found = fetch(name_of(i), soon());
      ASSERT_TRUE(found && *found) << name_of(i);
    }
    ASSERT_TRUE(store_->flush(soon()));
    for (std::size_t i = 0; i < objects; ++i) {
      const auto found = fetch(name_of(i), soon(), false);
      ASSERT_TRUE(found && *found) << name_of(i);
      EXPECT_TRUE(check_content(name_of(i), (*found)->bytes));
    }
    for (const TierStats& tier : store_->stats().tiers) EXPECT_FALSE(tier.resting) << tier.kind;
  }

  fs::path folder_;
  std::vector<std::shared_ptr<MemoryStore>> stores_;
  std::vector<std::shared_ptr<FaultStore>> faults_;
  std::vector<std::shared_ptr<VerifiedStore>> verified_;
  std::shared_ptr<TieredStore> store_;
};

TEST_F(TierFaultsTest, NoDamageInAnyTierReachesACaller) {
  open(kHungTimeout);
  for (const auto& faults : faults_) {
    faults->set_probability(Operation::kLoad, Fault::kFlip, 0.5);
    faults->set_probability(Operation::kLoad, Fault::kCut, 0.2);
    faults->set_probability(Operation::kSave, Fault::kFlip, 0.1);
    faults->set_probability(Operation::kSave, Fault::kCut, 0.1);
    faults->set_probability(Operation::kSave, Fault::kPartialWrite, 0.05);
  }
  Totals totals;
  std::vector<std::jthread> callers;
  for (unsigned seed = 0; seed < 4; ++seed) {
    callers.emplace_back([&, seed] {
      std::mt19937 random(seed);
      while (all_damages() < kDamages) {
        const std::string name = name_of(random() % 100);
        const bool can_make = random() % 2 == 0;
        totals.timed(milliseconds(500),
                     [&](Deadline deadline) { totals.found(name, fetch(name, deadline, can_make)); });
      }
    });
  }
  callers.clear();
  totals.print("damaged bytes");
  std::printf("  flipped or cut: %llu in memory, %llu on disk, %llu remotely; %llu saved in part\n",
              static_cast<unsigned long long>(damages(0)), static_cast<unsigned long long>(damages(1)),
              static_cast<unsigned long long>(damages(2)),
              static_cast<unsigned long long>(injected(Fault::kPartialWrite)));
  EXPECT_EQ(totals.wrong, 0U);
  EXPECT_GT(totals.right, kDamages / 10);
  for (std::size_t tier = 0; tier < kTiers; ++tier) EXPECT_GT(damages(tier), kDamages / 100) << tier;
  EXPECT_LT(totals.longest_overrun_ms, kSlackMs);
  end_storm();
  expect_all_is_well(100);
}

TEST_F(TierFaultsTest, NoCallOutlastsItsDeadlineWhenEveryTierHangs) {
  open(kHungTimeout);
  for (const auto& faults : faults_) {
    for (std::size_t operation = 0; operation < kOperationCount; ++operation) {
      faults->set_probability(static_cast<Operation>(operation), Fault::kHang, 1.0);
    }
  }
  Totals totals;
  std::vector<std::jthread> callers;
  for (std::size_t caller = 0; caller < 8; ++caller) {
    callers.emplace_back([&, caller] {
      const std::string name = name_of(caller / 2);  // two want the same
      const auto timed = [&](const auto& call) { totals.timed(milliseconds(50), call); };
      for (int i = 0; i < 3; ++i) {
        timed([&](Deadline deadline) { totals.found(name, fetch(name, deadline, i > 0)); });
        timed([&](Deadline deadline) { static_cast<void>(save(name, deadline)); });
        timed([&](Deadline deadline) { static_cast<void>(store_->stat(name, deadline)); });
        timed([&](Deadline deadline) { static_cast<void>(store_->remove(name, deadline)); });
        timed([&](Deadline deadline) { static_cast<void>(store_->list("", deadline)); });
        timed([&](Deadline deadline) { static_cast<void>(store_->quarantine(name, deadline)); });
        timed([&](Deadline deadline) { static_cast<void>(store_->flush(deadline)); });
      }
    });
  }
  callers.clear();
  totals.print("every tier hangs");
  EXPECT_GT(injected(Fault::kHang), 50U);
  EXPECT_LT(totals.longest_overrun_ms, kSlackMs);
  end_storm();
  expect_all_is_well(4);
}

TEST_F(TierFaultsTest, WhenAStormIsOverEverythingWorksWithoutARestart) {
  open(milliseconds(50));
  for (const auto& faults : faults_) {
    for (const Operation operation : {Operation::kStat, Operation::kLoad, Operation::kSave, Operation::kRemove}) {
      faults->set_probability(operation, Fault::kIo, 0.1);
      faults->set_probability(operation, Fault::kUnavailable, 0.1);
      faults->set_probability(operation, Fault::kOutOfSpace, 0.1);
      faults->set_probability(operation, Fault::kDelay, 0.1);
      faults->set_probability(operation, Fault::kHang, 0.02);
      faults->set_probability(operation, Fault::kLostAnswer, 0.1);
    }
    faults->set_probability(Operation::kSave, Fault::kPartialWrite, 0.1);
    faults->set_probability(Operation::kLoad, Fault::kFlip, 0.1);
    faults->set_probability(Operation::kLoad, Fault::kMiss, 0.1);
  }
  Totals totals;
  const Deadline end = Deadline::after(milliseconds(3000));
  std::vector<std::jthread> callers;
  for (unsigned seed = 0; seed < 8; ++seed) {
    callers.emplace_back([&, seed] {
      std::mt19937 random(seed);
      while (!end.passed()) {
        const std::string name = name_of(random() % 100);
        const unsigned what = random() % 10;
        totals.timed(milliseconds(10 + random() % 100), [&](Deadline deadline) {
          if (what < 5) totals.found(name, fetch(name, deadline, what < 3));
          if (what == 5 || what == 6) static_cast<void>(save(name, deadline));
          if (what == 7) static_cast<void>(store_->stat(name, deadline));
          if (what == 8) static_cast<void>(store_->remove(name, deadline));
          if (what == 9) static_cast<void>(store_->list("", deadline));
        });
      }
    });
  }
  callers.clear();
  totals.print("storm");
  EXPECT_EQ(totals.wrong, 0U);
  EXPECT_GT(totals.right, 100U);
  EXPECT_LT(totals.longest_overrun_ms, kSlackMs);
  end_storm();
  expect_all_is_well(100);
}

TEST_F(TierFaultsTest, CachesThatAreFullCostNobodyAnything) {
  open(kHungTimeout);
  for (std::size_t tier = 0; tier < kPersistent; ++tier) {
    faults_[tier]->set_probability(Operation::kSave, Fault::kOutOfSpace, 1.0);
  }
  for (std::size_t i = 0; i < 20; ++i) {
    ASSERT_TRUE(save(name_of(i), soon()).value());
    const auto found = fetch(name_of(i), soon(), false);
    ASSERT_TRUE(found && *found);
  }
  ASSERT_TRUE(store_->flush(soon()));
  EXPECT_GE(injected(Fault::kOutOfSpace), 20U);
  for (const TierStats& tier : store_->stats().tiers) {
    EXPECT_FALSE(tier.resting) << tier.kind;
    EXPECT_EQ(tier.errors, 0U) << tier.kind;
  }
  faults_[kPersistent]->fail_next(Operation::kSave, Fault::kOutOfSpace);
  EXPECT_EQ(save("more", soon()).error().code, ErrorCode::kOutOfSpace);
  EXPECT_TRUE(save("more", soon()).value());
}

// Write-back: what was acknowledged is in the persistent store when the storm is over, whatever the store did
// meanwhile.
TEST_F(TierFaultsTest, WhatWasAcknowledgedArrivesAfterTheStorm) {
  stores_[1] = std::make_shared<MemoryStore>(64 << 20);  // a staging store has room for what must be kept
  faults_[1] = std::make_shared<FaultStore>(stores_[1], 7);
  verified_[1] = std::make_shared<VerifiedStore>(faults_[1], check_content);
  open(milliseconds(50), true);
  for (const Operation operation : {Operation::kLoad, Operation::kSave, Operation::kStat}) {
    for (const Fault fault : {Fault::kIo, Fault::kUnavailable, Fault::kOutOfSpace, Fault::kLostAnswer}) {
      faults_[kPersistent]->set_probability(operation, fault, 0.15);
      faults_[1]->set_probability(operation, fault, 0.05);
    }
    faults_[kPersistent]->set_probability(operation, Fault::kHang, 0.1);
  }
  faults_[1]->set_probability(Operation::kLoad, Fault::kMiss, 0.2);
  std::mutex mutex;
  std::set<std::string> acknowledged;
  Totals totals;
  std::vector<std::jthread> callers;
  for (std::size_t caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&, caller] {
      for (std::size_t i = caller; i < 200; i += 4) {
        const std::string name = name_of(i);
        totals.timed(milliseconds(2000), [&](Deadline deadline) {
          if (!save(name, deadline)) return;
          const std::scoped_lock lock(mutex);
          acknowledged.insert(name);
        });
        totals.timed(milliseconds(100), [&](Deadline deadline) { totals.found(name, fetch(name, deadline, false)); });
      }
    });
  }
  callers.clear();
  totals.print("write-back in a storm");
  std::printf("  acknowledged: %zu\n", acknowledged.size());
  EXPECT_GT(acknowledged.size(), 100U);
  EXPECT_EQ(totals.wrong, 0U);
  EXPECT_LT(totals.longest_overrun_ms, kSlackMs);
  end_storm();
  ASSERT_TRUE(store_->flush(soon()));
  for (const std::string& name : acknowledged) {
    const auto arrived = stores_[kPersistent]->load(name, soon());
    ASSERT_TRUE(*arrived) << name;
    EXPECT_TRUE(check_content(name, **arrived)) << name;
  }
  EXPECT_EQ(stores_[1]->usage().pinned_bytes, 0U);
  EXPECT_TRUE(fs::is_empty(folder_));
}

}  // namespace
}  // namespace samcache

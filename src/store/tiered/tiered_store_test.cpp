#include "store/tiered/tiered_store.h"

#include <gtest/gtest.h>
#include <stdlib.h>  // mkdtemp

#include <algorithm>
#include <filesystem>
#include <thread>

#include "store/memory/memory_store.h"
#include "store/testing/store_contract.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

// A store in memory that counts what it is asked, can be slow, and can be out of order.
class ProbeStore : public MemoryStore {
 public:
  explicit ProbeStore(std::string kind, std::uint64_t budget_bytes = 256 << 20)
      : MemoryStore(budget_bytes), kind_(std::move(kind)) {}

  std::string kind() const override { return kind_; }
  Result<std::optional<SharedBytes>> load(const std::string& name, Deadline deadline) override {
    ++loads;
    if (!wait(delay_ms, deadline)) return deadline_error("load " + name);
    if (down) return Error{ErrorCode::kUnavailable, kind_ + " is down"};
    if (false_misses > 0 && false_misses-- > 0) return std::optional<SharedBytes>();
    auto loaded = MemoryStore::load(name, deadline);
    ++looked_up;
    while (answers_held && !deadline.passed()) std::this_thread::yield();
    return loaded;
  }
  Result<std::optional<ObjectInfo>> stat(const std::string& name, Deadline deadline) override {
    if (down) return Error{ErrorCode::kUnavailable, kind_ + " is down"};
    return MemoryStore::stat(name, deadline);
  }
  Result<bool> save(const std::string& name, const SharedBytes& bytes, SaveMode mode, Deadline deadline) override {
    ++saves;
    while (saves_held && !deadline.passed()) std::this_thread::yield();
    if (!wait(delay_ms, deadline) || !wait(save_delay_ms, deadline)) return deadline_error("save " + name);
    if (down) return Error{ErrorCode::kUnavailable, kind_ + " is down"};
    return MemoryStore::save(name, bytes, mode, deadline);
  }
  Result<bool> remove(const std::string& name, Deadline deadline) override {
    if (failing_removes > 0 && failing_removes-- > 0) return Error{ErrorCode::kUnavailable, kind_ + " is busy"};
    return MemoryStore::remove(name, deadline);
  }
  Result<std::vector<ObjectInfo>> list(const std::string& prefix, Deadline deadline) override {
    if (down) return Error{ErrorCode::kUnavailable, kind_ + " is down"};
    return MemoryStore::list(prefix, deadline);
  }

  bool has(const std::string& name) { return MemoryStore::stat(name, Deadline::never()).value().has_value(); }

  std::atomic<int> loads = 0, looked_up = 0, saves = 0;
  std::atomic<bool> down = false;
  std::atomic<int> delay_ms = 0, save_delay_ms = 0;            // before anything is done
  std::atomic<bool> answers_held = false, saves_held = false;  // loads wait after, saves before it is done
  std::atomic<int> false_misses = 0, failing_removes = 0;      // of the next calls

 private:
  static bool wait(int milliseconds_wanted, Deadline deadline) {
    const milliseconds wanted(milliseconds_wanted);
    std::this_thread::sleep_for(std::min(wanted, deadline.remaining()));
    return wanted <= milliseconds(0) || !deadline.passed();
  }
  const std::string kind_;
};

// Three tiers: memory, disk, remote, the last being the persistent one.
class TieredStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/tiered-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    open({});
  }
  void TearDown() override {
    store_.reset();
    fs::remove_all(folder_);
  }

  void open(TieredOptions options) {
    options.tiers = {{.store = memory_, .timeout = tier_timeout_, .copy_at_once = true},
                     {.store = disk_, .timeout = tier_timeout_},
                     {.store = remote_, .timeout = tier_timeout_}};
    if (options.write_back) {
      options.staging_tier = 1;
      options.pending_folder = folder_;
    }
    auto store = TieredStore::open(std::move(options));
    ASSERT_TRUE(store) << store.error().message;
    store_ = *store;
  }
  void flush() { ASSERT_TRUE(store_->flush(soon())); }
  void put(ObjectStore& store, const std::string& name, const SharedBytes& bytes) {
    ASSERT_TRUE(store.save(name, bytes, SaveMode::kReplace, soon()).value());
  }
  std::string source_of(const std::string& name) {
    const auto found = store_->fetch(name, {.deadline = soon()});
    return found && *found ? (*found)->source : found ? "miss" : "error";
  }

  fs::path folder_;
  milliseconds tier_timeout_{5000};
  std::shared_ptr<ProbeStore> memory_ = std::make_shared<ProbeStore>("memory");
  std::shared_ptr<ProbeStore> disk_ = std::make_shared<ProbeStore>("disk");
  std::shared_ptr<ProbeStore> remote_ = std::make_shared<ProbeStore>("azure");
  std::shared_ptr<TieredStore> store_;
  const SharedBytes bytes_ = random_bytes(5000, 1);
  const Deadline early_deadline_ = Deadline::after(milliseconds(3000));  // for what should have happened long before
};

std::shared_ptr<ObjectStore> three_tiers() {
  TieredOptions options;
  options.tiers = {{.store = std::make_shared<MemoryStore>(4 << 20), .copy_at_once = true},
                   {.store = std::make_shared<MemoryStore>(256 << 20)},
                   {.store = std::make_shared<MemoryStore>(256 << 20)}};
  return TieredStore::open(std::move(options)).value();
}

std::shared_ptr<ObjectStore> one_tier() {
  TieredOptions options;
  options.tiers = {{.store = std::make_shared<MemoryStore>(256 << 20), .copy_at_once = true}};
  return TieredStore::open(std::move(options)).value();
}

std::shared_ptr<ObjectStore> writing_back() {
  struct Owner {
    ~Owner() {
      store.reset();
      fs::remove_all(folder);
    }
    std::shared_ptr<TieredStore> store;
    fs::path folder;
  };
  std::string folder = testing::TempDir() + "/tiered-XXXXXX";
  check(mkdtemp(folder.data()) != nullptr, "no temporary folder");
  TieredOptions options;
  options.tiers = {{.store = std::make_shared<MemoryStore>(256 << 20)},
                   {.store = std::make_shared<MemoryStore>(256 << 20)}};
  options.write_back = true;
  options.pending_folder = folder;
  auto owner = std::make_shared<Owner>();
  owner->folder = folder;
  owner->store = TieredStore::open(std::move(options)).value();
  return {owner, owner->store.get()};
}

INSTANTIATE_TEST_SUITE_P(Tiered, StoreContractTest,
                         testing::Values(StoreMaker{"three_tiers", three_tiers}, StoreMaker{"one_tier", one_tier},
                                         StoreMaker{"write_back", writing_back}));

TEST_F(TieredStoreTest, RefusesToBeMadeOfNothing) {
  EXPECT_EQ(TieredStore::open({}).error().code, ErrorCode::kInvalidArgument);
  TieredOptions options;
  options.tiers = {{.store = memory_}};
  options.write_back = true;
  EXPECT_EQ(TieredStore::open(options).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(TieredStoreTest, WhatASlowTierHadIsCopiedToTheFasterOnes) {
  put(*remote_, "x", bytes_);
  EXPECT_EQ(source_of("x"), "azure");
  EXPECT_TRUE(memory_->has("x"));  // at once
  flush();
  EXPECT_TRUE(disk_->has("x"));  // behind
  EXPECT_EQ(source_of("x"), "memory");
  ASSERT_TRUE(memory_->remove("x", soon()));
  EXPECT_EQ(source_of("x"), "disk");
  EXPECT_EQ(remote_->loads, 1);
  const TieredStats stats = store_->stats();
  EXPECT_EQ(stats.tiers[0].hits, 1U);
  EXPECT_EQ(stats.tiers[1].hits, 1U);
  EXPECT_EQ(stats.tiers[2].hits, 1U);
  EXPECT_EQ(stats.tiers[2].read_bytes, bytes_.size());
}

TEST_F(TieredStoreTest, ASaveIsInThePersistentTierWhenItReturns) {
  ASSERT_TRUE(store_->save("x", bytes_, SaveMode::kKeep, soon()).value());
  EXPECT_TRUE(remote_->has("x"));
  EXPECT_TRUE(memory_->has("x"));
  flush();
  EXPECT_TRUE(disk_->has("x"));
}

TEST_F(TieredStoreTest, WhatBackgroundWorkSavesGoesPastTheFastTiers) {
  ASSERT_TRUE(store_->save("x", bytes_, SaveMode::kKeep, Admission::kPersistentOnly, soon()).value());
  flush();
  EXPECT_TRUE(remote_->has("x"));
  EXPECT_FALSE(memory_->has("x"));
  EXPECT_FALSE(disk_->has("x"));
}

TEST_F(TieredStoreTest, AReplacementLeavesNoOldCopyAnywhere) {
  ASSERT_TRUE(store_->save("x", bytes_, SaveMode::kKeep, soon()).value());
  flush();
  const SharedBytes newer = random_bytes(6000, 2);
  ASSERT_TRUE(store_->save("x", newer, SaveMode::kReplace, Admission::kPersistentOnly, soon()).value());
  flush();
  EXPECT_FALSE(memory_->has("x"));
  EXPECT_FALSE(disk_->has("x"));
  EXPECT_EQ(store_->load("x", soon()).value()->size(), newer.size());
}

TEST_F(TieredStoreTest, ACopyOnItsWayDoesNotOutliveARemoval) {
  put(*remote_, "x", bytes_);
  for (int i = 0; i < 50; ++i) {
    put(*remote_, "x", bytes_);
    std::jthread reader([&] { static_cast<void>(store_->load("x", soon())); });
    ASSERT_TRUE(store_->remove("x", soon()));
    reader.join();
    flush();
    ASSERT_FALSE(memory_->has("x")) << i;
    ASSERT_FALSE(disk_->has("x")) << i;
  }
}

TEST_F(TieredStoreTest, ReplacementsAtOnceLeaveTheSameBytesInEveryTier) {
  for (int round = 0; round < 20; ++round) {
    std::vector<std::jthread> writers;
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      writers.emplace_back([&, seed] {
        for (std::uint64_t i = 0; i < 10; ++i) {
          static_cast<void>(store_->save("x", random_bytes(100, 10 * seed + i), SaveMode::kReplace, soon()));
        }
      });
    }
    writers.clear();
    flush();
    const auto kept = remote_->load("x", soon());
    for (const auto& copies : {memory_, disk_}) {
      const auto copy = copies->load("x", soon());
      ASSERT_TRUE(!*copy || std::ranges::equal((*copy)->span(), (*kept)->span())) << copies->kind() << round;
    }
  }
}

TEST_F(TieredStoreTest, WhoReadsAfterASaveDoesNotGetWhatWasReadBefore) {
  remote_->answers_held = true;
  std::jthread early([&] { EXPECT_FALSE(store_->load("x", soon()).value()); });
  while (remote_->looked_up < 1) std::this_thread::yield();
  ASSERT_TRUE(store_->save("x", bytes_, SaveMode::kKeep, Admission::kPersistentOnly, soon()).value());
  std::jthread late([&] { EXPECT_TRUE(store_->load("x", soon()).value()); });
  while (remote_->looked_up < 2 && !early_deadline_.passed()) std::this_thread::yield();
  EXPECT_EQ(remote_->looked_up, 2);
  remote_->answers_held = false;
}

TEST_F(TieredStoreTest, AThousandReadersOfAColdObjectMakeOneDownload) {
  put(*remote_, "x", bytes_);
  remote_->delay_ms = 300;
  std::atomic<int> right = 0;
  std::vector<std::jthread> readers;
  for (int i = 0; i < 1000; ++i) {
    readers.emplace_back([&] {
      const auto found = store_->load("x", soon());
      if (found && *found && (*found)->size() == bytes_.size()) ++right;
    });
  }
  readers.clear();
  EXPECT_EQ(right, 1000);
  EXPECT_EQ(remote_->loads, 1);
}

TEST_F(TieredStoreTest, AThousandWhoWantWhatIsNowhereMakeItOnce) {
  std::atomic<int> made = 0, right = 0;
  const auto make = [&]() -> Result<SharedBytes> {
    ++made;
    std::this_thread::sleep_for(milliseconds(200));
    return bytes_;
  };
  std::vector<std::jthread> callers;
  for (int i = 0; i < 1000; ++i) {
    callers.emplace_back([&] {
      const auto found = store_->fetch("x", {.deadline = soon(), .make = make});
      if (found && *found && (*found)->bytes.size() == bytes_.size()) ++right;
    });
  }
  callers.clear();
  EXPECT_EQ(right, 1000);
  EXPECT_EQ(made, 1);
  flush();
  EXPECT_TRUE(remote_->has("x"));  // and kept
}

TEST_F(TieredStoreTest, WhoCanMakeItDoesSoAfterOneWhoCannotHasMissed) {
  remote_->delay_ms = 50;
  std::jthread looker([&] { EXPECT_FALSE(store_->load("x", soon()).value()); });
  std::this_thread::sleep_for(milliseconds(10));
  const auto found = store_->fetch("x", {.deadline = soon(), .make = [&] { return Result<SharedBytes>(bytes_); }});
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->source, "made");
}

TEST_F(TieredStoreTest, WhoCanMakeItDoesSoAfterOneWhoCannotHasFailed) {
  remote_->down = true;
  remote_->delay_ms = 200;
  std::jthread looker([&] { EXPECT_FALSE(store_->load("x", soon())); });
  while (remote_->loads < 1) std::this_thread::yield();
  const auto found = store_->fetch("x", {.deadline = soon(), .make = [&] { return Result<SharedBytes>(bytes_); }});
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->source, "made");
}

TEST_F(TieredStoreTest, ALeaderThatThrowsOrRunsOutOfTimeLeavesNobodyWaiting) {
  std::atomic<int> calls = 0, right = 0;
  const auto make = [&]() -> Result<SharedBytes> {
    if (++calls <= 3) throw std::runtime_error("died");
    return bytes_;
  };
  std::vector<std::jthread> callers;
  for (int i = 0; i < 40; ++i) {
    callers.emplace_back([&] {
      try {
        const auto found = store_->fetch("x", {.deadline = soon(), .make = make});
        if (found && *found) ++right;
      } catch (const std::runtime_error&) {
      }
    });
  }
  callers.clear();
  EXPECT_EQ(right, 37);

  put(*remote_, "slow", bytes_);
  remote_->delay_ms = 200;
  std::jthread hasty([&] {
    const auto found = store_->load("slow", Deadline::after(milliseconds(20)));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::kUnavailable);
  });
  std::this_thread::sleep_for(milliseconds(5));
  EXPECT_TRUE(store_->load("slow", soon()).value());
}

TEST_F(TieredStoreTest, ATierThatFailsIsPassedOverAndThenLeftAlone) {
  open({.health = {.first_rest = milliseconds(1500)}});
  for (int i = 0; i < 10; ++i) put(*remote_, "x" + std::to_string(i), bytes_);
  disk_->down = true;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(source_of("x" + std::to_string(i)), "azure");
  flush();
  EXPECT_LE(disk_->loads, 4);
  EXPECT_TRUE(store_->stats().tiers[1].resting);
  disk_->down = false;
  std::this_thread::sleep_for(milliseconds(1600));  // its rest
  EXPECT_EQ(source_of("x0"), "memory");
  ASSERT_TRUE(memory_->remove("x0", soon()));
  EXPECT_EQ(source_of("x0"), "azure");  // which tries the disk on the way
  EXPECT_FALSE(store_->stats().tiers[1].resting);
}

TEST_F(TieredStoreTest, AFirstTierThatHangsIsLeftAloneToo) {
  tier_timeout_ = milliseconds(20);
  open({.health = {.first_rest = milliseconds(30'000)}});
  for (int i = 0; i < 10; ++i) put(*remote_, "x" + std::to_string(i), bytes_);
  memory_->delay_ms = 60'000;
  for (int i = 0; i < 10; ++i) EXPECT_NE(source_of("x" + std::to_string(i)), "error");
  EXPECT_LE(memory_->loads, 4);
}

TEST_F(TieredStoreTest, WhoSeesThatATierAnswersAgainEndsItsRest) {
  open({.health = {.failures_before_rest = 1, .first_rest = milliseconds(20)}});
  remote_->down = true;
  EXPECT_FALSE(store_->stat("x", soon()));
  EXPECT_EQ(store_->stats().tiers[2].errors, 1U);
  remote_->down = false;
  std::this_thread::sleep_for(milliseconds(60));
  EXPECT_TRUE(store_->stat("x", soon()));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(store_->stat("x", soon())) << i;  // not only one a rest
}

TEST_F(TieredStoreTest, CallersInAHurryDoNotMakeATierRest) {
  for (const char* name : {"1.trunk", "2.trunk"}) put(*remote_, name, bytes_);
  remote_->delay_ms = 300;
  EXPECT_EQ(source_of("1.trunk"), "azure");
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(store_->load("2.trunk", Deadline::after(milliseconds(5))));
  EXPECT_EQ(source_of("2.trunk"), "azure");
}

TEST_F(TieredStoreTest, AListingLeavesOutNothingThatWasSaved) {
  put(*remote_, "a", bytes_);
  memory_->down = true;
  EXPECT_EQ(store_->list("", soon()).value().size(), 1U);  // it holds copies alone
  memory_->down = false;
  open({.write_back = true});
  remote_->saves_held = true;
  ASSERT_TRUE(store_->save("b", bytes_, SaveMode::kKeep, soon()).value());
  EXPECT_EQ(store_->list("", soon()).value().size(), 2U);
  disk_->down = true;
  EXPECT_FALSE(store_->list("", soon()));  // it alone has b
  disk_->down = false;
  remote_->saves_held = false;
}

TEST_F(TieredStoreTest, AnErrorOnlyWhenTheObjectMayBeThere) {
  remote_->down = true;
  EXPECT_EQ(source_of("x"), "error");
  EXPECT_FALSE(store_->stat("x", soon()));
  EXPECT_FALSE(store_->list("", soon()));
  EXPECT_FALSE(store_->save("x", bytes_, SaveMode::kKeep, soon()));
  put(*disk_, "y", bytes_);
  EXPECT_EQ(source_of("y"), "disk");
  EXPECT_TRUE(store_->stat("y", soon()).value());
  remote_->down = false;
  disk_->down = true;
  std::this_thread::sleep_for(milliseconds(600));
  EXPECT_EQ(source_of("x"), "miss");  // the disk holds copies alone
}

TEST_F(TieredStoreTest, WhatCannotBeFetchedIsMade) {
  put(*remote_, "x", bytes_);
  remote_->down = true;
  const auto found = store_->fetch("x", {.deadline = soon(), .make = [&] { return Result<SharedBytes>(bytes_); }});
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->source, "made");
}

TEST_F(TieredStoreTest, AMakersFailureReachesEverybody) {
  const auto fail = []() -> Result<SharedBytes> { return Error{ErrorCode::kCorrupt, "not a picture"}; };
  const auto found = store_->fetch("x", {.deadline = soon(), .make = fail});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message, "not a picture");
}

TEST_F(TieredStoreTest, NoCallerIsStuckPastItsDeadline) {
  put(*remote_, "x", bytes_);
  remote_->delay_ms = 60'000;
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::jthread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] { EXPECT_FALSE(store_->load("x", Deadline::after(milliseconds(100)))); });
  }
  callers.clear();
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(4000));  // the tier's timeout is longer
}

TEST_F(TieredStoreTest, CopiesAndWhatIsMadeKeepNobodyPastHisDeadline) {
  open({.max_background_tasks = 0});  // as when too many are waiting: the one who made it keeps it himself
  put(*remote_, "x", bytes_);
  memory_->save_delay_ms = remote_->save_delay_ms = 60'000;
  const auto make = [&] { return Result<SharedBytes>(bytes_); };
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(store_->load("x", Deadline::after(milliseconds(100))).value());
  EXPECT_TRUE(store_->fetch("y", {.deadline = Deadline::after(milliseconds(100)), .make = make}).value());
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(4000));
}

TEST_F(TieredStoreTest, MakesAnewWhatIsDearerToFetch) {
  for (const char* name : {"1.trunk", "2.trunk", "3.trunk"}) put(*remote_, name, bytes_);
  remote_->delay_ms = 100;
  int made = 0;
  const auto make = [&]() -> Result<SharedBytes> {
    ++made;
    return bytes_;
  };
  const auto source = [&](const char* name, double make_seconds) {
    return store_->fetch(name, {.deadline = soon(), .make = make, .make_seconds = make_seconds}).value()->source;
  };
  EXPECT_EQ(source("1.trunk", 0.01), "azure");  // nothing is known of the remote tier yet
  EXPECT_EQ(source("2.trunk", 5.0), "azure");
  EXPECT_EQ(source("3.trunk", 0.01), "made");
  EXPECT_EQ(made, 1);
  EXPECT_EQ(store_->stats().tiers[2].passed_over, 1U);
}

TEST_F(TieredStoreTest, IfMakingFailsTheDearTierIsAskedAfterAll) {
  for (const char* name : {"1.trunk", "2.trunk"}) put(*remote_, name, bytes_);
  remote_->delay_ms = 50;
  ASSERT_TRUE(store_->load("1.trunk", soon()).value());
  const auto fail = []() -> Result<SharedBytes> { return Error{ErrorCode::kUnavailable, "no device"}; };
  const auto found = store_->fetch("2.trunk", {.deadline = soon(), .make = fail, .make_seconds = 0.001});
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->source, "azure");
}

TEST_F(TieredStoreTest, WriteBackAnswersFromTheStagingTierAndWritesOn) {
  store_.reset();
  open({.write_back = true});
  remote_->saves_held = true;
  ASSERT_TRUE(store_->save("x", bytes_, SaveMode::kKeep, soon()).value());
  EXPECT_TRUE(disk_->has("x"));
  EXPECT_FALSE(remote_->has("x"));
  EXPECT_EQ(store_->stats().pending_writes, 1U);
  EXPECT_EQ(disk_->usage().pinned_bytes, bytes_.size());
  remote_->saves_held = false;
  flush();
  EXPECT_TRUE(remote_->has("x"));
  EXPECT_EQ(disk_->usage().pinned_bytes, 0U);
}

TEST_F(TieredStoreTest, WriteBackSurvivesARestartWhileTheRemoteIsDown) {
  store_.reset();
  open({.write_back = true});
  remote_->down = true;
  ASSERT_TRUE(store_->save("x", bytes_, SaveMode::kKeep, soon()).value());
  store_.reset();
  open({.write_back = true});
  EXPECT_EQ(store_->stats().pending_writes, 1U);
  remote_->down = false;
  flush();
  EXPECT_TRUE(remote_->has("x"));
}

TEST_F(TieredStoreTest, WriteBackFollowsARemovalThatOvertakesIt) {
  store_.reset();
  open({.write_back = true});
  remote_->saves_held = true;
  ASSERT_TRUE(store_->save("x", bytes_, SaveMode::kKeep, soon()).value());
  while (remote_->saves < 1) std::this_thread::yield();
  ASSERT_TRUE(store_->remove("x", soon()).value());
  remote_->failing_removes = 1;  // which must not be the end of it
  remote_->saves_held = false;
  flush();
  EXPECT_FALSE(disk_->has("x"));
  EXPECT_FALSE(remote_->has("x"));
}

TEST_F(TieredStoreTest, WriteBackPutsWhatIsSavedAfterARemovalInPlaceOfTheOld) {
  store_.reset();
  open({.write_back = true});
  remote_->saves_held = true;
  ASSERT_TRUE(store_->save("x", bytes_, SaveMode::kKeep, soon()).value());
  while (remote_->saves < 1) std::this_thread::yield();
  ASSERT_TRUE(store_->remove("x", soon()).value());
  const SharedBytes newer = random_bytes(6000, 2);
  ASSERT_TRUE(store_->save("x", newer, SaveMode::kKeep, soon()).value());
  remote_->saves_held = false;
  flush();
  EXPECT_EQ(remote_->load("x", soon()).value()->size(), newer.size());
}

TEST_F(TieredStoreTest, WriteBackDoesNotGiveUpWhatTheStagingTierMissesForAMoment) {
  store_.reset();
  open({.write_back = true});
  disk_->false_misses = 1;  // as a store that checks its bytes calls a read that went wrong
  ASSERT_TRUE(store_->save("x", bytes_, SaveMode::kKeep, soon()).value());
  flush();
  EXPECT_TRUE(remote_->has("x"));
}

}  // namespace
}  // namespace samcache

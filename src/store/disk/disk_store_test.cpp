#include "store/disk/disk_store.h"

#include <csignal>
#include <thread>

#include "store/disk/disk_test_support.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;

// The store keeps its folder alive.
StoreMaker maker(const std::string& name, bool shared, std::uint64_t budget_bytes) {
  return {name, [=]() -> std::shared_ptr<ObjectStore> {
            auto folder = std::make_shared<ScratchFolder>();
            DiskStoreOptions options{.root = folder->path(), .budget_bytes = budget_bytes, .shared = shared};
            std::shared_ptr<DiskStore> store = open_store(options);
            DiskStore* plain = store.get();
            return {plain, [store, folder](DiskStore*) mutable {
                      store.reset();
                      folder.reset();
                    }};
          }};
}
constexpr std::uint64_t kAmple = 256 << 20;
INSTANTIATE_TEST_SUITE_P(Disk, StoreContractTest,
                         testing::Values(maker("disk", false, kAmple), maker("disk without a budget", false, 0),
                                         maker("share", true, 0), maker("share with a budget", true, kAmple)));

class DiskStoreTest : public testing::Test {
 protected:
  // Of `objects` objects of 4096 bytes each.
  DiskStoreOptions options(std::uint64_t objects) const {
    return {.root = folder_.path(), .budget_bytes = objects * 4096, .evict_above = 0};
  }
  static bool save(DiskStore& store, const std::string& name, std::size_t size = 4096) {
    return store.save(name, bytes(size), SaveMode::kReplace, soon()).value();
  }
  static SharedBytes bytes(std::size_t size) { return random_bytes(size, size); }
  static bool has(DiskStore& store, const std::string& name) { return store.exists(name, soon()).value(); }
  static ErrorCode save_error(DiskStore& store, const std::string& name, std::size_t size = 4096,
                              Deadline deadline = soon()) {
    const Result<bool> saved = store.save(name, bytes(size), SaveMode::kReplace, deadline);
    EXPECT_FALSE(saved);
    return saved ? ErrorCode::kCancelled : saved.error().code;
  }
  fs::path quarantine() const { return folder_.path() / kQuarantineFolder; }

  ScratchFolder folder_;
};

TEST_F(DiskStoreTest, SaysWhatItIs) {
  EXPECT_EQ(open_store(options(1))->kind(), "disk");
  EXPECT_EQ(open_store({.root = folder_.path(), .shared = true})->kind(), "share");
}

TEST_F(DiskStoreTest, AnObjectIsAPlainFileUnderItsName) {
  save(*open_store(options(10)), "a/b/c.bin", 5000);
  EXPECT_EQ(fs::file_size(folder_.path() / "a/b/c.bin"), 5000U);
  EXPECT_EQ(size_of_tree(folder_.path()).temporaries, 0);
}

TEST_F(DiskStoreTest, FoldersThatDoNotExistAreMade) {
  DiskStoreOptions deep = options(10);
  deep.root = folder_.path() / "not" / "yet";
  EXPECT_TRUE(save(*open_store(deep), "x"));
  write_file(folder_.path() / "file", "x");
  deep.root = folder_.path() / "file" / "below";
  const auto store = DiskStore::open(deep);
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find(deep.root.string()), std::string::npos) << store.error().message;
}

TEST_F(DiskStoreTest, OptionsThatCannotBeAreRefused) {
  DiskStoreOptions wrong = options(10);
  wrong.evict_above = 0.5;
  wrong.evict_down_to = 0.6;
  EXPECT_EQ(DiskStore::open(wrong).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(DiskStore::open({}).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(DiskStoreTest, TheLeastRecentlyUsedGoesFirstAlsoAfterReopening) {
  {
    const auto store = open_store(options(3));
    for (const char* name : {"a", "b", "c"}) save(*store, name);
    // The kernel may note the first use of each by itself, but (relatime) no later one.
    for (const char* name : {"a", "b", "c", "a"}) EXPECT_TRUE(store->load(name, soon()).value());
  }
  const auto store = open_store(options(3));
  save(*store, "d");
  EXPECT_TRUE(has(*store, "a"));
  EXPECT_FALSE(has(*store, "b"));
  EXPECT_TRUE(has(*store, "c"));
  EXPECT_EQ(store->usage().evictions, 1U);
  EXPECT_EQ(store->usage().objects, 3U);
  EXPECT_EQ(store->usage().used_bytes, 3 * 4096U);
}

TEST_F(DiskStoreTest, LoadingLeavesTheTimeOfSavingAlone) {
  const auto store = open_store(options(3));
  save(*store, "a");
  const auto modified = store->stat("a", soon()).value()->modified;
  EXPECT_LT(std::chrono::abs(std::chrono::system_clock::now() - modified), std::chrono::minutes(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_TRUE(store->load("a", soon()).value());
  EXPECT_EQ(store->stat("a", soon()).value()->modified, modified);
}

TEST_F(DiskStoreTest, ASmallerBudgetHoldsFromOpeningOn) {
  {
    const auto store = open_store(options(8));
    for (int i = 0; i < 8; ++i) save(*store, std::to_string(i));
  }
  const auto store = open_store(options(3));
  EXPECT_EQ(store->usage().objects, 3U);
  EXPECT_TRUE(has(*store, "7"));
  EXPECT_LE(size_of_tree(folder_.path()).bytes, 3 * 4096U);
}

TEST_F(DiskStoreTest, WhatIsPinnedStaysAndMayBePinnedBeforeItIsThere) {
  const auto store = open_store(options(3));
  Pin pin = store->pin("a");
  for (const char* name : {"a", "b", "c", "d", "e"}) save(*store, name);
  EXPECT_TRUE(has(*store, "a"));
  EXPECT_EQ(store->usage().pinned_bytes, 4096U);
  EXPECT_EQ(save_error(*store, "f", 3 * 4096), ErrorCode::kOutOfSpace);
  EXPECT_TRUE(has(*store, "d"));  // what cannot be done evicts nothing
  EXPECT_TRUE(has(*store, "e"));
  pin.reset();
  save(*store, "f", 3 * 4096);
  EXPECT_FALSE(has(*store, "a"));
}

TEST_F(DiskStoreTest, APinMayOutliveTheStore) {
  const Pin pin = open_store(options(3))->pin("a");
  EXPECT_TRUE(pin);
  EXPECT_FALSE(open_store(options(0))->pin("a"));  // nothing is evicted anyway
}

TEST_F(DiskStoreTest, AnObjectAboveTheBudgetIsOutOfSpaceAndNamesTheFile) {
  const auto store = open_store(options(3));
  save(*store, "a");
  const Result<bool> saved = store->save("big", bytes(4 * 4096), SaveMode::kReplace, soon());
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().code, ErrorCode::kOutOfSpace);
  EXPECT_NE(saved.error().message.find((folder_.path() / "big").string()), std::string::npos);
  EXPECT_TRUE(has(*store, "a"));
}

TEST_F(DiskStoreTest, AReplacementPrefersToEvictOthersAndNeedsRoomForBoth) {
  const auto store = open_store(options(3));
  for (const char* name : {"a", "b", "c"}) save(*store, name);
  save(*store, "a", 4000);
  EXPECT_TRUE(has(*store, "a"));
  EXPECT_FALSE(has(*store, "b"));
  EXPECT_TRUE(has(*store, "c"));
  save(*store, "a", 3 * 4096);  // room only when the old one goes before
  EXPECT_EQ(store->load("a", soon()).value()->size(), 3 * 4096U);
  const Pin pin = store->pin("a");
  EXPECT_EQ(save_error(*store, "a", 4096), ErrorCode::kOutOfSpace);
}

TEST_F(DiskStoreTest, ObjectsAboveTheLimitAreTooLarge) {
  DiskStoreOptions limited = options(100);
  limited.max_object_bytes = 5000;
  const auto store = open_store(limited);
  EXPECT_EQ(save_error(*store, "a", 5001), ErrorCode::kTooLarge);
  EXPECT_TRUE(save(*store, "b", 5000));
  write_file(folder_.path() / "c", std::string(5001, 'c'));
  EXPECT_EQ(store->load("c", soon()).error().code, ErrorCode::kTooLarge);
}

TEST_F(DiskStoreTest, AThreadEvictsDownToTheLowerWatermark) {
  DiskStoreOptions marked = options(100);
  marked.evict_above = 0.8;
  marked.evict_down_to = 0.5;
  const auto store = open_store(marked);
  for (int i = 0; i < 82; ++i) save(*store, std::to_string(i));
  // The 81st save wakes it; the 82nd may come after it has finished.
  const std::uint64_t at_most_bytes = 52 * 4096;
  const Deadline deadline = soon();
  while (store->usage().used_bytes > at_most_bytes && !deadline.passed()) std::this_thread::yield();
  EXPECT_LE(store->usage().used_bytes, at_most_bytes);
  EXPECT_GE(store->usage().objects, 45U);
  EXPECT_TRUE(has(*store, "81"));
  EXPECT_FALSE(has(*store, "0"));
}

TEST_F(DiskStoreTest, AQuarantinedObjectIsKeptAsideAndCounted) {
  const auto store = open_store(options(10));
  save(*store, "a/b", 5000);
  ASSERT_TRUE(store->quarantine("a/b", soon()));
  EXPECT_EQ(store->usage().objects, 0U);
  EXPECT_EQ(store->usage().used_bytes, 8192U);
  ASSERT_FALSE(fs::is_empty(quarantine()));
  const fs::path file = fs::directory_iterator(quarantine())->path();
  EXPECT_TRUE(file.string().ends_with("-a+b")) << file;
  EXPECT_EQ(fs::file_size(file), 5000U);
  EXPECT_EQ(open_store(options(10))->usage().used_bytes, 8192U);
}

TEST_F(DiskStoreTest, OnlyTheNewestQuarantinedFilesAreKeptAndTheyMakeRoomLast) {
  DiskStoreOptions few = options(6);
  few.max_quarantined = 2;
  const auto store = open_store(few);
  for (const char* name : {"a", "b", "c"}) {
    save(*store, name);
    ASSERT_TRUE(store->quarantine(name, soon()));
  }
  std::set<std::string> kept;
  for (const auto& entry : fs::directory_iterator(quarantine()))
    kept.insert(entry.path().string().substr(entry.path().string().size() - 1));
  EXPECT_EQ(kept, (std::set<std::string>{"b", "c"}));
  for (const char* name : {"d", "e", "f", "g", "h"}) save(*store, name);
  EXPECT_EQ(std::distance(fs::directory_iterator(quarantine()), fs::directory_iterator()), 2);
  save(*store, "big", 4 * 4096);
  EXPECT_FALSE(fs::is_empty(quarantine()));
  save(*store, "bigger", 5 * 4096);  // with the extents it may need all six
  EXPECT_TRUE(fs::is_empty(quarantine()));
}

TEST_F(DiskStoreTest, ALongNameCanBeQuarantined) {
  const auto store = open_store(options(10));
  const std::string part(100, 'n');
  const std::string name = part + "/" + part + "/" + part + "/" + part + "/" + part + "/" + part;
  EXPECT_TRUE(save(*store, name));
  EXPECT_TRUE(store->quarantine(name, soon()));
  EXPECT_FALSE(has(*store, name));
  EXPECT_FALSE(fs::is_empty(quarantine()));
}

TEST_F(DiskStoreTest, AnotherProcessesChangesAreSeen) {
  const auto mine = open_store(options(4));
  const auto theirs = open_store(options(4));  // takes turns as another process does
  save(*mine, "a");
  save(*theirs, "b");
  EXPECT_TRUE(has(*mine, "b"));
  EXPECT_FALSE(theirs->save("a", bytes(10), SaveMode::kKeep, soon()).value());
  EXPECT_TRUE(theirs->remove("a", soon()).value());
  EXPECT_FALSE(mine->load("a", soon()).value());
  for (const char* name : {"c", "d", "e", "f"}) save(*mine, name);
  EXPECT_FALSE(theirs->load("b", soon()).value());
  save(*theirs, "g");
  EXPECT_EQ(theirs->usage().objects, 4U);
  EXPECT_LE(size_of_tree(folder_.path()).bytes, 4 * 4096U);
}

TEST_F(DiskStoreTest, FilesDeletedByHandAreNoticed) {
  const auto store = open_store(options(4));
  for (const char* name : {"a", "b", "c", "d"}) save(*store, name);
  for (const char* name : {"b", "c", "d"}) fs::remove(folder_.path() / name);
  EXPECT_FALSE(store->load("d", soon()).value());
  save(*store, "e");
  EXPECT_TRUE(has(*store, "a"));
  EXPECT_EQ(store->usage().objects, 2U);
}

TEST_F(DiskStoreTest, ADeadlineEndsTheWaitForTheLock) {
  const auto store = open_store(options(4));
  save(*store, "a");
  const FileDescriptor held(::open((folder_.path() / kLockFile).c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::flock(held.get(), LOCK_EX), 0);
  const Deadline brief = Deadline::after(std::chrono::milliseconds(50));
  EXPECT_EQ(save_error(*store, "b", 100, brief), ErrorCode::kUnavailable);
  EXPECT_EQ(store->remove("a", Deadline::after(std::chrono::milliseconds(20))).error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(store->load("a", soon()).value());  // loads wait for nobody
  ASSERT_EQ(::flock(held.get(), LOCK_UN), 0);
  EXPECT_TRUE(save(*store, "b"));
}

TEST_F(DiskStoreTest, APassedDeadlineIsUnavailableEverywhere) {
  const auto store = open_store(options(4));
  save(*store, "a");
  const Deadline passed = Deadline::after(std::chrono::seconds(0));
  EXPECT_EQ(store->load("a", passed).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(store->stat("a", passed).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(store->list("", passed).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(store->remove("a", passed).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(store->quarantine("a", passed).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(save_error(*store, "b", 100, passed), ErrorCode::kUnavailable);
  EXPECT_TRUE(has(*store, "a"));
  EXPECT_EQ(size_of_tree(folder_.path()).temporaries, 0);
}

TEST_F(DiskStoreTest, ATemporaryOfALivingWriterStaysAndCounts) {
  DiskStoreOptions watched = options(4);
  StoreUsage seen;
  int temporaries = 0;
  watched.on_step = [&](DiskStep step, const std::string&) {
    if (step != DiskStep::kFlushed) return;
    seen = open_store(options(4))->usage();
    temporaries = size_of_tree(folder_.path()).temporaries;
  };
  EXPECT_TRUE(save(*open_store(watched), "a"));
  EXPECT_EQ(temporaries, 1);
  EXPECT_EQ(seen.objects, 0U);
  EXPECT_EQ(seen.used_bytes, 4096U);
}

TEST_F(DiskStoreTest, ATemporaryOfAKilledWriterIsSwept) {
  const int status = exit_status_of([&] {
    DiskStoreOptions doomed = options(4);
    doomed.on_step = [](DiskStep step, const std::string&) {
      if (step == DiskStep::kFlushed) ::kill(::getpid(), SIGKILL);
    };
    save(*open_store(doomed), "a/b", 2 * 4096);
    return 0;
  });
  ASSERT_EQ(status, -1);
  ASSERT_EQ(size_of_tree(folder_.path()).temporaries, 1);
  const auto store = open_store(options(4));
  EXPECT_EQ(size_of_tree(folder_.path()).temporaries, 0);
  EXPECT_EQ(store->usage().used_bytes, 0U);
  EXPECT_FALSE(has(*store, "a/b"));
}

TEST_F(DiskStoreTest, OnAShareOnlyAgeTellsThatATemporaryWasLeftBehind) {
  const fs::path left = folder_.path() / "a" / temporary_name_for("x"),
                 alive = folder_.path() / temporary_name_for("y");
  write_file(left, "x");
  write_file(alive, "y");
  fs::last_write_time(left, fs::file_time_type::clock::now() - std::chrono::hours(2));
  const auto store = open_store({.root = folder_.path(), .shared = true});
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(alive));
  EXPECT_EQ(open_store({.root = folder_.path(), .budget_bytes = 1 << 20, .shared = true})->usage().used_bytes, 4096U);
}

TEST_F(DiskStoreTest, ALostFolderIsUnavailableAndIsNotWrittenTo) {
  for (const bool shared : {false, true}) {
    const auto store = open_store({.root = folder_.path(), .shared = shared});
    save(*store, "a");
    fs::remove_all(folder_.path());
    EXPECT_EQ(store->load("a", soon()).error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(save_error(*store, "b"), ErrorCode::kUnavailable);
    fs::create_directories(folder_.path());  // as where a file system is no longer mounted
    EXPECT_FALSE(store->load("a", soon()).value());
    EXPECT_EQ(save_error(*store, "b"), ErrorCode::kUnavailable);
    EXPECT_TRUE(fs::is_empty(folder_.path()));
  }
}

TEST_F(DiskStoreTest, AShareTrustsNothingItSawBefore) {
  const DiskStoreOptions share{.root = folder_.path(), .budget_bytes = 4 * 4096, .shared = true};
  const auto mine = open_store(share);
  save(*mine, "a");
  save(*mine, "b");
  // Another machine takes no turns here.
  fs::remove(folder_.path() / "a");
  write_file(folder_.path() / "c", std::string(4096, 'c'));
  write_file(folder_.path() / "d", std::string(4096, 'd'));
  EXPECT_FALSE(mine->load("a", soon()).value());
  EXPECT_TRUE(mine->load("b", soon()).value());
  EXPECT_EQ(mine->load("c", soon()).value()->size(), 4096U);
  save(*mine, "e", 2 * 4096);
  EXPECT_LE(size_of_tree(folder_.path()).bytes, 4 * 4096U);
  EXPECT_FALSE(has(*mine, "d"));  // the one used last by nobody
  EXPECT_TRUE(has(*mine, "c"));
}

}  // namespace
}  // namespace samcache

// The budget at every moment, whoever writes.
#include <sys/mount.h>
#include <sys/statvfs.h>

#include <random>
#include <thread>

#include "store/disk/disk_test_support.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kBudget = 4 << 20;
constexpr int kThreads = 8;
// So that whoever looks at the folder under its lock does not keep it from those who are to be watched.
constexpr std::chrono::milliseconds kBetweenSamples(2);

// Saves and loads objects of up to half a megabyte; how many calls failed or found wrong bytes.
int busy_failures(DiskStore& store, std::uint64_t seed, int rounds) {
  std::mt19937_64 random(seed);
  int failures = 0;
  for (int i = 0; i < rounds; ++i) {
    const std::uint64_t object = random() % 40;
    const std::string name = "busy/" + std::to_string(object);
    const SharedBytes bytes = random_bytes(1000 + 12'345 * object, object);
    const SaveMode mode = random() % 2 == 0 ? SaveMode::kKeep : SaveMode::kReplace;
    failures += store.save(name, bytes, mode, soon()) ? 0 : 1;
    const auto loaded = store.load(name, soon());
    failures += loaded && (!loaded->has_value() || holds(*loaded, bytes)) ? 0 : 1;
    if (random() % 16 == 0) failures += store.remove(name, soon()) ? 0 : 1;
    if (random() % 16 == 0) failures += store.quarantine(name, soon()) ? 0 : 1;
  }
  return failures;
}

// Runs `work` in eight threads and `meanwhile` over and over in this one; the sum of what the threads return.
int sum_of_threads(const std::function<int(std::uint64_t seed)>& work, const std::function<void()>& meanwhile) {
  std::atomic<int> sum = 0, running = kThreads;
  std::vector<std::jthread> threads;
  for (std::uint64_t seed = 0; seed < kThreads; ++seed) {
    threads.emplace_back([&, seed] {
      sum += work(seed);
      --running;
    });
  }
  while (running > 0) meanwhile();
  threads.clear();
  return sum;
}

TEST(DiskBudget, IsNeverExceededByEightThreads) {
  for (const bool shared : {false, true}) {
    const ScratchFolder folder;
    const auto store =
        open_store({.root = folder.path(), .budget_bytes = kBudget, .shared = shared, .max_quarantined = 4});
    std::uint64_t most_bytes = 0;
    int samples = 0;
    const auto work = [&](std::uint64_t seed) { return busy_failures(*store, seed, 30); };
    const int failures = sum_of_threads(work, [&] {
      most_bytes = std::max(most_bytes, size_of_resting_tree(folder.path()).bytes);
      ++samples;
      std::this_thread::sleep_for(kBetweenSamples);
    });
    EXPECT_EQ(failures, 0);
    EXPECT_LE(most_bytes, kBudget);
    EXPECT_GT(most_bytes, kBudget / 2);
    EXPECT_GT(samples, 20);
    const TreeSize at_rest = size_of_tree(folder.path());
    EXPECT_EQ(at_rest.temporaries, 0);
    if (!shared) {
      EXPECT_EQ(store->usage().used_bytes, at_rest.bytes);
    }
  }
}

// As the file system itself counts, without asking for the store's lock.
TEST(DiskBudget, IsNeverExceededAsTheDiskCounts) {
  constexpr int kNoMount = 77;
  const ScratchFolder folder;
  const fs::path disk = folder.path() / "disk";
  fs::create_directories(disk);
  const auto used_bytes = [&] {
    struct statvfs counted = {};
    ::statvfs(disk.c_str(), &counted);
    return (counted.f_blocks - counted.f_bfree) * counted.f_frsize;
  };
  // Nobody loads: a file that was deleted while somebody reads it still takes its room.
  const auto failures_of = [](DiskStore& store, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    int failures = 0;
    for (int i = 0; i < 100; ++i) {
      const std::string name = std::to_string(random() % 40);
      failures += store.save(name, random_bytes(random() % 500'000, seed), SaveMode::kReplace, soon()) ? 0 : 1;
    }
    return failures;
  };
  const int status = exit_status_of([&] {
    if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=16m") != 0) return kNoMount;
    std::uint64_t most_bytes = 0;
    int failures = 0;
    {
      const auto store = open_store({.root = disk, .budget_bytes = kBudget});
      const std::uint64_t empty_bytes = used_bytes();
      failures = sum_of_threads([&](std::uint64_t seed) { return failures_of(*store, seed); },
                                [&] { most_bytes = std::max(most_bytes, used_bytes() - empty_bytes); });
    }
    ::umount(disk.c_str());
    return failures != 0 ? 1 : most_bytes > kBudget ? 2 : most_bytes < kBudget / 2 ? 3 : 0;
  });
  if (status == kNoMount) GTEST_SKIP() << "mounting a disk of its own needs root";
  EXPECT_EQ(status, 0);
}

TEST(DiskBudget, IsNeverExceededBySeveralProcesses) {
  constexpr int kProcesses = 3;
  const ScratchFolder folder(quick_folder());
  const DiskStoreOptions options{.root = folder.path(), .budget_bytes = kBudget, .max_quarantined = 4};
  open_store(options);
  std::vector<pid_t> children;
  for (std::uint64_t seed = 0; seed < kProcesses; ++seed) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(std::min(busy_failures(*open_store(options), seed, 60), 100));
    children.push_back(child);
  }
  std::uint64_t most_bytes = 0;
  int failures = 0;
  while (!children.empty()) {
    most_bytes = std::max(most_bytes, size_of_resting_tree(folder.path()).bytes);
    std::this_thread::sleep_for(kBetweenSamples);
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, WNOHANG);
    if (ended <= 0) continue;
    failures += WIFEXITED(status) ? WEXITSTATUS(status) : 100;
    std::erase(children, ended);
  }
  EXPECT_EQ(failures, 0);
  EXPECT_LE(most_bytes, kBudget);
  EXPECT_GT(most_bytes, kBudget / 2);
  EXPECT_EQ(size_of_tree(folder.path()).temporaries, 0);
  EXPECT_EQ(open_store(options)->usage().used_bytes, size_of_tree(folder.path()).bytes);
}

// SaveMode::kKeep among processes: of each name's savers one wins.
TEST(DiskBudget, OfSeveralProcessesExactlyOnePublishes) {
  constexpr int kProcesses = 4, kNames = 40;
  for (const bool shared : {false, true}) {
    const ScratchFolder folder;
    const DiskStoreOptions options{.root = folder.path(), .shared = shared};
    open_store(options);
    std::vector<pid_t> children;
    for (int process = 0; process < kProcesses; ++process) {
      const pid_t child = ::fork();
      if (child == 0) {
        const auto store = open_store(options);
        int won = 0;
        for (int i = 0; i < kNames; ++i) {
          const Result<bool> saved = store->save(std::to_string(i), random_bytes(3000, 1), SaveMode::kKeep, soon());
          won += saved && *saved ? 1 : 0;
        }
        ::_exit(won);
      }
      children.push_back(child);
    }
    int won = 0;
    for (const pid_t child : children) {
      int status = 0;
      ::waitpid(child, &status, 0);
      won += WEXITSTATUS(status);
    }
    EXPECT_EQ(won, kNames);
  }
}

TEST(DiskBudget, PinnedObjectsSurviveWhateverIsWritten) {
  const ScratchFolder folder;
  const auto store = open_store({.root = folder.path(), .budget_bytes = kBudget});
  std::vector<Pin> pins;
  for (int i = 0; i < 4; ++i) {
    const std::string name = "pinned/" + std::to_string(i);
    pins.push_back(store->pin(name));
    ASSERT_TRUE(store->save(name, random_bytes(200'000, 1), SaveMode::kKeep, soon()).value());
  }
  const auto work = [&](std::uint64_t seed) { return busy_failures(*store, seed, 20); };
  EXPECT_EQ(sum_of_threads(work, [] { std::this_thread::yield(); }), 0);
  EXPECT_GT(store->usage().evictions, 0U);
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(holds(store->load("pinned/" + std::to_string(i), soon()).value(), random_bytes(200'000, 1)));
  }
}

}  // namespace
}  // namespace samcache

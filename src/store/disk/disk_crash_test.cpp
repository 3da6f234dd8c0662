// Writers of a disk store are killed (SIGKILL) at random moments, thousands of times; after each time the folder is
// looked at and the store opened again.
//
// Asked each time: is the budget kept at the moment of death and after; is every visible object byte for byte one of
// the versions it may have; is everything there that was committed and neither removed nor evicted; are the temporaries
// of the dead gone; does the store work. The moments are of two kinds: after some microseconds, and at the n-th step of
// the protocol. Every fourth folder is used as a share; in every fourth two writers run at once, each with objects of
// its own, and evict each other's.
#include <poll.h>

#include <csignal>
#include <iostream>
#include <random>
#include <vector>

#include "store/disk/crash_model.h"
#include "store/disk/disk_test_support.h"

namespace samcache {
namespace {

constexpr int kFolders = 120;
constexpr int kRunsPerFolder = 20;
constexpr std::uint8_t kObjects = 12;
constexpr std::uint8_t kProbe = 200;
constexpr int kLongestLife_us = 6000;

struct Totals {
  int runs = 0, kills = 0, checked = 0, torn = 0, lost = 0, over_budget = 0, left_over = 0, broken = 0;
  int evictions = 0, commits = 0, temporaries_found = 0;
};

struct Plan {
  DiskStoreOptions options;
  int writers = 1;
};

Plan plan_of(int folder_number, const std::filesystem::path& root) {
  Plan plan;
  plan.options.root = root;
  // Ample: nothing is evicted, so that nothing but a removal excuses absence. Small: some five objects.
  plan.options.budget_bytes = folder_number % 2 == 0 ? 4 << 20 : 96 << 10;
  plan.options.max_quarantined = 2;
  plan.options.evict_above = folder_number % 8 < 4 ? 0.9 : 0;
  plan.options.evict_down_to = plan.options.evict_above / 2;
  plan.options.shared = folder_number / 2 % 4 == 1;
  plan.options.stale_temporary_age = std::chrono::seconds(0);
  plan.writers = folder_number / 2 % 4 == 3 ? 2 : 1;
  return plan;
}

class Writer {
 public:
  Writer(Plan plan, int pipe_fd, std::uint64_t seed, std::uint8_t number, std::uint32_t first_version)
      : plan_(std::move(plan)), pipe_fd_(pipe_fd), random_(seed), number_(number), version_(first_version) {
    // Half of them die at a step of the protocol.
    steps_left_ = random_() % 2 == 0 ? static_cast<int>(random_() % 40) : -1;
    plan_.options.on_step = [this](DiskStep step, const std::string& name) {
      if (step == DiskStep::kEvicting) tell(Report::kEvicting, object_of(name));
      if (steps_left_ >= 0 && steps_left_-- == 0) ::kill(::getpid(), SIGKILL);
    };
  }

  [[noreturn]] void run() {
    for (;;) {
      std::shared_ptr<DiskStore> store = DiskStore::open(plan_.options).value();
      for (int i = 0; i < 30; ++i) act(*store);
    }
  }

  static std::uint8_t object_of(const std::string& name) {
    return static_cast<std::uint8_t>(std::stoi(name.substr(name.rfind('/') + 1)));
  }

 private:
  void tell(Report report, std::uint8_t object, std::uint32_t version = 0) const {
    const Message message{report, object, version};
    // A full pipe or a dead parent ends the run as a kill does.
    if (::write(pipe_fd_, &message, sizeof(message)) != sizeof(message)) ::kill(::getpid(), SIGKILL);
  }

  void act(DiskStore& store) {
    const auto object = static_cast<std::uint8_t>(random_() % (kObjects / plan_.writers) * plan_.writers + number_);
    const std::string name = CrashModel::name_of(object);
    const unsigned choice = random_() % 20;
    if (choice < 12) {
      const SaveMode mode = choice % 2 == 0 ? SaveMode::kKeep : SaveMode::kReplace;
      const std::uint32_t version = ++version_;
      tell(Report::kSaving, object, version);
      const Result<bool> saved = store.save(name, CrashModel::content_of(object, version), mode, soon());
      tell(!saved ? Report::kRefused : *saved ? Report::kSaved : Report::kKept, object, version);
    } else if (choice < 16) {
      const auto loaded = store.load(name, soon());
      const bool torn = !loaded || (loaded->has_value() && CrashModel::version_of(object, **loaded) == 0);
      if (torn) tell(Report::kTorn, object);
    } else if (choice < 18) {
      tell(Report::kRemoving, object);
      const bool removed = choice == 16 ? store.remove(name, soon()).ok() : store.quarantine(name, soon()).ok();
      tell(removed ? Report::kRemoved : Report::kRefused, object);
    } else if (choice == 18) {
      if (!store.list("o/", soon())) tell(Report::kTorn, object);
    } else {
      const Pin pin = store.pin(name);
      if (!store.stat(name, soon())) tell(Report::kTorn, object);
    }
  }

  Plan plan_;
  int pipe_fd_;
  std::mt19937_64 random_;
  std::uint8_t number_;
  std::uint32_t version_;
  std::atomic<int> steps_left_;
};

// Lets writers run until they are killed, each after a life of its own; their reports.
std::vector<Message> run_and_kill(const Plan& plan, std::uint64_t seed, Totals& totals) {
  int ends[2] = {};
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  std::vector<pid_t> writers;
  for (int number = 0; number < plan.writers; ++number) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto first_version = static_cast<std::uint32_t>((seed * 2 + static_cast<std::uint64_t>(number)) << 12);
      Writer(plan, ends[1], seed * 2 + static_cast<std::uint64_t>(number), static_cast<std::uint8_t>(number),
             first_version)
          .run();
    }
    writers.push_back(child);
  }
  ::close(ends[1]);
  std::mt19937_64 random(seed);
  std::vector<Message> messages;
  for (const pid_t writer : writers) {
    const auto killing_time = std::chrono::steady_clock::now() + std::chrono::microseconds(random() % kLongestLife_us);
    while (std::chrono::steady_clock::now() < killing_time) {
      pollfd readable{ends[0], POLLIN, 0};
      const timespec pause{0, 100'000};
      Message message = {};
      if (::ppoll(&readable, 1, &pause, nullptr) <= 0) continue;
      if (::read(ends[0], &message, sizeof(message)) != sizeof(message)) break;  // all have died of themselves
      messages.push_back(message);
    }
    ::kill(writer, SIGKILL);
  }
  for (const pid_t writer : writers) {
    int status = 0;
    ::waitpid(writer, &status, 0);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) ++totals.kills;
  }
  Message message = {};
  while (::read(ends[0], &message, sizeof(message)) == sizeof(message)) messages.push_back(message);
  ::close(ends[0]);
  return messages;
}

bool still_works(DiskStore& store) {
  const SharedBytes bytes = CrashModel::content_of(kProbe, 1);
  const std::string name = CrashModel::name_of(kProbe);
  const Result<bool> saved = store.save(name, bytes, SaveMode::kKeep, soon());
  if (!saved || !*saved) return false;
  const auto loaded = store.load(name, soon());
  if (!loaded || !holds(*loaded, bytes)) return false;
  return store.remove(name, soon()).value();
}

void check_objects(DiskStore& store, CrashModel& model, Totals& totals) {
  std::size_t seen = 0;
  for (std::uint8_t object = 0; object < kObjects; ++object) {
    const auto loaded = store.load(CrashModel::name_of(object), soon());
    ASSERT_TRUE(loaded) << loaded.error().message;
    const std::uint32_t version = loaded->has_value() ? CrashModel::version_of(object, **loaded) : 0;
    seen += loaded->has_value() ? 1 : 0;
    ++totals.checked;
    if (loaded->has_value() && version == 0) ++totals.torn;
    if (!model.settle(object, version)) ++totals.lost;
  }
  const auto listed = store.list("", soon());
  if (!listed || listed->size() != seen) ++totals.broken;
}

void judge(const Plan& plan, CrashModel& model, Totals& totals) {
  const TreeSize at_death = size_of_tree(plan.options.root);
  totals.temporaries_found += at_death.temporaries;
  if (at_death.bytes > plan.options.budget_bytes) ++totals.over_budget;

  DiskStoreOptions options = plan.options;
  options.evict_above = options.evict_down_to = 0;  // no thread: this process forks again
  options.on_step = [&](DiskStep step, const std::string& name) {
    if (step == DiskStep::kEvicting) model.replay({Report::kEvicting, Writer::object_of(name), 0});
  };
  const auto store = open_store(options);
  ASSERT_TRUE(store);
  const TreeSize opened = size_of_tree(plan.options.root);
  if (opened.temporaries != 0) ++totals.left_over;
  if (store->usage().used_bytes != opened.bytes || opened.bytes > plan.options.budget_bytes) ++totals.over_budget;
  check_objects(*store, model, totals);
  if (!still_works(*store)) ++totals.broken;
}

TEST(DiskCrash, NothingIsTornOrLostWhereverTheWriterIsKilled) {
  Totals totals;
  for (int number = 0; number < kFolders; ++number) {
    const ScratchFolder folder(quick_folder());
    const Plan plan = plan_of(number, folder.path());
    CrashModel model;
    for (int run = 0; run < kRunsPerFolder; ++run) {
      const auto seed =
          std::uint64_t{1} + static_cast<std::uint64_t>(number) * kRunsPerFolder + static_cast<std::uint64_t>(run);
      for (const Message& message : run_and_kill(plan, seed, totals)) {
        model.replay(message);
        totals.evictions += message.report == Report::kEvicting ? 1 : 0;
        totals.commits += message.report == Report::kSaved ? 1 : 0;
        totals.torn += message.report == Report::kTorn ? 1 : 0;
      }
      judge(plan, model, totals);
      ++totals.runs;
    }
    ASSERT_EQ(totals.torn + totals.lost + totals.over_budget + totals.left_over + totals.broken, 0)
        << "torn " << totals.torn << ", lost " << totals.lost << ", over budget " << totals.over_budget
        << ", temporaries left " << totals.left_over << ", broken " << totals.broken << " in folder " << number;
  }
  EXPECT_GE(totals.kills, totals.runs);
  EXPECT_GT(totals.commits, totals.runs / 4);
  EXPECT_GT(totals.evictions, 50);
  EXPECT_GT(totals.temporaries_found, 50);
  std::cout << "runs " << totals.runs << ", kills " << totals.kills << ", saves committed " << totals.commits
            << ", evictions " << totals.evictions << ", temporaries of the dead " << totals.temporaries_found
            << ", objects checked " << totals.checked << ", torn " << totals.torn << ", lost " << totals.lost
            << ", over budget " << totals.over_budget << "\n";
}

}  // namespace
}  // namespace samcache

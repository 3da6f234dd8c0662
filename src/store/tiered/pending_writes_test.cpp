#include "store/tiered/pending_writes.h"

#include <gtest/gtest.h>
#include <stdlib.h>  // mkdtemp

#include <atomic>
#include <fstream>
#include <set>

namespace samcache {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

class PendingWritesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/pending-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::unique_ptr<PendingWrites> open(PendingWrites::Writer writer) {
    auto pending = PendingWrites::open({.folder = folder_, .first_pause = milliseconds(1)}, std::move(writer),
                                       [](const std::string&) { return Pin(); });
    EXPECT_TRUE(pending) << (pending ? "" : pending.error().message);
    return std::move(*pending);
  }
  std::size_t notes() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  static Deadline soon() { return Deadline::after(std::chrono::seconds(20)); }

  fs::path folder_;
};

Status refuse(const PendingWrite&) { return Error{ErrorCode::kUnavailable, "not now"}; }

TEST_F(PendingWritesTest, WritesWhatWasNotedAndTriesUntilItWorks) {
  std::atomic<int> tries = 0;
  const auto pending = open([&](const PendingWrite& write) -> Status {
    EXPECT_EQ(write.name, "a/b");
    EXPECT_EQ(write.mode, SaveMode::kReplace);
    return ++tries < 4 ? refuse(write) : Status{};
  });
  ASSERT_TRUE(pending->add({"a/b", SaveMode::kReplace}));
  ASSERT_TRUE(pending->drain(soon()));
  EXPECT_EQ(tries, 4);
  EXPECT_EQ(notes(), 0U);
}

TEST_F(PendingWritesTest, TheNextProcessGoesOn) {
  {
    const auto pending = open(refuse);
    ASSERT_TRUE(pending->add({"a", SaveMode::kKeep}));
    ASSERT_TRUE(pending->add({"b", SaveMode::kReplace}));
    EXPECT_FALSE(pending->drain(Deadline::after(milliseconds(10))));
  }
  EXPECT_EQ(notes(), 2U);
  std::mutex mutex;
  std::set<std::string> written;
  const auto pending = open([&](const PendingWrite& write) -> Status {
    const std::scoped_lock lock(mutex);
    written.insert(write.name);
    return {};
  });
  ASSERT_TRUE(pending->drain(soon()));
  EXPECT_EQ(written, (std::set<std::string>{"a", "b"}));
  EXPECT_EQ(notes(), 0U);
}

TEST_F(PendingWritesTest, NotedAgainWhileItIsWrittenMeansWrittenAgain) {
  std::atomic<int> writes = 0;
  std::unique_ptr<PendingWrites> pending;
  std::atomic<bool> ready = false;
  pending = open([&](const PendingWrite& write) -> Status {
    while (!ready) std::this_thread::yield();
    if (++writes == 1) return pending->add(write);
    return {};
  });
  ready = true;
  ASSERT_TRUE(pending->add({"a", SaveMode::kReplace}));
  ASSERT_TRUE(pending->drain(soon()));
  EXPECT_EQ(writes, 2);
}

TEST_F(PendingWritesTest, WhatIsForgottenIsNotWritten) {
  std::atomic<bool> allowed = false;
  std::atomic<int> writes = 0;
  const auto pending = open([&](const PendingWrite& write) -> Status {
    if (!allowed) return refuse(write);
    ++writes;
    return {};
  });
  ASSERT_TRUE(pending->add({"a", SaveMode::kKeep}));
  pending->forget("a");
  pending->forget("never noted");
  allowed = true;
  EXPECT_TRUE(pending->drain(soon()));
  EXPECT_EQ(writes, 0);
  EXPECT_EQ(notes(), 0U);
}

TEST_F(PendingWritesTest, AReplacementThatIsNotYetWrittenStaysOne) {
  std::atomic<bool> allowed = false;
  std::atomic<int> replaced = 0;
  {
    const auto pending = open(refuse);
    ASSERT_TRUE(pending->add({"a", SaveMode::kReplace}));
    ASSERT_TRUE(pending->add({"a", SaveMode::kKeep}));  // which found the replacement there and kept it
  }
  const auto pending = open([&](const PendingWrite& write) -> Status {
    if (!allowed) return refuse(write);
    if (write.mode == SaveMode::kReplace) ++replaced;
    return {};
  });
  ASSERT_TRUE(pending->add({"a", SaveMode::kKeep}));
  allowed = true;
  ASSERT_TRUE(pending->drain(soon()));
  EXPECT_EQ(replaced, 1);
}

// What a Writer was called with, and a gate that holds its first call.
struct HeldWriter {
  Status operator()(const PendingWrite& write) {
    most_at_once = std::max(most_at_once.load(), ++at_once);
    {
      const std::scoped_lock lock(mutex);
      calls.push_back(write);
    }
    ++called;
    while (held) std::this_thread::yield();
    --at_once;
    return failures-- > 0 ? refuse(write) : Status{};
  }
  void wait_until_called(int times) const {
    while (called < times) std::this_thread::yield();
  }

  std::atomic<bool> held = true;
  std::atomic<int> failures = 0, called = 0, at_once = 0, most_at_once = 0;
  std::mutex mutex;
  std::vector<PendingWrite> calls;
};

TEST_F(PendingWritesTest, WhatIsForgottenWhileItIsWrittenIsWithdrawnUntilThatWorks) {
  HeldWriter writer;
  const auto pending = open(std::ref(writer));
  ASSERT_TRUE(pending->add({"a", SaveMode::kKeep}));
  writer.wait_until_called(1);
  pending->forget("a");
  EXPECT_EQ(notes(), 0U);
  writer.failures = 2;  // the write itself and the first withdrawal
  writer.held = false;
  ASSERT_TRUE(pending->drain(soon()));
  ASSERT_EQ(writer.calls.size(), 3U);
  EXPECT_FALSE(writer.calls[0].withdrawn);
  EXPECT_TRUE(writer.calls[1].withdrawn);
  EXPECT_TRUE(writer.calls[2].withdrawn);
}

TEST_F(PendingWritesTest, WhatIsSavedAnewWhileTheOldIsWrittenReplacesItAfterwards) {
  HeldWriter writer;
  const auto pending = open(std::ref(writer));
  ASSERT_TRUE(pending->add({"a", SaveMode::kKeep}));
  writer.wait_until_called(1);
  pending->forget("a");
  ASSERT_TRUE(pending->add({"a", SaveMode::kKeep}));
  EXPECT_EQ(notes(), 1U);
  EXPECT_FALSE(pending->drain(Deadline::after(milliseconds(20))));
  writer.held = false;
  ASSERT_TRUE(pending->drain(soon()));
  EXPECT_EQ(writer.most_at_once, 1);
  ASSERT_EQ(writer.calls.size(), 2U);
  EXPECT_FALSE(writer.calls[1].withdrawn);
  EXPECT_EQ(writer.calls[1].mode, SaveMode::kReplace);
  EXPECT_EQ(notes(), 0U);
}

TEST_F(PendingWritesTest, ADamagedNoteIsAnErrorThatNamesIt) {
  std::ofstream(folder_ / "x.pending") << "keep ../../etc/passwd\n";
  const auto pending = PendingWrites::open({.folder = folder_}, refuse, [](const std::string&) { return Pin(); });
  ASSERT_FALSE(pending);
  EXPECT_NE(pending.error().message.find("x.pending"), std::string::npos);
}

}  // namespace
}  // namespace samcache

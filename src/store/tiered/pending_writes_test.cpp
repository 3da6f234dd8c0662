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

TEST_F(PendingWritesTest, ADamagedNoteIsAnErrorThatNamesIt) {
  std::ofstream(folder_ / "x.pending") << "keep ../../etc/passwd\n";
  const auto pending = PendingWrites::open({.folder = folder_}, refuse, [](const std::string&) { return Pin(); });
  ASSERT_FALSE(pending);
  EXPECT_NE(pending.error().message.find("x.pending"), std::string::npos);
}

}  // namespace
}  // namespace samcache

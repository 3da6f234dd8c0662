#include "store/verified_store.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "store/memory/memory_store.h"
#include "store/testing/fault_store.h"
#include "store/testing/store_contract.h"

namespace samcache {
namespace {

INSTANTIATE_TEST_SUITE_P(Verified, StoreContractTest,
                         testing::Values(StoreMaker{"verified", [] {
                                                      return std::make_shared<VerifiedStore>(
                                                          std::make_shared<MemoryStore>(64 << 20),
                                                          [](const std::string&, const SharedBytes&) {
                                                            return Status();
                                                          });
                                                    }}));

// A store whose objects are all the same 500 bytes, or wrong.
class VerifiedStoreTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(save("a").value()); }

  Result<bool> save(const std::string& name) { return store_.save(name, right_, SaveMode::kReplace, soon()); }
  bool loads_right() {
    const auto loaded = store_.load("a", soon());
    EXPECT_TRUE(loaded) << loaded.error().message;
    if (!loaded->has_value()) return false;
    EXPECT_TRUE(std::ranges::equal((*loaded)->span(), right_.span()));
    return true;
  }
  Status check(const std::string& name, const SharedBytes& bytes) const {
    if (std::ranges::equal(bytes.span(), right_.span())) return {};
    return Error{ErrorCode::kCorrupt, name + ": these are not the right bytes"};
  }

  const SharedBytes right_ = random_bytes(500, 1);
  const std::shared_ptr<MemoryStore> memory_ = std::make_shared<MemoryStore>(1 << 20);
  const std::shared_ptr<FaultStore> faults_ = std::make_shared<FaultStore>(memory_, 1);
  std::vector<std::string> heard_;
  VerifiedStore store_{faults_,
                       [this](const std::string& name, const SharedBytes& bytes) { return check(name, bytes); },
                       [this](const std::string& name, const std::string& message) {
                         EXPECT_EQ(name, "a");
                         heard_.push_back(message);
                       }};
};

TEST_F(VerifiedStoreTest, RightBytesPass) {
  EXPECT_TRUE(loads_right());
  EXPECT_EQ(store_.counts().checked, 2U);  // the save and the load
  EXPECT_EQ(store_.counts().mismatches, 0U);
  EXPECT_EQ(store_.kind(), "memory");
  EXPECT_EQ(store_.usage().objects, 1U);
}

TEST_F(VerifiedStoreTest, AFlipOnTheWayIsReadOnceMore) {
  faults_->fail_next(Operation::kLoad, Fault::kFlip);
  EXPECT_TRUE(loads_right());
  EXPECT_EQ(store_.counts().mismatches, 1U);
  EXPECT_EQ(store_.counts().recovered, 1U);
  EXPECT_EQ(store_.counts().quarantined, 0U);
  EXPECT_EQ(heard_, std::vector<std::string>{"a: these are not the right bytes; it was right when read again"});
}

TEST_F(VerifiedStoreTest, WhatIsWrongAtRestIsQuarantinedAndAMiss) {
  faults_->fail_next(Operation::kSave, Fault::kCut);
  ASSERT_TRUE(save("a"));
  EXPECT_FALSE(loads_right());
  EXPECT_FALSE(memory_->exists("a", soon()).value());
  EXPECT_EQ(store_.counts().mismatches, 1U);
  EXPECT_EQ(store_.counts().recovered, 0U);
  EXPECT_EQ(store_.counts().quarantined, 1U);
  ASSERT_EQ(heard_.size(), 1U);
  EXPECT_NE(heard_[0].find("quarantined"), std::string::npos) << heard_[0];
  EXPECT_TRUE(store_.save("a", right_, SaveMode::kKeep, soon()).value());  // made anew
  EXPECT_TRUE(loads_right());
}

TEST_F(VerifiedStoreTest, AStoreThatCannotQuarantineStillAnswersWithAMiss) {
  faults_->fail_next(Operation::kSave, Fault::kFlip);
  ASSERT_TRUE(save("a"));
  faults_->fail_next(Operation::kQuarantine, Fault::kIo);
  EXPECT_FALSE(loads_right());
  EXPECT_EQ(store_.counts().quarantined, 0U);
  EXPECT_NE(heard_.at(0).find("cannot be quarantined (cannot quarantine a: injected)"), std::string::npos) << heard_[0];
}

TEST_F(VerifiedStoreTest, AMismatchWhoseSecondReadFailsIsAMissAndStaysWhereItIs) {
  faults_->fail_next(Operation::kLoad, Fault::kFlip);
  faults_->fail_next(Operation::kLoad, Fault::kUnavailable);
  EXPECT_FALSE(loads_right());
  faults_->fail_next(Operation::kLoad, Fault::kFlip);
  faults_->fail_next(Operation::kLoad, Fault::kMiss);
  EXPECT_FALSE(loads_right());
  EXPECT_EQ(store_.counts().quarantined, 0U);
  EXPECT_EQ(heard_.size(), 2U);
  EXPECT_TRUE(loads_right());
}

TEST_F(VerifiedStoreTest, ErrorsOfTheStoreAreItsOwn) {
  faults_->fail_next(Operation::kLoad, Fault::kUnavailable);
  EXPECT_EQ(store_.load("a", soon()).error().code, ErrorCode::kUnavailable);
  faults_->fail_next(Operation::kSave, Fault::kOutOfSpace);
  EXPECT_EQ(save("a").error().code, ErrorCode::kOutOfSpace);
  EXPECT_EQ(store_.counts().mismatches, 0U);
}

TEST_F(VerifiedStoreTest, WrongBytesAreNotStored) {
  const Result<bool> saved = store_.save("b", random_bytes(500, 2), SaveMode::kReplace, soon());
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(saved.error().message, "will not store b: b: these are not the right bytes");
  EXPECT_FALSE(memory_->exists("b", soon()).value());
  EXPECT_EQ(store_.counts().refused, 1U);
}

TEST_F(VerifiedStoreTest, ManyThreadsNeverSeeWrongBytes) {
  VerifiedStore store(faults_,
                      [this](const std::string& name, const SharedBytes& bytes) { return check(name, bytes); });
  faults_->set_probability(Operation::kLoad, Fault::kFlip, 0.3);
  faults_->set_probability(Operation::kSave, Fault::kCut, 0.3);
  std::atomic<int> wrong = 0, right = 0;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        const auto loaded = store.load("a", soon());
        if (!loaded || (loaded->has_value() && !check("a", **loaded))) ++wrong;
        if (loaded && loaded->has_value()) ++right;
        if (loaded && !loaded->has_value() && !store.save("a", right_, SaveMode::kKeep, soon())) ++wrong;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(right, 500);
  EXPECT_GT(store.counts().recovered, 0U);
  EXPECT_GT(store.counts().quarantined, 0U);
}

}  // namespace
}  // namespace samcache

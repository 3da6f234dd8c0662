#include "store/testing/fault_store.h"

#include <algorithm>
#include <bit>
#include <thread>

#include "store/memory/memory_store.h"
#include "store/testing/store_contract.h"

namespace samcache {
namespace {

INSTANTIATE_TEST_SUITE_P(WithoutFaults, StoreContractTest,
                         testing::Values(StoreMaker{"healthy", [] {
                                                      return std::make_shared<FaultStore>(
                                                          std::make_shared<MemoryStore>(64 << 20), 1);
                                                    }}));

class FaultStoreTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(store_.save("a", bytes_, SaveMode::kReplace, soon()).value()); }

  ErrorCode load_error() { return store_.load("a", soon()).error().code; }
  SharedBytes stored() { return *inner_->load("a", soon()).value(); }
  int bits_apart(const SharedBytes& other) const {
    int bits = 0;
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
      bits += std::popcount(std::to_integer<unsigned>(bytes_.data()[i] ^ other.data()[i]));
    }
    return bits;
  }
  bool starts_bytes(const SharedBytes& part) const {
    return part.size() < bytes_.size() && std::ranges::equal(part.span(), bytes_.span().first(part.size()));
  }

  const SharedBytes bytes_ = random_bytes(1000, 1);
  const std::shared_ptr<MemoryStore> inner_ = std::make_shared<MemoryStore>(1 << 20);
  FaultStore store_{inner_, 7};
};

TEST_F(FaultStoreTest, WhatWasAskedForHappensInOrderAndThenNoMore) {
  store_.fail_next(Operation::kLoad, Fault::kIo);
  store_.fail_next(Operation::kLoad, Fault::kOutOfSpace);
  store_.fail_next(Operation::kLoad, Fault::kUnavailable, 2);
  store_.fail_next(Operation::kLoad, Fault::kMiss);
  EXPECT_EQ(load_error(), ErrorCode::kIo);
  EXPECT_EQ(load_error(), ErrorCode::kOutOfSpace);
  EXPECT_EQ(load_error(), ErrorCode::kUnavailable);
  EXPECT_EQ(load_error(), ErrorCode::kUnavailable);
  EXPECT_FALSE(store_.load("a", soon()).value());
  EXPECT_TRUE(store_.load("a", soon()).value());
  EXPECT_TRUE(store_.stat("a", soon()).value());
  EXPECT_EQ(store_.injected(Fault::kUnavailable), 2U);
}

TEST_F(FaultStoreTest, DamageOnTheWayLeavesWhatIsAtRest) {
  store_.fail_next(Operation::kLoad, Fault::kFlip);
  EXPECT_EQ(bits_apart(*store_.load("a", soon()).value()), 1);
  store_.fail_next(Operation::kLoad, Fault::kCut);
  EXPECT_TRUE(starts_bytes(*store_.load("a", soon()).value()));
  EXPECT_EQ(bits_apart(*store_.load("a", soon()).value()), 0);
}

TEST_F(FaultStoreTest, DamageAtRestIsStoredAndSeemsWell) {
  store_.fail_next(Operation::kSave, Fault::kFlip);
  EXPECT_TRUE(store_.save("a", bytes_, SaveMode::kReplace, soon()).value());
  EXPECT_EQ(bits_apart(stored()), 1);
  store_.fail_next(Operation::kSave, Fault::kCut);
  EXPECT_TRUE(store_.save("a", bytes_, SaveMode::kReplace, soon()).value());
  EXPECT_TRUE(starts_bytes(stored()));
}

TEST_F(FaultStoreTest, WritesFailInPartOrAfterwards) {
  store_.fail_next(Operation::kSave, Fault::kPartialWrite);
  EXPECT_EQ(store_.save("a", bytes_, SaveMode::kReplace, soon()).error().code, ErrorCode::kIo);
  EXPECT_TRUE(starts_bytes(stored()));
  store_.fail_next(Operation::kSave, Fault::kLostAnswer);
  EXPECT_EQ(store_.save("a", bytes_, SaveMode::kReplace, soon()).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(bits_apart(stored()), 0);
  store_.fail_next(Operation::kRemove, Fault::kIo);
  EXPECT_FALSE(store_.remove("a", soon()));
  EXPECT_TRUE(store_.exists("a", soon()).value());
}

TEST_F(FaultStoreTest, ADelayEndsWithTheDeadlineAtTheLatest) {
  store_.set_delay(std::chrono::milliseconds(20));
  store_.fail_next(Operation::kLoad, Fault::kDelay);
  const auto before = std::chrono::steady_clock::now();
  EXPECT_TRUE(store_.load("a", soon()).value());
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(20));
  store_.set_delay(std::chrono::hours(1));
  store_.fail_next(Operation::kLoad, Fault::kDelay);
  EXPECT_EQ(store_.load("a", Deadline::after(std::chrono::milliseconds(10))).error().code, ErrorCode::kUnavailable);
}

TEST_F(FaultStoreTest, AHangingCallWaitsForItsDeadlineOrUntilItIsReleased) {
  store_.fail_next(Operation::kLoad, Fault::kHang, 2);
  EXPECT_EQ(store_.load("a", Deadline::after(std::chrono::milliseconds(10))).error().code, ErrorCode::kUnavailable);
  std::atomic<bool> returned = false;
  std::jthread caller([&] {
    EXPECT_EQ(store_.load("a", Deadline::never()).error().code, ErrorCode::kUnavailable);
    returned = true;
  });
  while (!returned) {
    store_.release_hung();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

TEST_F(FaultStoreTest, ProbabilitiesAreMetAndTheSeedRepeatsThem) {
  const auto misses = [&](std::uint64_t seed) {
    FaultStore store(inner_, seed);
    store.set_probability(Operation::kLoad, Fault::kMiss, 0.2);
    store.set_probability(Operation::kLoad, Fault::kIo, 0.3);
    std::string seen;
    for (int i = 0; i < 2000; ++i) {
      const auto loaded = store.load("a", soon());
      seen += !loaded ? 'e' : loaded->has_value() ? '.' : 'm';
    }
    EXPECT_NEAR(static_cast<double>(store.injected(Fault::kMiss)), 400, 80);
    EXPECT_NEAR(static_cast<double>(store.injected(Fault::kIo)), 600, 90);
    store.heal();
    EXPECT_TRUE(store.load("a", soon()).value());
    return seen;
  };
  EXPECT_EQ(misses(1), misses(1));
  EXPECT_NE(misses(1), misses(2));
}

}  // namespace
}  // namespace samcache

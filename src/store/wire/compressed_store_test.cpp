#include "store/wire/compressed_store.h"

#include <algorithm>

#include "store/memory/memory_store.h"
#include "store/testing/store_contract.h"
#include "store/wire/testing/feature_maps.h"

namespace samcache {
namespace {

INSTANTIATE_TEST_SUITE_P(Compressed, StoreContractTest,
                         testing::Values(StoreMaker{"compressed_memory", [] {
                                                      return std::make_shared<CompressedStore>(
                                                          std::make_shared<MemoryStore>(64 << 20));
                                                    }}));

class CompressedStoreTest : public testing::Test {
 protected:
  void save(ObjectStore& store, const SharedBytes& bytes) {
    ASSERT_TRUE(store.save("a", bytes, SaveMode::kReplace, soon()).value());
  }
  void expect_holds(ObjectStore& store, const SharedBytes& bytes) {
    const auto loaded = store.load("a", soon());
    ASSERT_TRUE(loaded) << loaded.error().message;
    ASSERT_TRUE(loaded->has_value());
    EXPECT_TRUE(std::ranges::equal((*loaded)->span(), bytes.span()));
  }

  const SharedBytes map_ = encoding_of(gaussian_map({.channels = 64, .side = 72}, 1), WordKind::kBf16);
  std::shared_ptr<MemoryStore> inner_ = std::make_shared<MemoryStore>(64 << 20);
  CompressedStore store_{inner_};
};

TEST_F(CompressedStoreTest, KeepsFeatureMapsSmallerAndTellsTheSizeAsStored) {
  save(store_, map_);
  expect_holds(store_, map_);
  const auto info = store_.stat("a", soon()).value();
  ASSERT_TRUE(info);
  EXPECT_LT(info->size_bytes, map_.size() * 3 / 4);
  EXPECT_EQ(store_.list("", soon()).value().at(0).size_bytes, info->size_bytes);
  EXPECT_EQ(store_.usage().used_bytes, info->size_bytes);
  EXPECT_EQ(store_.kind(), "memory");
}

TEST_F(CompressedStoreTest, WhatDoesNotPayIsHandedThroughWithoutACopy) {
  const SharedBytes noise = random_bytes(100'000, 1);
  save(store_, noise);
  EXPECT_EQ(store_.load("a", soon()).value()->data(), noise.data());
}

TEST_F(CompressedStoreTest, ReadsWhatWasThereBeforeIt) {
  save(*inner_, map_);
  expect_holds(store_, map_);
}

TEST_F(CompressedStoreTest, AnObjectThatLooksLikeAFrameComesBackAsItWas) {
  const SharedBytes frame = encode_wire(map_);
  save(store_, frame);
  expect_holds(store_, frame);
  const SharedBytes magic_alone = frame.slice(0, 8);
  save(store_, magic_alone);
  expect_holds(store_, magic_alone);
}

TEST_F(CompressedStoreTest, ADamagedFrameIsCorruptAndNamed) {
  const SharedBytes frame = encode_wire(map_);
  save(*inner_, frame.slice(0, frame.size() - 1));
  const auto loaded = store_.load("a", soon());
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, ErrorCode::kCorrupt);
  EXPECT_TRUE(loaded.error().message.starts_with("cannot decompress a: ")) << loaded.error().message;
}

TEST_F(CompressedStoreTest, TheSizeLimitHoldsBothWays) {
  CompressedStore limited(inner_, map_.size() - 1);
  EXPECT_EQ(limited.save("a", map_, SaveMode::kReplace, soon()).error().code, ErrorCode::kTooLarge);
  save(store_, map_);
  EXPECT_EQ(limited.load("a", soon()).error().code, ErrorCode::kTooLarge);
}

TEST_F(CompressedStoreTest, PinsReachTheInnerStore) {
  save(store_, map_);
  const Pin pin = store_.pin("a");
  EXPECT_EQ(inner_->usage().pinned_bytes, inner_->usage().used_bytes);
}

}  // namespace
}  // namespace samcache

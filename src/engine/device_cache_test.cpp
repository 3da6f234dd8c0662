#include "engine/device_cache.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "engine/test_tiny_engine.h"

namespace samcache {
namespace {

class DeviceCacheTest : public ::testing::Test {
 protected:
  Result<std::shared_ptr<const PreparedImage>> prepare() {
    ++made_;
    return engine_->prepare(encoding_);
  }
  Result<std::shared_ptr<const ConceptImage>> prepare_concepts() {
    ++made_;
    return engine_->prepare_concepts(encoding_);
  }
  std::shared_ptr<const PreparedImage> prepared(DeviceCache& cache, const std::string& key) {
    return cache.prepared(key, [&] { return prepare(); }).value();
  }
  std::shared_ptr<const ConceptImage> concepts(DeviceCache& cache, const std::string& key) {
    return cache.concepts(key, [&] { return prepare_concepts(); }).value();
  }
  float predicted_iou(const PreparedImage& image) const {
    InteractivePrompt prompt;
    prompt.points.push_back({40, 50, true});
    return engine_->segment(image, prompt, {}).value().masks.at(0).predicted_iou;
  }

  const std::unique_ptr<Engine> engine_ = load_tiny(Precision::kFp32);
  const Encoding encoding_ =
      engine_->encode(test_picture(90, 70), identity(), std::array{Profile::kTrunk}).value().at(0);
  std::atomic<int> made_ = 0;
};

TEST_F(DeviceCacheTest, TheSizesAreThoseOfTheFeatures) {
  const Encoding interactive = engine_->derive(encoding_, Profile::kInteractive).value();
  EXPECT_EQ(device_bytes(*engine_->prepare(encoding_).value()), interactive.size_bytes());
  EXPECT_EQ(device_bytes(*engine_->prepare(interactive).value()), interactive.size_bytes());
  // At least what the masks are made of: the two finest levels of the detector, in whatever precision.
  const Encoding detector = engine_->derive(encoding_, Profile::kDetector).value();
  EXPECT_GE(device_bytes(*engine_->prepare_concepts(encoding_).value()),
            detector.tensors[0].data.size() + detector.tensors[1].data.size());
}

TEST_F(DeviceCacheTest, AnImageIsPreparedOnceAndAnswersAsAFreshOne) {
  DeviceCache cache(64 << 20);
  const auto first = prepared(cache, "image");
  EXPECT_EQ(prepared(cache, "image").get(), first.get());
  EXPECT_EQ(made_, 1);
  EXPECT_EQ(predicted_iou(*first), predicted_iou(*prepare().value()));
  EXPECT_EQ(cache.stats().bytes, device_bytes(*first));
  EXPECT_EQ(cache.stats().in_use_bytes, device_bytes(*first));
}

TEST_F(DeviceCacheTest, BothKindsShareKeysAndBudget) {
  DeviceCache cache(64 << 20);
  const std::uint64_t both = device_bytes(*prepared(cache, "m/image")) + device_bytes(*concepts(cache, "m/image"));
  EXPECT_EQ(made_, 2);
  EXPECT_EQ(cache.stats().bytes, both);
  EXPECT_EQ(cache.stats().in_use_bytes, 0U);
  const auto presence = [&](const ConceptImage& image) {
    return engine_->segment(image, {.text = "cat"}, {}).value().presence;
  };
  EXPECT_EQ(presence(*concepts(cache, "m/image")), presence(*engine_->prepare_concepts(encoding_).value()));
  EXPECT_EQ(made_, 2);
  cache.forget("m/");
  EXPECT_EQ(cache.stats().entries, 0U);
}

TEST_F(DeviceCacheTest, ImagesInUseStayAndOthersMakeRoom) {
  const std::uint64_t size_bytes = device_bytes(*prepare().value());
  DeviceCache cache(2 * size_bytes);
  const auto held = prepared(cache, "a");
  prepared(cache, "b");
  prepared(cache, "c");
  EXPECT_EQ(cache.stats().evictions, 1U);
  made_ = 0;
  EXPECT_EQ(prepared(cache, "a").get(), held.get());
  EXPECT_EQ(made_, 0);
  const auto also_held = prepared(cache, "c");
  prepared(cache, "d");
  EXPECT_EQ(cache.stats().uncached, 1U);
}

TEST_F(DeviceCacheTest, AColdImageIsPreparedOnceForAllWhoAsk) {
  DeviceCache cache(64 << 20);
  std::atomic<int> right = 0;
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 64; ++i) {
      callers.emplace_back([&] {
        const auto image = cache.prepared("image", [&] {
          while (cache.stats().joined < 63) std::this_thread::yield();
          return prepare();
        });
        if (image && *image) ++right;
      });
    }
  }
  EXPECT_EQ(right, 64);
  EXPECT_EQ(made_, 1);
}

TEST_F(DeviceCacheTest, WhatCannotBePreparedIsAnErrorEachTime) {
  DeviceCache cache(64 << 20);
  Encoding foreign = encoding_;
  foreign.metadata.model_fingerprint = std::string(32, '0');
  for (int i = 0; i < 2; ++i) {
    const auto image = cache.prepared("image", [&] { return engine_->prepare(foreign); });
    ASSERT_FALSE(image);
    EXPECT_EQ(image.error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(cache.stats().entries, 0U);
  EXPECT_EQ(cache.stats().misses, 2U);
}

}  // namespace
}  // namespace samcache

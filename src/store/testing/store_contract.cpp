#include "store/testing/store_contract.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <random>
#include <thread>

namespace samcache {

SharedBytes random_bytes(std::size_t size, std::uint64_t seed) {
  AlignedBuffer buffer(size);
  std::mt19937_64 random(seed);
  for (std::size_t i = 0; i < size; i += sizeof(std::uint64_t)) {
    const std::uint64_t value = random();
    std::memcpy(buffer.data() + i, &value, std::min(sizeof(value), size - i));
  }
  return std::move(buffer).share();
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StoreContractTest);

namespace {

bool same(const SharedBytes& a, const SharedBytes& b) { return std::ranges::equal(a.span(), b.span()); }

void expect_holds(ObjectStore& store, const std::string& name, const SharedBytes& bytes) {
  const auto loaded = store.load(name, soon());
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_TRUE(loaded->has_value()) << name;
  EXPECT_TRUE(same(**loaded, bytes)) << name;
}

void expect_saves(ObjectStore& store, const std::string& name, const SharedBytes& bytes) {
  const Result<bool> saved = store.save(name, bytes, SaveMode::kReplace, soon());
  ASSERT_TRUE(saved) << saved.error().message;
  EXPECT_TRUE(*saved);
}

TEST_P(StoreContractTest, WhatWasSavedIsLoadedByteForByte) {
  std::uint64_t seed = 0;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, std::size_t{4097},
                                 std::size_t{1} << 20, (std::size_t{10} << 20) + 4321, std::size_t{24} << 20}) {
    const std::string name = "size/" + std::to_string(size);
    const SharedBytes bytes = random_bytes(size, ++seed);
    expect_saves(*store_, name, bytes);
    expect_holds(*store_, name, bytes);
    ASSERT_TRUE(store_->remove(name, soon()));
  }
}

TEST_P(StoreContractTest, AMissIsAValue) {
  const auto loaded = store_->load("nothing/here", soon());
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_FALSE(loaded->has_value());
  const auto info = store_->stat("nothing/here", soon());
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_FALSE(info->has_value());
  EXPECT_FALSE(store_->exists("nothing/here", soon()).value());
  EXPECT_FALSE(store_->remove("nothing/here", soon()).value());
  EXPECT_TRUE(store_->list("nothing", soon()).value().empty());
}

TEST_P(StoreContractTest, StatTellsWithoutLoading) {
  expect_saves(*store_, "a/b", random_bytes(5000, 1));
  const auto info = store_->stat("a/b", soon());
  ASSERT_TRUE(info) << info.error().message;
  ASSERT_TRUE(info->has_value());
  EXPECT_EQ((*info)->name, "a/b");
  EXPECT_GE((*info)->size_bytes, 5000U);
  EXPECT_LE((*info)->size_bytes, 5000U + 256);  // a wrapper's envelope
  EXPECT_TRUE(store_->exists("a/b", soon()).value());
}

TEST_P(StoreContractTest, KeepLeavesWhatIsThereAndReplaceDoesNot) {
  const SharedBytes first = random_bytes(3000, 1);
  const SharedBytes second = random_bytes(4000, 2);
  EXPECT_TRUE(store_->save("x", first, SaveMode::kKeep, soon()).value());
  EXPECT_FALSE(store_->save("x", second, SaveMode::kKeep, soon()).value());
  expect_holds(*store_, "x", first);
  EXPECT_TRUE(store_->save("x", second, SaveMode::kReplace, soon()).value());
  expect_holds(*store_, "x", second);
}

TEST_P(StoreContractTest, OfSeveralWritersAtOnceExactlyOnePublishes) {
  std::atomic<int> published = 0;
  std::vector<std::jthread> writers;
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&, i] {
      const Result<bool> saved =
          store_->save("race", random_bytes(100'000, static_cast<std::uint64_t>(i)), SaveMode::kKeep, soon());
      if (saved && *saved) ++published;
    });
  }
  writers.clear();
  EXPECT_EQ(published, 1);
  const auto loaded = store_->load("race", soon());
  ASSERT_TRUE(loaded && loaded->has_value());
  bool whole = false;
  for (std::uint64_t i = 0; i < 8; ++i) whole = whole || same(**loaded, random_bytes(100'000, i));
  EXPECT_TRUE(whole);
}

TEST_P(StoreContractTest, ReadersSeeTheOldOrTheNewNeverAMixture) {
  const SharedBytes versions[2] = {random_bytes(300'000, 1), random_bytes(500'000, 2)};
  expect_saves(*store_, "swap", versions[0]);
  std::atomic<bool> stop = false;
  std::atomic<int> mixtures = 0, reads = 0;
  std::jthread reader([&] {
    while (!stop) {
      const auto loaded = store_->load("swap", soon());
      if (!loaded || !loaded->has_value() || !(same(**loaded, versions[0]) || same(**loaded, versions[1]))) ++mixtures;
      ++reads;
    }
  });
  for (int i = 0; i < 20 || reads < 20; ++i) expect_saves(*store_, "swap", versions[i % 2]);
  stop = true;
  reader.join();
  EXPECT_EQ(mixtures, 0);
}

TEST_P(StoreContractTest, WhatWasLoadedOutlivesItsRemoval) {
  const SharedBytes bytes = random_bytes(200'000, 3);
  expect_saves(*store_, "gone", bytes);
  const auto loaded = store_->load("gone", soon());
  ASSERT_TRUE(loaded && loaded->has_value());
  EXPECT_TRUE(store_->remove("gone", soon()).value());
  EXPECT_TRUE(same(**loaded, bytes));
  EXPECT_FALSE(store_->exists("gone", soon()).value());
}

TEST_P(StoreContractTest, ListsByPrefixInOrder) {
  for (const char* name : {"b/2", "a/1", "b/10", "b/1.x", "c"}) expect_saves(*store_, name, random_bytes(10, 1));
  const auto names = [&](const std::string& prefix) {
    std::vector<std::string> found;
    const std::vector<ObjectInfo> listed = store_->list(prefix, soon()).value();
    for (const ObjectInfo& info : listed) found.push_back(info.name);
    return found;
  };
  EXPECT_EQ(names("b/"), (std::vector<std::string>{"b/1.x", "b/10", "b/2"}));
  EXPECT_EQ(names("b/1"), (std::vector<std::string>{"b/1.x", "b/10"}));
  EXPECT_EQ(names(""), (std::vector<std::string>{"a/1", "b/1.x", "b/10", "b/2", "c"}));
  EXPECT_EQ(names("d"), std::vector<std::string>{});
}

TEST_P(StoreContractTest, NamesThatAreNoneAreRefusedEverywhere) {
  for (const std::string& name : {std::string("../x"), std::string("a//b"), std::string(""), std::string("A"),
                                  std::string("a/.b"), std::string("a\0b", 3)}) {
    const auto code = [](const auto& result) { return result ? ErrorCode::kIo : result.error().code; };
    EXPECT_EQ(code(store_->load(name, soon())), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code(store_->stat(name, soon())), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code(store_->remove(name, soon())), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code(store_->save(name, random_bytes(1, 1), SaveMode::kKeep, soon())), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code(store_->quarantine(name, soon())), ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(store_->list("../", soon()).error().code, ErrorCode::kInvalidArgument);
}

TEST_P(StoreContractTest, AQuarantinedObjectIsAMissAndMakesRoomForAnother) {
  expect_saves(*store_, "bad", random_bytes(1000, 1));
  ASSERT_TRUE(store_->quarantine("bad", soon()));
  EXPECT_FALSE(store_->exists("bad", soon()).value());
  EXPECT_FALSE(store_->load("bad", soon()).value().has_value());
  EXPECT_TRUE(store_->list("", soon()).value().empty());
  const SharedBytes good = random_bytes(1000, 2);
  EXPECT_TRUE(store_->save("bad", good, SaveMode::kKeep, soon()).value());
  expect_holds(*store_, "bad", good);
  EXPECT_TRUE(store_->quarantine("not/there", soon()));
}

TEST_P(StoreContractTest, ManyThreadsDoEverythingAtOnce) {
  std::vector<std::jthread> threads;
  std::atomic<int> wrong = 0;
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    threads.emplace_back([&, seed] {
      std::mt19937 random(static_cast<unsigned>(seed));
      for (int i = 0; i < 60; ++i) {
        const std::uint64_t object = random() % 10;
        const std::string name = "many/" + std::to_string(object);
        const SharedBytes bytes = random_bytes(20'000 + 1000 * object, object);
        switch (random() % 4) {
          case 0:
            if (!store_->save(name, bytes, SaveMode::kReplace, soon())) ++wrong;
            break;
          case 1:
            if (!store_->remove(name, soon())) ++wrong;
            break;
          case 2:
            if (!store_->list("many/", soon())) ++wrong;
            break;
          default: {
            const Pin pin = store_->pin(name);
            const auto loaded = store_->load(name, soon());
            if (!loaded || (loaded->has_value() && !same(**loaded, bytes))) ++wrong;
          }
        }
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace samcache

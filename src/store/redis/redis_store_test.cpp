#include "store/redis/redis_store.h"

#include <algorithm>
#include <thread>

#include "store/redis/redis_connection.h"
#include "store/redis/redis_manifest.h"
#include "store/redis/testing/redis_process.h"
#include "store/testing/store_contract.h"

namespace samcache {
namespace {

std::shared_ptr<ObjectStore> store_on_a_server_of_its_own() {
  auto server = std::make_shared<RedisProcess>();
  std::shared_ptr<RedisStore> store = RedisStore::create(server->options()).value();
  return {store.get(), [server, store](ObjectStore*) mutable { store.reset(); }};
}

INSTANTIATE_TEST_SUITE_P(Redis, StoreContractTest, testing::Values(StoreMaker{"redis", store_on_a_server_of_its_own}));

class RedisStoreTest : public testing::Test {
 protected:
  void use_server(std::vector<std::string> arguments) {
    server_ = std::make_unique<RedisProcess>(std::move(arguments));
  }
  RedisProcess& server() {
    if (server_ == nullptr) use_server({});
    return *server_;
  }
  std::unique_ptr<RedisStore> store(const std::function<void(RedisOptions&)>& change = [](RedisOptions&) {}) {
    RedisOptions options = server().options();
    options.chunk_bytes = 64 << 10;
    change(options);
    return RedisStore::create(options).value();
  }
  // Past the store: what an operator does with redis-cli.
  RedisReply ask(const RedisCommand& command, const std::string& password = "") {
    RedisOptions options = server().options();
    options.password = password;
    auto connection = RedisConnection::open(options, soon()).value();
    return connection->call(command, soon()).value();
  }
  long long keys() { return ask({"DBSIZE"})->integer; }
  std::vector<std::string> keys_of_chunks(const std::string& name) {
    const RedisReply text = ask({"GET", manifest_key("samcache:", name)});
    return chunk_keys("samcache:", parse_manifest(text_of_reply(*text).value()).value());
  }

  std::unique_ptr<RedisProcess> server_;
};

bool holds(ObjectStore& store, const std::string& name, const SharedBytes& bytes) {
  const auto loaded = store.load(name, soon());
  return loaded && loaded->has_value() && std::ranges::equal((*loaded)->span(), bytes.span());
}

bool misses(ObjectStore& store, const std::string& name) {
  const auto loaded = store.load(name, soon());
  EXPECT_TRUE(loaded) << loaded.error().message;
  return loaded && !loaded->has_value();
}

bool save(ObjectStore& store, const std::string& name, const SharedBytes& bytes) {
  return store.save(name, bytes, SaveMode::kReplace, soon()).value();
}

const SharedBytes kObject = random_bytes(300'001, 1);  // five chunks of 64 KiB

TEST_F(RedisStoreTest, WhatWasReplacedOrRemovedLeavesNothing) {
  const auto store = this->store();
  for (std::uint64_t i = 0; i < 5; ++i) save(*store, "a", random_bytes(200'000, i));
  EXPECT_EQ(keys(), 1 + 4);
  EXPECT_FALSE(store->save("a", kObject, SaveMode::kKeep, soon()).value());
  EXPECT_EQ(keys(), 1 + 4);
  EXPECT_TRUE(store->remove("a", soon()).value());
  EXPECT_EQ(keys(), 0);
}

TEST_F(RedisStoreTest, TwoMachinesShareWhatEitherSaved) {
  const auto one = store();
  const auto other = store([](RedisOptions& options) { options.chunk_bytes = 1 << 20; });
  save(*one, "a", kObject);
  EXPECT_TRUE(holds(*other, "a", kObject));
  const SharedBytes newer = random_bytes(3 << 20, 2);
  save(*other, "a", newer);
  EXPECT_TRUE(holds(*one, "a", newer));
  EXPECT_EQ(one->stat("a", soon()).value()->modified, other->stat("a", soon()).value()->modified);
  EXPECT_TRUE(other->remove("a", soon()).value());
  EXPECT_TRUE(misses(*one, "a"));
}

TEST_F(RedisStoreTest, PrefixesAndDatabasesKeepStoresApart) {
  const auto one = store();
  const auto other_prefix = store([](RedisOptions& options) { options.key_prefix = "other/"; });
  const auto other_database = store([](RedisOptions& options) { options.database = 3; });
  save(*one, "a", kObject);
  for (RedisStore* other : {other_prefix.get(), other_database.get()}) {
    EXPECT_TRUE(misses(*other, "a"));
    EXPECT_TRUE(other->list("", soon()).value().empty());
    save(*other, "a", random_bytes(10, 1));
  }
  EXPECT_TRUE(holds(*one, "a", kObject));
}

TEST_F(RedisStoreTest, WorksOverAUnixSocket) {
  const auto store = this->store([this](RedisOptions& options) {
    options.unix_socket = server().unix_socket();
    options.port = 1;
  });
  save(*store, "a", kObject);
  EXPECT_TRUE(holds(*store, "a", kObject));
}

TEST_F(RedisStoreTest, ObjectsGoByTheirTtl) {
  const auto store = this->store([](RedisOptions& options) { options.ttl = std::chrono::milliseconds(300); });
  save(*store, "a", kObject);
  const Deadline deadline = soon();
  while (keys() > 0 && !deadline.passed()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(keys(), 0);
  EXPECT_TRUE(misses(*store, "a"));
}

TEST_F(RedisStoreTest, ALoadRenewsTheTtlAndALookDoesNot) {
  const auto store = this->store();
  save(*store, "a", kObject);
  std::vector<std::string> all = keys_of_chunks("a");
  all.push_back(manifest_key("samcache:", "a"));
  for (const std::string& key : all) {
    EXPECT_GT(ask({"PTTL", key})->integer, 3'500'000);
    ask({"PEXPIRE", key, "60000"});
  }
  EXPECT_TRUE(store->exists("a", soon()).value());
  for (const std::string& key : all) EXPECT_LE(ask({"PTTL", key})->integer, 60'000);
  EXPECT_TRUE(holds(*store, "a", kObject));
  for (const std::string& key : all) EXPECT_GT(ask({"PTTL", key})->integer, 3'500'000);
}

TEST_F(RedisStoreTest, AnObjectThatLostAChunkIsAMissAndIsCleanedUp) {
  const auto store = this->store();
  const auto lose_a_chunk = [&](std::size_t index) {
    save(*store, "a", kObject);
    ask({"DEL", keys_of_chunks("a").at(index)});
  };
  for (const std::size_t index : {0, 2, 4}) {
    lose_a_chunk(index);
    EXPECT_TRUE(misses(*store, "a"));
    EXPECT_EQ(keys(), 0);
  }
  lose_a_chunk(1);
  EXPECT_FALSE(store->exists("a", soon()).value());
  EXPECT_EQ(keys(), 0);
  lose_a_chunk(1);
  EXPECT_FALSE(store->remove("a", soon()).value());
  EXPECT_EQ(keys(), 0);
  lose_a_chunk(3);
  EXPECT_TRUE(store->save("a", kObject, SaveMode::kKeep, soon()).value());  // there is nothing to keep
  EXPECT_TRUE(holds(*store, "a", kObject));
}

TEST_F(RedisStoreTest, DamageInTheServerIsCorruptUntilQuarantined) {
  const auto store = this->store();
  save(*store, "a", kObject);
  ask({"SET", keys_of_chunks("a").at(1), "short"});
  EXPECT_EQ(store->load("a", soon()).error().code, ErrorCode::kCorrupt);
  for (const char* manifest :
       {"", "nonsense", "1 0123456789abcdef0123456789abcdef 10 0 0",
        "1 0123456789abcdef0123456789abcdef 99999999999999999999 4096 0",
        "1 0123456789abcdef0123456789abcdef 281474976710656 4096 0", "1 0123456789abcdef0123456789abcdeG 10 4096 0",
        "2 0123456789abcdef0123456789abcdef 10 4096 0"}) {
    ask({"SET", manifest_key("samcache:", "a"), manifest});
    EXPECT_EQ(store->load("a", soon()).error().code, ErrorCode::kCorrupt) << manifest;
    EXPECT_EQ(store->stat("a", soon()).error().code, ErrorCode::kCorrupt) << manifest;
    EXPECT_TRUE(store->list("", soon()).value().empty()) << manifest;
  }
  EXPECT_TRUE(store->quarantine("a", soon()));
  EXPECT_TRUE(misses(*store, "a"));
  ask({"LPUSH", manifest_key("samcache:", "a"), "x"});
  EXPECT_EQ(store->load("a", soon()).error().code, ErrorCode::kIo);
}

TEST_F(RedisStoreTest, TheSizeLimitHoldsBothWays) {
  const auto limited = store([](RedisOptions& options) { options.max_object_bytes = kObject.size() - 1; });
  EXPECT_EQ(limited->save("a", kObject, SaveMode::kReplace, soon()).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(keys(), 0);
  save(*store(), "a", kObject);
  EXPECT_EQ(limited->load("a", soon()).error().code, ErrorCode::kTooLarge);
}

TEST_F(RedisStoreTest, ManyObjectsAreListedInSeveralSteps) {
  const auto store = this->store();
  for (int i = 0; i < 1300; ++i) save(*store, "many/" + std::to_string(i), random_bytes(10, 1));
  ask({"SET", "samcache:m:Not A Name", "x"});
  const auto listed = store->list("many/", soon()).value();
  EXPECT_EQ(listed.size(), 1300U);
  EXPECT_TRUE(std::ranges::is_sorted(listed, {}, &ObjectInfo::name));
  EXPECT_EQ(store->list("", soon()).value().size(), 1300U);
}

TEST_F(RedisStoreTest, AFullServerThatMayNotEvictIsOutOfSpace) {
  use_server({"--maxmemory", "8mb", "--maxmemory-policy", "noeviction"});
  const auto store = this->store();
  const auto saved = store->save("a", random_bytes(12 << 20, 1), SaveMode::kReplace, soon());
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().code, ErrorCode::kOutOfSpace) << saved.error().message;
  EXPECT_TRUE(saved.error().message.starts_with("redis at 127.0.0.1:")) << saved.error().message;
  EXPECT_EQ(keys(), 0);
  EXPECT_TRUE(save(*store, "a", kObject));
}

TEST_F(RedisStoreTest, AServerThatEvictsGivesWholeObjectsOrMisses) {
  use_server({"--maxmemory", "16mb", "--maxmemory-policy", "allkeys-random"});
  const auto store = this->store();
  int losses = 0;
  for (std::uint64_t round = 0; round < 40; ++round) {
    const std::uint64_t object = round % 12;
    const std::string name = "o/" + std::to_string(object);
    const SharedBytes bytes = random_bytes(1'500'000 + object, object);
    const auto loaded = store->load(name, soon());
    ASSERT_TRUE(loaded) << loaded.error().message;
    if (loaded->has_value()) {
      EXPECT_TRUE(std::ranges::equal((*loaded)->span(), bytes.span()));
    } else {
      losses += round >= 12 ? 1 : 0;
      const auto saved = store->save(name, bytes, SaveMode::kKeep, soon());
      ASSERT_TRUE(saved) << saved.error().message;
    }
  }
  EXPECT_GT(losses, 0);
}

TEST_F(RedisStoreTest, LogsIn) {
  use_server({"--requirepass", "top secret", "--user", "alice", "on", ">wonderland", "~*", "+@all"});
  const auto code = [&](const std::string& user, const std::string& password) {
    const auto store = this->store([&](RedisOptions& options) {
      options.user = user;
      options.password = password;
    });
    const auto saved = store->save("a", kObject, SaveMode::kReplace, soon());
    if (saved) return std::optional<ErrorCode>();
    EXPECT_EQ(saved.error().message.find("wrong one"), std::string::npos) << saved.error().message;
    return std::optional(saved.error().code);
  };
  EXPECT_EQ(code("", "top secret"), std::nullopt);
  EXPECT_EQ(code("alice", "wonderland"), std::nullopt);
  EXPECT_EQ(code("", "wrong one"), ErrorCode::kIo);
  EXPECT_EQ(code("alice", "wrong one"), ErrorCode::kIo);
  EXPECT_EQ(code("", ""), ErrorCode::kIo);
}

TEST(RedisOptionsTest, OptionsThatCannotBeAreRefused) {
  const auto code = [](const std::function<void(RedisOptions&)>& change) {
    RedisOptions options;
    change(options);
    const auto store = RedisStore::create(options);
    return store ? std::optional<ErrorCode>() : store.error().code;
  };
  EXPECT_EQ(code([](RedisOptions&) {}), std::nullopt);
  EXPECT_EQ(code([](RedisOptions& o) { o.tls = true; }), ErrorCode::kUnsupported);
  const std::function<void(RedisOptions&)> invalid[] = {
      [](RedisOptions& o) { o.key_prefix = "a*"; },
      [](RedisOptions& o) { o.key_prefix = std::string(65, 'a'); },
      [](RedisOptions& o) { o.port = 0; },
      [](RedisOptions& o) { o.host = ""; },
      [](RedisOptions& o) { o.user = "alice"; },
      [](RedisOptions& o) { o.database = -1; },
      [](RedisOptions& o) { o.ttl = {}; },
      [](RedisOptions& o) { o.chunk_bytes = 100; },
      [](RedisOptions& o) {
        o.chunk_bytes = 4096;
        o.max_object_bytes = std::uint64_t{1} << 30;
      },
      [](RedisOptions& o) { o.max_connections = 0; },
      [](RedisOptions& o) { o.command_timeout = {}; },
  };
  for (const auto& change : invalid) EXPECT_EQ(code(change), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace samcache

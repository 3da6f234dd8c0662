// Servers that die, hang, lie or come back: no caller waits past its deadline, none is told wrong bytes, and what works
// again is used again.
#include <algorithm>
#include <atomic>
#include <thread>

#include "store/redis/redis_store.h"
#include "store/redis/testing/redis_process.h"
#include "store/redis/testing/rude_peer.h"
#include "store/testing/store_contract.h"

namespace samcache {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// For a machine that is busy with other things.
constexpr milliseconds kGrace = seconds(3);

const SharedBytes kObject = random_bytes(2'000'000, 1);

std::unique_ptr<RedisStore> store_at(RedisOptions options) { return RedisStore::create(std::move(options)).value(); }

// Does every operation, each with `patience`; the codes of their errors.
std::vector<ErrorCode> all_fail_in_time(ObjectStore& store, milliseconds patience) {
  std::vector<ErrorCode> codes;
  const auto run = [&](const auto& operation) {
    const auto begin = Deadline::Clock::now();
    const auto result = operation(Deadline::after(patience));
    EXPECT_LT(Deadline::Clock::now() - begin, patience + kGrace);
    EXPECT_FALSE(result);
    if (result) return;
    EXPECT_NE(result.error().message.find("redis at 127.0.0.1:"), std::string::npos) << result.error().message;
    codes.push_back(result.error().code);
  };
  run([&](Deadline deadline) { return store.load("a", deadline); });
  run([&](Deadline deadline) { return store.stat("a", deadline); });
  run([&](Deadline deadline) { return store.save("a", kObject, SaveMode::kKeep, deadline); });
  run([&](Deadline deadline) { return store.save("a", kObject, SaveMode::kReplace, deadline); });
  run([&](Deadline deadline) { return store.remove("a", deadline); });
  run([&](Deadline deadline) { return store.list("", deadline); });
  return codes;
}

void expect_all(const std::vector<ErrorCode>& codes, ErrorCode code) {
  for (const ErrorCode one : codes) EXPECT_STREQ(error_code_name(one), error_code_name(code));
}

TEST(RedisFaults, NoServerIsUnavailableAtOnceAndThenUsedWhenItComes) {
  RedisProcess server;
  const auto store = store_at(server.options());
  server.kill();
  expect_all(all_fail_in_time(*store, seconds(10)), ErrorCode::kUnavailable);
  server.start();
  EXPECT_TRUE(store->save("a", kObject, SaveMode::kReplace, soon()).value());
}

TEST(RedisFaults, AServerThatWasRestartedBetweenCallsIsUsedAgain) {
  RedisProcess server;
  const auto store = store_at(server.options());
  ASSERT_TRUE(store->save("a", kObject, SaveMode::kReplace, soon()).value());
  server.kill();
  server.start();
  const auto loaded = store->load("a", soon());  // over the connection that ended
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_FALSE(loaded->has_value());
  EXPECT_TRUE(store->save("a", kObject, SaveMode::kReplace, soon()).value());
}

TEST(RedisFaults, AServerThatDiesUnderItsCallersNeitherHoldsNorDeceivesThem) {
  RedisProcess server;
  const auto store = store_at(server.options());
  constexpr milliseconds kPatience = seconds(2);
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0, late = 0, failed = 0, worked = 0;
  std::vector<std::jthread> callers;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    callers.emplace_back([&, seed] {
      const std::string name = "o/" + std::to_string(seed);
      const SharedBytes bytes = random_bytes(3'000'000, seed);
      while (!stop) {
        const auto begin = Deadline::Clock::now();
        const auto saved = store->save(name, bytes, SaveMode::kReplace, Deadline::after(kPatience));
        const auto loaded = store->load(name, Deadline::after(kPatience));
        if (Deadline::Clock::now() - begin > 2 * kPatience + kGrace) ++late;
        if (loaded && loaded->has_value() && !std::ranges::equal((*loaded)->span(), bytes.span())) ++wrong;
        for (const ErrorCode code : {saved ? ErrorCode::kUnavailable : saved.error().code,
                                     loaded ? ErrorCode::kUnavailable : loaded.error().code}) {
          if (code != ErrorCode::kUnavailable) ++wrong;
        }
        ++(saved && loaded ? worked : failed);
      }
    });
  }
  for (int round = 0; round < 4; ++round) {
    std::this_thread::sleep_for(milliseconds(150));
    server.kill();
    std::this_thread::sleep_for(milliseconds(50));
    server.start();
  }
  const int worked_before = worked;
  const Deadline deadline = soon();
  while (worked < worked_before + 8 && !deadline.passed()) std::this_thread::sleep_for(milliseconds(10));
  stop = true;
  callers.clear();
  EXPECT_GE(worked, worked_before + 8);
  EXPECT_GT(failed, 0);
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(late, 0);
}

TEST(RedisFaults, AServerThatStandsStillHoldsNobodyPastTheDeadline) {
  RedisProcess server;
  RedisOptions options = server.options();
  options.max_connections = 2;
  const auto store = store_at(options);
  ASSERT_TRUE(store->save("a", kObject, SaveMode::kReplace, soon()).value());
  server.pause();
  expect_all(all_fail_in_time(*store, milliseconds(200)), ErrorCode::kUnavailable);
  {
    // More callers than connections: those that wait for one give up in time, too.
    std::vector<std::jthread> callers;
    for (int i = 0; i < 6; ++i) callers.emplace_back([&] { (void)all_fail_in_time(*store, milliseconds(100)); });
  }
  server.resume();
  EXPECT_TRUE(store->load("a", soon()).value().has_value() || !store->exists("a", soon()).value());
  EXPECT_TRUE(store->save("a", kObject, SaveMode::kReplace, soon()).value());
}

TEST(RedisFaults, APeerThatNeverAnswersIsGivenUpByDeadlineOrByTimeout) {
  for (const bool is_polite_at_first : {false, true}) {
    const RudePeer peer([&](int fd, const std::atomic<bool>& stopping) {
      if (is_polite_at_first && !greet(fd, stopping)) return;
      while (wait_for_request(fd, stopping)) {
      }
    });
    expect_all(all_fail_in_time(*store_at(peer.options()), milliseconds(150)), ErrorCode::kUnavailable);

    RedisOptions hurried = peer.options();
    (is_polite_at_first ? hurried.command_timeout : hurried.connect_timeout) = milliseconds(100);
    const auto begin = Deadline::Clock::now();
    EXPECT_EQ(store_at(hurried)->load("a", Deadline::never()).error().code, ErrorCode::kUnavailable);
    EXPECT_LT(Deadline::Clock::now() - begin, kGrace);
  }
}

TEST(RedisFaults, APeerThatTricklesIsGivenUpByTheDeadline) {
  const RudePeer peer([](int fd, const std::atomic<bool>& stopping) {
    if (!greet(fd, stopping) || !wait_for_request(fd, stopping)) return;
    send_text(fd, "$1000000\r\n");
    for (int i = 0; i < 3000 && !stopping; ++i) {
      send_text(fd, "x");
      std::this_thread::sleep_for(milliseconds(5));
    }
  });
  const auto store = store_at(peer.options());
  const auto begin = Deadline::Clock::now();
  EXPECT_EQ(store->load("a", Deadline::after(milliseconds(200))).error().code, ErrorCode::kUnavailable);
  EXPECT_LT(Deadline::Clock::now() - begin, kGrace);
}

TEST(RedisFaults, APeerThatAnswersGarbageIsNoRedis) {
  std::atomic<int> connections = 0;  // every other one is greeted first
  for (const std::string& garbage :
       {std::string("HTTP/1.1 400 Bad Request\r\n\r\n"), std::string("\0\0\0\0\r\n", 6), std::string("$99999x\r\n"),
        std::string("*-7\r\n"), std::string(":12a\r\n"), std::string(1000, '\xff')}) {
    const RudePeer peer([&](int fd, const std::atomic<bool>& stopping) {
      if (connections++ % 2 == 1 && !greet(fd, stopping)) return;
      if (wait_for_request(fd, stopping)) send_text(fd, garbage);
      while (wait_for_request(fd, stopping)) {
      }
    });
    expect_all(all_fail_in_time(*store_at(peer.options()), seconds(2)), ErrorCode::kIo);
  }
}

TEST(RedisFaults, RepliesOfTheWrongKindAreErrorsAndNoCrash) {
  for (const std::string reply : {"*2\r\n$1\r\n0\r\n:5\r\n", ":5\r\n", "*0\r\n", "*-1\r\n", "*1\r\n*1\r\n*0\r\n"}) {
    const RudePeer peer([&](int fd, const std::atomic<bool>& stopping) {
      if (!greet(fd, stopping)) return;
      while (wait_for_request(fd, stopping)) send_text(fd, reply);
    });
    const auto store = store_at(peer.options());
    const auto loaded = store->load("a", Deadline::after(milliseconds(300)));
    EXPECT_FALSE(loaded && loaded->has_value());
    EXPECT_FALSE(store->stat("a", Deadline::after(milliseconds(300))).ok() && reply == ":5\r\n");
    EXPECT_FALSE(store->list("", Deadline::after(milliseconds(300))));
  }
}

TEST(RedisFaults, APeerThatSendsWithoutEndIsStopped) {
  const RudePeer peer([](int fd, const std::atomic<bool>& stopping) {
    if (!greet(fd, stopping) || !wait_for_request(fd, stopping)) return;
    send_text(fd, "$2000000000\r\n");
    const std::string much(1 << 20, 'x');
    for (int i = 0; i < 200 && !stopping; ++i) send_text(fd, much);
  });
  EXPECT_EQ(store_at(peer.options())->load("a", soon()).error().code, ErrorCode::kIo);
}

TEST(RedisFaults, AConnectionResetInTheMiddleOfAReplyIsUnavailable) {
  const std::string manifest = "1 0123456789abcdef0123456789abcdef 2000000 1048576 0";
  const std::string reply = "$" + std::to_string(manifest.size()) + "\r\n" + manifest + "\r\n";
  const RudePeer peer([&](int fd, const std::atomic<bool>& stopping) {
    if (!greet(fd, stopping) || !wait_for_request(fd, stopping)) return;
    send_text(fd, reply);
    if (!wait_for_request(fd, stopping)) return;
    send_text(fd, "$1048576\r\n" + std::string(500'000, 'x'));
    reset(fd);
  });
  const auto store = store_at(peer.options());
  for (int i = 0; i < 3; ++i) {
    const auto loaded = store->load("a", Deadline::after(seconds(5)));
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, ErrorCode::kUnavailable) << loaded.error().message;
  }
}

TEST(RedisFaults, ADeadlineThatHasPassedAsksNobody) {
  RedisProcess server;
  const auto store = store_at(server.options());
  expect_all(all_fail_in_time(*store, milliseconds(0)), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace samcache

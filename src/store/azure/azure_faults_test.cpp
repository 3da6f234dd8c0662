// What a store makes of a service or a network that misbehaves: never wrong bytes, nobody held past the deadline, and
// everything as before once the trouble is over.
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "store/azure/azure_store.h"
#include "store/azure/test_fake_blobs.h"
#include "store/testing/store_contract.h"

namespace samcache {
namespace {

using std::chrono::milliseconds;
using Answer = std::optional<TestAnswer>;

constexpr std::size_t kSeveralRanges = (std::size_t{5} << 20) + 77;

class AzureFaults : public testing::Test {
 protected:
  AzureFaults() : options_(blobs_.options()), bytes_(random_bytes(kSeveralRanges, 5)) {
    options_.stall_timeout = milliseconds(1500);
    blobs_.put("big", bytes_);
  }

  AzureStore& store() {
    if (!store_) store_ = AzureStore::open(options_).value();
    return *store_;
  }
  auto load(const std::string& name, Deadline deadline = soon()) { return store().load(name, deadline); }

  void expect_right(const std::string& name = "big") {
    const auto loaded = load(name);
    ASSERT_TRUE(loaded) << loaded.error().message;
    ASSERT_TRUE(loaded->has_value());
    EXPECT_TRUE(std::ranges::equal((*loaded)->span(), bytes_.span()));
  }
  // With an error of this code and these words in it; afterwards, without the fault, all is well.
  void expect_failure(ErrorCode code, const std::string& words) {
    const auto loaded = load("big");
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, code) << loaded.error().message;
    EXPECT_NE(loaded.error().message.find(words), std::string::npos) << loaded.error().message;
    EXPECT_EQ(loaded.error().message.find('\n'), std::string::npos);
    blobs_.set_fault({});
    expect_right();
  }

  // The first `count` requests go wrong in this way.
  template <class Make>
  void spoil_first(int count, const Make& make) {
    blobs_.set_fault([=](const TestRequest& request, int number) -> Answer {
      return number < count ? Answer(make(request)) : std::nullopt;
    });
  }

  FakeBlobs blobs_;
  AzureStoreOptions options_;
  SharedBytes bytes_;
  std::shared_ptr<AzureStore> store_;
};

double elapsed_ms(const auto& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

TEST_F(AzureFaults, WithoutAnyEveryRangeIsAskedForOnce) {
  expect_right();
  EXPECT_EQ(blobs_.requests(), 6);  // one for the beginning, and five of a MiB or less for the rest
}

TEST_F(AzureFaults, APauseThatIsAskedForIsMade) {
  spoil_first(2, [](const TestRequest&) {
    TestAnswer answer = refusal(503, "ServerBusy");
    answer.headers["Retry-After"] = "1";
    return answer;
  });
  EXPECT_GE(elapsed_ms([&] { expect_right(); }), 1990);
}

TEST_F(AzureFaults, APauseMayBeADate) {
  const std::string date = http_date_from_now(std::chrono::seconds(2));
  spoil_first(1, [=](const TestRequest&) {
    TestAnswer answer = refusal(429, "ServerBusy");
    answer.headers["Retry-After"] = date;
    return answer;
  });
  EXPECT_GE(elapsed_ms([&] { expect_right(); }), 900);
}

TEST_F(AzureFaults, APausePastTheDeadlineIsNotWaitedFor) {
  spoil_first(100, [](const TestRequest&) {
    TestAnswer answer = refusal(503, "ServerBusy");
    answer.headers["Retry-After"] = "20";
    return answer;
  });
  const double ms = elapsed_ms([&] {
    const auto loaded = load("big", Deadline::after(std::chrono::seconds(10)));
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, ErrorCode::kUnavailable);
    EXPECT_NE(loaded.error().message.find("HTTP 503 ServerBusy"), std::string::npos) << loaded.error().message;
  });
  EXPECT_LT(ms, 2000);
}

TEST_F(AzureFaults, TriesAreLimited) {
  blobs_.set_fault([](const TestRequest&, int) { return refusal(500, "InternalError"); });
  const auto loaded = load("big");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(blobs_.requests(), options_.retry.max_tries);
  EXPECT_NE(loaded.error().message.find("(6 tries)"), std::string::npos) << loaded.error().message;
  expect_failure(ErrorCode::kUnavailable, "cannot load big from azure account/container: HTTP 500 InternalError");
}

TEST_F(AzureFaults, ARefusalIsNotTriedAgainAndSaysWhatToDo) {
  blobs_.set_fault([](const TestRequest&, int) { return refusal(403, "AuthorizationPermissionMismatch"); });
  const auto info = store().stat("big", soon());
  ASSERT_FALSE(info);
  EXPECT_EQ(blobs_.requests(), 1);
  expect_failure(ErrorCode::kIo, "the SAS or the identity's role does not allow this operation");
}

TEST_F(AzureFaults, AMissingContainerIsNoMiss) {
  blobs_.set_fault([](const TestRequest&, int) { return refusal(404, "ContainerNotFound"); });
  EXPECT_FALSE(store().stat("big", soon()));
  EXPECT_FALSE(store().remove("big", soon()));
  EXPECT_FALSE(store().list("", soon()));
  EXPECT_FALSE(store().save("big", bytes_, SaveMode::kKeep, soon()));
  expect_failure(ErrorCode::kIo, "create the container");
}

TEST_F(AzureFaults, AServiceThatHangsHoldsNobodyPastTheDeadline) {
  blobs_.set_fault([](const TestRequest&, int) { return Answer(TestAnswer{.delay = std::chrono::seconds(60)}); });
  const Deadline::Clock::duration patience = milliseconds(300);
  const auto expect_in_time = [&](const char* what, const auto& operation) {
    const double ms = elapsed_ms([&] {
      const auto result = operation();
      ASSERT_FALSE(result) << what;
      EXPECT_EQ(result.error().code, ErrorCode::kUnavailable) << what;
      EXPECT_NE(result.error().message.find("waiting for 127.0.0.1:"), std::string::npos) << result.error().message;
    });
    EXPECT_LT(ms, 1500) << what;
  };
  expect_in_time("load", [&] { return load("big", Deadline::after(patience)); });
  expect_in_time("stat", [&] { return store().stat("big", Deadline::after(patience)); });
  expect_in_time("save", [&] { return store().save("y", bytes_, SaveMode::kKeep, Deadline::after(patience)); });
  expect_in_time("remove", [&] { return store().remove("big", Deadline::after(patience)); });
  expect_in_time("list", [&] { return store().list("", Deadline::after(patience)); });
  blobs_.set_fault({});
  expect_right();
}

TEST_F(AzureFaults, AStreamThatStallsIsBegunAnew) {
  options_.hedge_after = milliseconds(0);
  options_.stall_timeout = milliseconds(300);
  spoil_first(1, [this](const TestRequest& request) {
    TestAnswer answer = blobs_.proper_answer(request);
    return TestAnswer{.raw = "HTTP/1.1 206 x\r\nETag: " + answer.headers["ETag"] + "\r\nContent-Range: " +
                             answer.headers["Content-Range"] + "\r\nContent-Length: 1048576\r\n\r\nhalf"};
  });
  const double ms = elapsed_ms([&] { expect_right(); });
  EXPECT_GE(ms, 300);
  EXPECT_LT(ms, 5000);
}

TEST_F(AzureFaults, WhatIsLateIsAskedForTwice) {
  options_.hedge_after = milliseconds(100);
  spoil_first(1, [this](const TestRequest& request) {
    TestAnswer answer = blobs_.proper_answer(request);
    answer.delay = std::chrono::seconds(20);
    return answer;
  });
  EXPECT_LT(elapsed_ms([&] { expect_right(); }), 5000);
  // And in the middle.
  blobs_.set_fault([this](const TestRequest& request, int number) -> Answer {
    if (number != 3) return std::nullopt;
    TestAnswer answer = blobs_.proper_answer(request);
    answer.delay = std::chrono::seconds(20);
    return answer;
  });
  EXPECT_LT(elapsed_ms([&] { expect_right(); }), 5000);
}

TEST_F(AzureFaults, NobodyListensAndThenSomebodyDoes) {
  options_.account.endpoint = "http://127.0.0.1:" + std::to_string(free_loopback_port()) + "/account";
  options_.retry.max_tries = 3;
  const auto loaded = load("big");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(loaded.error().message.find("(3 tries)"), std::string::npos) << loaded.error().message;
}

TEST_F(AzureFaults, BodiesThatAreCutOffOrTooLongAreReadAgain) {
  spoil_first(5, [this](const TestRequest& request) {
    TestAnswer answer = blobs_.proper_answer(request);
    static std::atomic<int> kind = 0;
    switch (kind++ % 3) {
      case 0:
        answer.announced_length = std::to_string(answer.body.size());
        answer.body.resize(answer.body.size() / 2);
        answer.hang_up = true;
        break;
      case 1: answer.body += "more"; break;
      default:
        answer.body.resize(answer.body.size() / 3);
        answer.announced_length = "1048576";
        answer.reset = true;
    }
    return answer;
  });
  expect_right();
}

TEST_F(AzureFaults, AFlippedBitIsSeenByItsMd5) {
  const auto flipped = [this](const TestRequest& request) {
    TestAnswer answer = blobs_.proper_answer(request);
    if (!answer.body.empty()) answer.body[answer.body.size() / 2] ^= 1;
    return answer;
  };
  spoil_first(3, flipped);
  expect_right();
  spoil_first(1000, flipped);
  expect_failure(ErrorCode::kCorrupt, "MD5");
}

TEST_F(AzureFaults, AnAnswerToAnotherQuestionIsRefused) {
  options_.retry.max_tries = 2;
  for (const char* range :
       {"bytes 1-1048576/5242957", "bytes 0-1048575/*", "bytes 0-99/5242957", "bytes 0-1048575/1048575",
        "bytes 0-1048576/5242957", "", "bytes 0-1048575/99999999999999999999999"}) {
    blobs_.set_fault([this, range](const TestRequest& request, int) -> Answer {
      TestAnswer answer = blobs_.proper_answer(request);
      answer.headers["Content-Range"] = range;
      return answer;
    });
    expect_failure(ErrorCode::kIo, "Content-Range");
  }
  // Ranges that cannot be of one version.
  blobs_.set_fault([this](const TestRequest& request, int) -> Answer {
    if (request.header("if-match").empty()) return std::nullopt;
    TestAnswer answer = blobs_.proper_answer(request);
    answer.headers["Content-Range"] += "0";
    return answer;
  });
  expect_right();
  EXPECT_GT(blobs_.requests(), 3 * 2);
  blobs_.set_fault([this](const TestRequest& request, int) -> Answer {
    TestAnswer answer = blobs_.proper_answer(request);
    answer.status = 200;
    return answer;
  });
  expect_failure(ErrorCode::kIo, "Content-Range");
  blobs_.set_fault([this](const TestRequest& request, int) -> Answer {
    TestAnswer answer = blobs_.proper_answer(request);
    answer.headers.erase("ETag");
    return answer;
  });
  expect_failure(ErrorCode::kIo, "ETag");
}

TEST_F(AzureFaults, AHugeSizeIsNotBelieved) {
  blobs_.set_fault([this](const TestRequest& request, int) -> Answer {
    TestAnswer answer = blobs_.proper_answer(request);
    answer.headers["Content-Range"] = "bytes 0-1048575/9223372036854775808";
    return answer;
  });
  expect_failure(ErrorCode::kTooLarge, "the limit is 1073741824");
}

TEST_F(AzureFaults, HostileHeadsAreRefused) {
  options_.retry.max_tries = 2;
  const std::string head = "HTTP/1.1 206 x\r\nETag: \"e\"\r\nContent-Range: bytes 0-1048575/5242957\r\n";
  for (const std::string& raw : {
           head + "Content-Length: 9223372036854775808\r\n\r\nx",
           head + "Content-Length: -1\r\n\r\nx",
           head + "Content-Length: 99999999999999999999999\r\n\r\nx",
           head + "Content-Length: 10\r\n\r\n0123456789",
           head + "X: " + std::string(200'000, 'x') + "\r\n\r\n",
           head +
               [] {
                 std::string lines;
                 for (int i = 0; i < 5000; ++i) lines += "X-" + std::to_string(i) + ": some text\r\n";
                 return lines;
               }() +
               "\r\n",
           std::string("garbage, and no HTTP at all\r\n\r\n"),
           std::string("HTTP/1.1 999999 x\r\n\r\n"),
           std::string("HTTP/1.1 206\r\nTransfer-Encoding: chunked\r\nETag: e\r\nContent-Range: bytes 0-1048575/5242957"
                       "\r\n\r\nFFFFFFFFFFFFFFFFF\r\n"),
           std::string("\0\0\0\0", 4),
       }) {
    blobs_.set_fault([&](const TestRequest&, int) -> Answer { return TestAnswer{.raw = raw, .hang_up = true}; });
    const auto loaded = load("big");
    ASSERT_FALSE(loaded) << raw.substr(0, 300);
    EXPECT_LT(loaded.error().message.size(), 1000U);
  }
  blobs_.set_fault({});
  expect_right();
}

TEST_F(AzureFaults, ARefusalOfManyMegabytesIsNotKept) {
  blobs_.set_fault(
      [](const TestRequest&, int) -> Answer { return TestAnswer{.status = 400, .body = std::string(8 << 20, '<')}; });
  expect_failure(ErrorCode::kIo, "HTTP 400");
}

TEST_F(AzureFaults, ABlobThatIsReplacedMeanwhileIsReadWhole) {
  const SharedBytes other = random_bytes(kSeveralRanges + 1000, 6);
  blobs_.set_fault([&](const TestRequest&, int number) -> Answer {
    if (number == 2) blobs_.put("big", other);
    return std::nullopt;
  });
  const auto loaded = load("big");
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_TRUE(std::ranges::equal((*loaded)->span(), other.span()));
}

TEST_F(AzureFaults, ABlobThatIsReplacedAllTheTimeIsReadInOneAnswer) {
  blobs_.set_fault([&](const TestRequest& request, int) -> Answer {
    if (request.header("x-ms-range").starts_with("bytes=1048576-")) blobs_.put("big", bytes_);
    return std::nullopt;
  });
  expect_right();
  EXPECT_LE(blobs_.requests(), 3 * 6 + 1);
}

TEST_F(AzureFaults, ListsThatAreNoneOrDoNotEndAreRefused) {
  const auto answer_lists_with = [&](const std::string& body) {
    blobs_.set_fault([=](const TestRequest&, int) -> Answer { return TestAnswer{.body = body}; });
    const auto listed = store().list("", soon());
    EXPECT_FALSE(listed);
    return listed ? ErrorCode::kIo : listed.error().code;
  };
  EXPECT_EQ(answer_lists_with("<<<>>>"), ErrorCode::kCorrupt);
  EXPECT_EQ(answer_lists_with(""), ErrorCode::kCorrupt);
  EXPECT_EQ(answer_lists_with("<EnumerationResults><Blobs/><NextMarker>again</NextMarker></EnumerationResults>"),
            ErrorCode::kCorrupt);
}

TEST_F(AzureFaults, AWrongClockIsCorrectedByTheServices) {
  blobs_.set_fault([](const TestRequest& request, int) -> Answer {
    // Two hours ahead of us; signatures of a quarter of an hour before are refused.
    const auto sent = request.header("x-ms-date");
    const bool fresh = sent >= http_date_from_now(std::chrono::hours(2) - std::chrono::minutes(2)) &&
                       sent <= http_date_from_now(std::chrono::hours(2) + std::chrono::minutes(2));
    if (fresh) return std::nullopt;
    TestAnswer answer = refusal(403, "AuthenticationFailed");
    answer.headers["Date"] = http_date_from_now(std::chrono::hours(2));
    return answer;
  });
  expect_right();
  const int requests = blobs_.requests();
  expect_right();
  EXPECT_EQ(blobs_.requests() - requests, requests - 1);  // learnt once
}

TEST_F(AzureFaults, AWrongKeyIsNotTriedAgain) {
  blobs_.set_fault([](const TestRequest&, int) -> Answer {
    TestAnswer answer = refusal(403, "AuthenticationFailed");
    answer.headers["Date"] = http_date_from_now(std::chrono::seconds(0));
    return answer;
  });
  ASSERT_FALSE(load("big"));
  EXPECT_EQ(blobs_.requests(), 1);
  expect_failure(ErrorCode::kIo, "check the key");
}

TEST_F(AzureFaults, SecretsStandInNoMessage) {
  options_.account.credential = SasCredential{"?sv=2023&sig=SECRET"};
  options_.retry.max_tries = 2;
  for (const int status : {400, 401, 403, 503}) {
    blobs_.set_fault([=](const TestRequest& request, int) -> Answer {
      EXPECT_TRUE(request.path.ends_with("?sv=2023&sig=SECRET"));
      return refusal(status, "Why");
    });
    EXPECT_EQ(load("big").error().message.find("SECRET"), std::string::npos);
  }
}

// The request is carried out, but its answer is lost.
Answer carried_out_but(FakeBlobs& blobs, const TestRequest& request) {
  (void)blobs.proper_answer(request);
  return TestAnswer{.raw = "HTTP/1.1 ", .reset = true};
}

TEST_F(AzureFaults, WhoseAnswerIsLostStillKnowsThatHeWon) {
  const SharedBytes small = random_bytes(1000, 9);
  spoil_first(1, [this](const TestRequest& request) { return *carried_out_but(blobs_, request); });
  EXPECT_TRUE(store().save("small", small, SaveMode::kKeep, soon()).value());
  EXPECT_FALSE(store().save("small", small, SaveMode::kKeep, soon()).value());
  // Somebody else's, and nothing lost.
  spoil_first(1, [this](const TestRequest&) {
    blobs_.put("theirs", bytes_);
    return TestAnswer{.raw = "HTTP/1.1 ", .reset = true};
  });
  EXPECT_FALSE(store().save("theirs", small, SaveMode::kKeep, soon()).value());
}

TEST_F(AzureFaults, WhoseRemovalIsLostStillKnowsThatThereWasSomething) {
  spoil_first(1, [this](const TestRequest& request) { return *carried_out_but(blobs_, request); });
  EXPECT_TRUE(store().remove("big", soon()).value());
  EXPECT_FALSE(store().remove("big", soon()).value());
}

TEST_F(AzureFaults, BlocksThatVanishAreSentAgain) {
  options_.max_single_put_bytes = 1 << 20;
  blobs_.set_fault([](const TestRequest& request, int number) -> Answer {
    const bool first_list = request.path.find("comp=blocklist") != std::string::npos && number < 8;
    return first_list ? Answer(refusal(400, "InvalidBlockList")) : std::nullopt;
  });
  EXPECT_TRUE(store().save("blocks", bytes_, SaveMode::kReplace, soon()).value());
  expect_right("blocks");
}

TEST_F(AzureFaults, WhatIsDamagedOnItsWayToTheServiceIsSentAgain) {
  options_.max_single_put_bytes = 1 << 20;
  blobs_.set_fault([](const TestRequest& request, int number) -> Answer {
    EXPECT_FALSE(request.method == "PUT" && request.header("content-md5").empty());
    return number % 3 == 0 ? Answer(refusal(400, "Md5Mismatch")) : std::nullopt;
  });
  EXPECT_TRUE(store().save("sent", bytes_, SaveMode::kReplace, soon()).value());
  blobs_.set_fault({});
  expect_right("sent");
}

TEST_F(AzureFaults, AnObjectOverTheLimitIsNotSent) {
  options_.max_object_bytes = 1 << 20;
  const auto saved = store().save("x", bytes_, SaveMode::kReplace, soon());
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(blobs_.requests(), 0);
}

class AzureSecondary : public AzureFaults {
 protected:
  AzureSecondary() {
    options_.account.secondary_endpoint = second_.url() + "/account";
    second_.put("big", bytes_);  // both call it "v1"
  }
  FakeBlobs second_;
};

TEST_F(AzureSecondary, AnswersWhenThePrimaryDoesNot) {
  blobs_.set_fault([](const TestRequest&, int) { return refusal(503, "ServerBusy"); });
  expect_right();
  EXPECT_EQ(blobs_.requests(), 1);  // the ranges after the first went where the first was answered
  EXPECT_TRUE(store().stat("big", soon()).value().has_value());
  EXPECT_FALSE(store().save("new", bytes_, SaveMode::kReplace, Deadline::after(milliseconds(500))));
  EXPECT_EQ(second_.get("new"), std::nullopt);  // it can be read only
}

TEST_F(AzureSecondary, AnswersWhenThePrimaryHangs) {
  options_.hedge_after = milliseconds(100);
  blobs_.set_fault([](const TestRequest&, int) { return Answer(TestAnswer{.delay = std::chrono::seconds(60)}); });
  EXPECT_LT(elapsed_ms([&] { expect_right(); }), 5000);
}

TEST_F(AzureSecondary, WhatItDoesNotHaveYetThePrimaryIsAskedFor) {
  blobs_.put("new", bytes_);
  spoil_first(1, [](const TestRequest&) { return refusal(500, "InternalError"); });
  expect_right("new");
  spoil_first(1, [](const TestRequest&) { return refusal(500, "InternalError"); });
  EXPECT_FALSE(load("nowhere").value().has_value());  // the primary has said so
  EXPECT_EQ(blobs_.requests(), 2);
}

TEST_F(AzureSecondary, AnOlderVersionThereIsNotMixedIn) {
  const SharedBytes newer = random_bytes(kSeveralRanges, 8);
  blobs_.put("big", newer);
  blobs_.set_fault([](const TestRequest& request, int number) -> Answer {
    const bool rest = !request.header("if-match").empty();
    return rest && number % 2 == 1 ? Answer(refusal(503, "ServerBusy")) : std::nullopt;
  });
  const auto loaded = load("big");
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_TRUE(std::ranges::equal((*loaded)->span(), newer.span()));
}

}  // namespace
}  // namespace samcache

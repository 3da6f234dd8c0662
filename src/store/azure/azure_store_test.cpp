// The store against Azurite, straight and through a network that is slow or breaks.
#include "store/azure/azure_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <random>
#include <thread>

#include "store/azure/azure_digests.h"
#include "store/azure/connection_string.h"
#include "store/azure/http_client.h"
#include "store/azure/test_azurite.h"
#include "store/azure/test_http_server.h"
#include "store/azure/test_sockets.h"
#include "store/azure/test_tcp_proxy.h"
#include "store/testing/store_contract.h"

namespace samcache {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kEncodingBytes = (std::size_t{101} << 20) / 10;  // 10.1 MiB, as most objects have

std::shared_ptr<AzureStore> opened(const AzureStoreOptions& options) {
  auto store = AzureStore::open(options);
  if (!store) throw std::runtime_error(store.error().message);
  return *store;
}

AzureStoreOptions in_small_parts() {
  AzureStoreOptions options = shared_azurite().options();
  options.first_range_bytes = 3000;
  options.min_range_bytes = 5000;
  options.max_single_put_bytes = 50'000;
  options.min_block_bytes = 20'000;
  return options;
}

INSTANTIATE_TEST_SUITE_P(Azure, StoreContractTest,
                         testing::Values(StoreMaker{"azure", [] { return opened(shared_azurite().options()); }},
                                         StoreMaker{"in_small_parts", [] { return opened(in_small_parts()); }}),
                         [](const auto& instance) { return instance.param.name; });

void expect_holds(AzureStore& store, const std::string& name, const SharedBytes& bytes) {
  const auto loaded = store.load(name, soon());
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_TRUE(loaded->has_value()) << name;
  EXPECT_TRUE(std::ranges::equal((*loaded)->span(), bytes.span())) << name;
}

int status_of(const std::string& url, const std::string& ca_file = "", std::string* body = nullptr) {
  HttpClient client({.ca_file = ca_file});
  const auto reply = http_exchange(client, {.method = "GET", .url = url}, 64 << 20, "the URL", soon());
  if (!reply) throw std::runtime_error(reply.error().message);
  if (body) *body = reply->body;
  return reply->head.status;
}

std::string query_of(const std::string& url) { return url.substr(url.find('?') + 1); }

TEST(AzureStore, AContainerMayBeThereAlreadyAndMayBeMissing) {
  AzureStoreOptions options = shared_azurite().options();
  EXPECT_TRUE(AzureStore::open(options));
  EXPECT_TRUE(AzureStore::open(options));
  options.container = "nobody-made-this";
  options.create_container = false;
  const auto store = opened(options);
  const auto loaded = store->load("x", soon());
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message.find("create the container"), std::string::npos) << loaded.error().message;
  EXPECT_FALSE(store->stat("x", soon()));
}

TEST(AzureStore, StatTellsWhenAnObjectWasSaved) {
  const auto store = opened(shared_azurite().options());
  ASSERT_TRUE(store->save("x", random_bytes(10, 1), SaveMode::kReplace, soon()).value());
  const auto now = std::chrono::system_clock::now();
  const auto near = [&](std::chrono::system_clock::time_point time) {
    return std::chrono::abs(time - now) < std::chrono::minutes(1);
  };
  EXPECT_TRUE(near(store->stat("x", soon()).value()->modified));
  EXPECT_TRUE(near(store->list("", soon()).value().at(0).modified));
}

TEST(AzureStore, ListsOverManyPages) {
  AzureStoreOptions options = shared_azurite().options();
  options.list_page_blobs = 7;
  const auto store = opened(options);
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(store->save("n/" + std::to_string(i), random_bytes(1, 1), SaveMode::kReplace, soon()).value());
  }
  const auto listed = store->list("n/", soon()).value();
  EXPECT_EQ(listed.size(), 30U);
  EXPECT_TRUE(std::ranges::is_sorted(listed, {}, &ObjectInfo::name));
}

TEST(AzureStore, AWrongKeyIsRefused) {
  AzureStoreOptions options = shared_azurite().options();
  options.account.credential = SharedKeyCredential{"d3Jvbmcga2V5"};
  const auto store = AzureStore::open(options);
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find("HTTP 403 AuthorizationFailure"), std::string::npos) << store.error().message;
}

TEST(AzureStore, ASignedUrlReadsOneBlobUntilItExpires) {
  const auto store = opened(shared_azurite().options());
  const SharedBytes bytes = random_bytes(5000, 3);
  ASSERT_TRUE(store->save("a/b.bin", bytes, SaveMode::kReplace, soon()).value());
  ASSERT_TRUE(store->save("other", bytes, SaveMode::kReplace, soon()).value());
  const std::string url =
      store->signed_read_url("a/b.bin", std::chrono::minutes(5), soon(), {.content_type = "image/png"}).value();
  std::string body;
  EXPECT_EQ(status_of(url, "", &body), 200);
  EXPECT_TRUE(std::ranges::equal(bytes_of(body), bytes.span()));
  std::string elsewhere = url;
  elsewhere.replace(elsewhere.find("a/b.bin"), 7, "other");
  EXPECT_EQ(status_of(elsewhere), 403);
  EXPECT_EQ(status_of(url.substr(0, url.find('?'))), 403);
  const std::string brief = store->signed_read_url("a/b.bin", std::chrono::seconds(1), soon()).value();
  std::this_thread::sleep_for(milliseconds(2100));
  EXPECT_EQ(status_of(brief), 403);
  EXPECT_EQ(store->signed_read_url("a/b.bin", std::chrono::seconds(0), soon()).error().code,
            ErrorCode::kInvalidArgument);
}

TEST(AzureStore, ASignatureForReadingReadsAndDoesNotWrite) {
  AzureStoreOptions options = shared_azurite().options();
  const auto owner = opened(options);
  const SharedBytes bytes = random_bytes(kEncodingBytes, 4);
  ASSERT_TRUE(owner->save("x", bytes, SaveMode::kReplace, soon()).value());
  options.create_container = false;
  options.account.credential =
      SasCredential{"?" + query_of(owner->signed_read_url("x", std::chrono::minutes(5), soon()).value())};
  const auto reader = opened(options);
  expect_holds(*reader, "x", bytes);
  const auto saved = reader->save("x", random_bytes(10, 1), SaveMode::kReplace, soon());
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().code, ErrorCode::kIo);
  EXPECT_NE(saved.error().message.find("HTTP 403"), std::string::npos) << saved.error().message;
  EXPECT_EQ(reader->signed_read_url("x", std::chrono::minutes(5), soon()).error().code, ErrorCode::kUnsupported);
  expect_holds(*owner, "x", bytes);
}

TEST(AzureStore, ReadsFromTheSecondaryWhenThePrimaryIsGone) {
  AzureStoreOptions options = shared_azurite().options();
  const auto owner = opened(options);
  const SharedBytes bytes = random_bytes(kEncodingBytes, 5);
  ASSERT_TRUE(owner->save("x", bytes, SaveMode::kReplace, soon()).value());
  options.account.secondary_endpoint = conventional_secondary(options.account);
  options.account.endpoint = shared_azurite().endpoint(free_loopback_port());
  options.create_container = false;
  const auto reader = opened(options);
  expect_holds(*reader, "x", bytes);
  EXPECT_TRUE(reader->exists("x", soon()).value());
  EXPECT_EQ(reader->list("", soon()).value().size(), 1U);
}

TEST(AzureStore, OfSeveralWritersOfBlocksAtOnceEachEndsWell) {
  const auto store = opened(in_small_parts());
  const auto race = [&](const std::string& name, SaveMode mode) {
    std::atomic<int> stored = 0, failed = 0;
    std::vector<std::jthread> writers;
    for (std::uint64_t i = 0; i < 4; ++i) {
      writers.emplace_back([&, i] {
        const auto saved = store->save(name, random_bytes(300'000, i), mode, soon());
        stored += saved && *saved ? 1 : 0;
        failed += saved ? 0 : 1;
      });
    }
    writers.clear();
    EXPECT_EQ(failed, 0) << name;
    const auto loaded = store->load(name, soon());
    bool whole = false;
    for (std::uint64_t i = 0; i < 4; ++i) {
      whole = whole || std::ranges::equal(loaded.value()->span(), random_bytes(300'000, i).span());
    }
    EXPECT_TRUE(whole) << name;
    return stored.load();
  };
  EXPECT_EQ(race("replace", SaveMode::kReplace), 4);
  EXPECT_EQ(race("keep", SaveMode::kKeep), 1);
}

// Azurite checks the MD5 that uploads carry, as the service does.
TEST(AzureStore, WhatIsDamagedOnItsWayToTheServiceIsNotStored) {
  TestTcpProxy proxy(shared_azurite().port());
  AzureStoreOptions options = shared_azurite().options();
  options.account.endpoint = shared_azurite().endpoint(proxy.port());
  options.retry = {.max_tries = 2, .base_delay = milliseconds(20)};
  const auto store = opened(options);
  proxy.hang_up_on_all();
  proxy.set_faults([](int) { return ProxyFault{.flip_request_at = 40'000}; });
  EXPECT_FALSE(store->save("x", random_bytes(100'000, 1), SaveMode::kReplace, soon()));
  proxy.hang_up_on_all();
  proxy.set_faults({});
  EXPECT_FALSE(store->exists("x", soon()).value());
}

// One of the ways in which a connection may end, by chance.
ProxyFault some_fault(std::mt19937& random) {
  const std::size_t at = random() % 3'000'000;
  switch (random() % 8) {
    case 0: return {.reset_at = at};
    case 1: return {.end_at = at};
    case 2: return {.stall_at = at};
    case 3: return {.flip_answer_at = 2000 + at};  // behind the first head
    case 4: return {.hang = true};
    default: return {};
  }
}

TEST(AzureStore, ANetworkThatBreaksAllTheTimeYieldsNoWrongBytes) {
  TestTcpProxy proxy(shared_azurite().port());
  AzureStoreOptions options = shared_azurite().options();
  options.account.endpoint = shared_azurite().endpoint(proxy.port());
  options.retry = {.max_tries = 10, .base_delay = milliseconds(10), .max_delay = milliseconds(50)};
  options.connect_timeout = options.stall_timeout = milliseconds(400);
  options.hedge_after = milliseconds(150);
  const auto store = opened(options);
  const SharedBytes bytes[2] = {random_bytes(kEncodingBytes, 1), random_bytes(700'000, 2)};
  ASSERT_TRUE(store->save("0", bytes[0], SaveMode::kReplace, soon()).value());
  ASSERT_TRUE(store->save("1", bytes[1], SaveMode::kReplace, soon()).value());
  std::mt19937 random(7);
  proxy.hang_up_on_all();
  proxy.set_faults([&](int) { return some_fault(random); });
  int right = 0;
  for (int i = 0; i < 24; ++i) {
    const std::size_t which = static_cast<std::size_t>(i) % 2;
    const auto begin = std::chrono::steady_clock::now();
    const auto loaded = store->load(std::to_string(which), Deadline::after(milliseconds(2000)));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(4000));
    if (!loaded) continue;
    ASSERT_TRUE(loaded->has_value());
    ASSERT_TRUE(std::ranges::equal((*loaded)->span(), bytes[which].span()));
    ++right;
    if (i % 6 == 5) proxy.hang_up_on_all();
    // What is saved is there whole or not at all.
    (void)store->save("saved/" + std::to_string(i), bytes[which], SaveMode::kKeep, Deadline::after(milliseconds(1500)));
  }
  EXPECT_GE(right, 12);
  proxy.set_faults({});
  proxy.hang_up_on_all();
  for (std::size_t i = 0; i < 2; ++i) expect_holds(*store, std::to_string(i), bytes[i]);
  const auto saved = store->list("saved/", soon()).value();
  for (const ObjectInfo& info : saved) {
    const std::size_t which = std::stoul(info.name.substr(6)) % 2;
    EXPECT_EQ(info.size_bytes, bytes[which].size());
    expect_holds(*store, info.name, bytes[which]);
  }
}

double median_ms(int rounds, const auto& work) {
  std::vector<double> times;
  for (int i = 0; i < rounds; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  }
  std::ranges::sort(times);
  return times[times.size() / 2];
}

// 20 ms there and back, and as much of a stream as a window of 128 KiB allows then.
constexpr ProxyNetwork kFarAway{.latency_each_way = std::chrono::milliseconds(10),
                                .bytes_per_second = 128.0 * 1024 / 0.020};

AzureStoreOptions as_one_stream(AzureStoreOptions options) {
  options.parallel_ranges = options.parallel_blocks = 1;
  options.first_range_bytes = options.max_range_bytes = options.max_single_put_bytes = 64 << 20;
  return options;
}

TEST(AzureStore, ParallelRangesAreAtLeastTwiceAsFastAsOneStream) {
  TestTcpProxy proxy(shared_azurite().port(), kFarAway);
  AzureStoreOptions options = shared_azurite().options();
  const auto direct = opened(options);
  const SharedBytes bytes = random_bytes(kEncodingBytes, 6);
  options.account.endpoint = shared_azurite().endpoint(proxy.port());
  const auto parallel = opened(options);
  const auto single = opened(as_one_stream(options));
  const auto save = [&](AzureStore& store) { ASSERT_TRUE(store.save("x", bytes, SaveMode::kReplace, soon())); };
  const auto load = [&](AzureStore& store) { ASSERT_TRUE(store.load("x", soon()).value().has_value()); };
  const double direct_save = median_ms(5, [&] { save(*direct); }), direct_load = median_ms(5, [&] { load(*direct); });
  const double single_save = median_ms(1, [&] { save(*single); }), single_load = median_ms(1, [&] { load(*single); });
  const double parallel_save = median_ms(3, [&] { save(*parallel); });
  const double parallel_load = median_ms(5, [&] { load(*parallel); });
  std::printf(
      "10.1 MiB, ms: straight save %.0f load %.0f; far away, one stream save %.0f load %.0f, parallel save %.0f "
      "load %.0f (%.1f times)\n",
      direct_save, direct_load, single_save, single_load, parallel_save, parallel_load, single_load / parallel_load);
  EXPECT_GE(single_load / parallel_load, 2.0);
  EXPECT_GE(single_save / parallel_save, 1.3);
}

// "{...}.{...}." with what Azurite looks at; it checks no signature.
std::string unsigned_token() {
  const auto part = [](const std::string& json) {
    std::string text = base64(bytes_of(json));
    std::ranges::replace(text, '+', '-');
    std::ranges::replace(text, '/', '_');
    return text.substr(0, text.find('='));
  };
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  return part(R"({"alg":"none","typ":"JWT"})") + "." +
         part(
             R"({"aud":"https://storage.azure.com/","iss":"https://sts.windows.net/ten/","oid":"oid","tid":"tid","nbf":)" +
             std::to_string(now - 60) + R"(,"iat":)" + std::to_string(now - 60) + R"(,"exp":)" +
             std::to_string(now + 3600) + "}") +
         ".";
}

TEST(AzureStore, AnIdentityReadsWritesAndSignsUrls) {
  std::atomic<int> tokens = 0;
  TestHttpServer identity([&](const TestRequest&) {
    // The first has expired on its way.
    const std::string token = ++tokens == 1 ? "not.a.token" : unsigned_token();
    return TestAnswer{.body = R"({"access_token":")" + token + R"(","expires_in":3600})"};
  });
  const Azurite azurite(Azurite::Kind::kTokens);
  AzureStoreOptions options = azurite.options();
  const auto by_key = opened(options);
  options.account.credential = ManagedIdentityCredential{.metadata_endpoint = identity.url()};
  const Result<std::shared_ptr<AzureStore>> refused = AzureStore::open(options);
  EXPECT_FALSE(refused) << "a token that is none was taken";
  const auto store = opened(options);
  const SharedBytes bytes = random_bytes(kEncodingBytes, 7);
  EXPECT_TRUE(store->save("x", bytes, SaveMode::kKeep, soon()).value());
  EXPECT_FALSE(store->save("x", bytes, SaveMode::kKeep, soon()).value());
  expect_holds(*store, "x", bytes);
  expect_holds(*by_key, "x", bytes);
  const std::string url = store->signed_read_url("x", std::chrono::minutes(5), soon()).value();
  std::string body;
  EXPECT_EQ(status_of(url, azurite.ca_file(), &body), 200);
  EXPECT_TRUE(std::ranges::equal(bytes_of(body), bytes.span()));
  std::string forged = url;
  forged.replace(forged.find("sktid=tid"), 9, "sktid=tod");
  EXPECT_EQ(status_of(forged, azurite.ca_file()), 403);
  EXPECT_EQ(store->signed_read_url("x", std::chrono::hours(24 * 8), soon()).error().code, ErrorCode::kInvalidArgument);

  options.ca_file.clear();
  const auto distrustful = AzureStore::open(options);
  ASSERT_FALSE(distrustful);
  EXPECT_EQ(distrustful.error().code, ErrorCode::kIo);
  EXPECT_NE(distrustful.error().message.find("ca_file"), std::string::npos) << distrustful.error().message;
}

}  // namespace
}  // namespace samcache

// Tokens: where they come from, how long they are kept, what happens when the service does not take one.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "store/azure/azure_store.h"
#include "store/azure/test_fake_blobs.h"
#include "store/azure/test_http_server.h"
#include "store/azure/token_sources.h"
#include "store/testing/store_contract.h"

namespace samcache {
namespace {

using std::chrono::milliseconds;

std::string token_answer(const std::string& token, const std::string& expiry) {
  return R"({"token_type":"Bearer","access_token":")" + token + R"(",)" + expiry + "}";
}

const RetryOptions kQuickRetry{.max_tries = 3, .base_delay = milliseconds(20)};

// Gives out token-1, token-2, ...
class IdentityEndpoint {
 public:
  explicit IdentityEndpoint(std::string expiry = R"("expires_in":3600)", milliseconds delay = milliseconds(0))
      : expiry_(std::move(expiry)), delay_(delay), server_([this](const TestRequest& request) {
          last_ = request;
          return TestAnswer{.body = token_answer("token-" + std::to_string(++given_), expiry_), .delay = delay_};
        }) {}

  int given() const { return given_; }
  const TestRequest& last() const { return last_; }  // once nothing is under way
  std::string url() const { return server_.url(); }
  ManagedIdentityCredential credential() const { return {.metadata_endpoint = url() + "/metadata"}; }

 private:
  const std::string expiry_;
  const milliseconds delay_;
  std::atomic<int> given_ = 0;
  TestRequest last_;
  TestHttpServer server_;
};

TEST(ManagedIdentity, AsksTheMetadataServiceOfTheMachine) {
  IdentityEndpoint endpoint(R"("expires_in":"3599","expires_on":"1")");
  HttpClient client({});
  ManagedIdentityCredential credential = endpoint.credential();
  credential.client_id = "who";
  const auto token = managed_identity_source(credential, client, kQuickRetry)->fetch(soon());
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->value, "token-1");
  EXPECT_EQ(token->lifetime, std::chrono::seconds(3599));
  EXPECT_EQ(endpoint.last().path,
            "/metadata?api-version=2018-02-01&resource=https%3A%2F%2Fstorage.azure.com%2F&client_id=who");
  EXPECT_EQ(endpoint.last().header("metadata"), "true");
}

TEST(ManagedIdentity, AsksTheEndpointOfThePlatform) {
  const auto expires = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()) + 1000;
  IdentityEndpoint endpoint(R"("expires_on":")" + std::to_string(expires) + "\"");
  HttpClient client({});
  const ManagedIdentityCredential credential{.identity_endpoint = endpoint.url() + "/msi/token",
                                             .identity_header = "secret"};
  const auto token = managed_identity_source(credential, client, kQuickRetry)->fetch(soon());
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_GT(token->lifetime, std::chrono::seconds(900));
  EXPECT_LE(token->lifetime, std::chrono::seconds(1000));
  EXPECT_EQ(endpoint.last().path, "/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fstorage.azure.com%2F");
  EXPECT_EQ(endpoint.last().header("x-identity-header"), "secret");
}

TEST(WorkloadIdentity, ExchangesTheTokenOfAFileThatIsReadAnew) {
  IdentityEndpoint endpoint;
  HttpClient client({});
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "samcache-federated-token";
  const auto write = [&](const std::string& text) { std::ofstream(file) << text; };
  const auto source = workload_identity_source(
      {.tenant_id = "ten", .client_id = "cli", .federated_token_file = file, .authority_host = endpoint.url() + "/"},
      client, kQuickRetry);
  write("first.token\n");
  ASSERT_TRUE(source->fetch(soon()));
  EXPECT_EQ(endpoint.last().method, "POST");
  EXPECT_EQ(endpoint.last().path, "/ten/oauth2/v2.0/token");
  EXPECT_EQ(endpoint.last().header("content-type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(endpoint.last().body,
            "client_id=cli&scope=https%3A%2F%2Fstorage.azure.com%2F.default&grant_type=client_credentials&"
            "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&"
            "client_assertion=first.token");
  write("second.token");
  ASSERT_TRUE(source->fetch(soon()));
  EXPECT_TRUE(endpoint.last().body.ends_with("=second.token"));
  std::filesystem::remove(file);
  const auto without = source->fetch(soon());
  ASSERT_FALSE(without);
  EXPECT_NE(without.error().message.find(file.string()), std::string::npos);
}

TEST(TokenSource, TriesAgainWhileTheEndpointIsNotReady) {
  std::atomic<int> asked = 0;
  TestHttpServer server([&](const TestRequest&) {
    return ++asked < 3 ? TestAnswer{.status = asked == 1 ? 404 : 503}
                       : TestAnswer{.body = token_answer("t", R"("expires_in":60)")};
  });
  HttpClient client({});
  EXPECT_TRUE(managed_identity_source({.metadata_endpoint = server.url()}, client, kQuickRetry)->fetch(soon()));
  EXPECT_EQ(asked, 3);
}

TEST(TokenSource, ARefusalIsToldInItsOwnWords) {
  TestHttpServer server([](const TestRequest&) {
    return TestAnswer{.status = 400,
                      .body = R"({"error":"invalid_request","error_description":"Identity not found\nTrace: 1"})"};
  });
  HttpClient client({});
  const auto token = managed_identity_source({.metadata_endpoint = server.url()}, client, kQuickRetry)->fetch(soon());
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, ErrorCode::kIo);
  EXPECT_EQ(token.error().message, "HTTP 400 \"invalid_request\" \"Identity not found\"");
}

TEST(TokenSource, NonsenseIsNoToken) {
  for (const std::string& body :
       {std::string(), std::string("<html>"), std::string("[]"), std::string(R"({"access_token":5,"expires_in":1})"),
        std::string(R"({"access_token":"a"})"), token_answer("", R"("expires_in":60)"),
        token_answer(R"(a\r\nX-Header: 1)", R"("expires_in":60)"), token_answer("a", R"("expires_in":"soon")"),
        std::string(1 << 20, 'x')}) {
    TestHttpServer server([&](const TestRequest&) { return TestAnswer{.body = body}; });
    HttpClient client({});
    EXPECT_FALSE(managed_identity_source({.metadata_endpoint = server.url()}, client, kQuickRetry)->fetch(soon()))
        << body.substr(0, 100);
  }
}

TEST(TokenSource, AnEndpointThatHangsHoldsNobodyPastTheDeadline) {
  TestHttpServer server([](const TestRequest&) { return TestAnswer{.delay = std::chrono::seconds(30)}; });
  HttpClient client({});
  const auto source = managed_identity_source({.metadata_endpoint = server.url()}, client, kQuickRetry);
  const auto begin = std::chrono::steady_clock::now();
  const auto token = source->fetch(Deadline::after(milliseconds(200)));
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, ErrorCode::kUnavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(1500));
}

TEST(TokenCache, ManyThreadsMakeOneRequest) {
  IdentityEndpoint endpoint(R"("expires_in":3600)", milliseconds(100));
  HttpClient client({});
  TokenCache cache(managed_identity_source(endpoint.credential(), client, kQuickRetry));
  std::atomic<int> right = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { right += cache.get(soon()).value() == "token-1" ? 1 : 0; });
  }
  threads.clear();
  EXPECT_EQ(right, 8);
  EXPECT_EQ(endpoint.given(), 1);
}

TEST(TokenCache, RenewsBeforeTheTokenExpires) {
  IdentityEndpoint endpoint(R"("expires_in":2)");
  HttpClient client({});
  TokenCache cache(managed_identity_source(endpoint.credential(), client, kQuickRetry));
  EXPECT_EQ(cache.get(soon()).value(), "token-1");
  EXPECT_EQ(cache.get(soon()).value(), "token-1");
  std::this_thread::sleep_for(milliseconds(1600));  // in the last quarter of its life
  EXPECT_EQ(cache.get(soon()).value(), "token-2");
}

TEST(TokenCache, AFailureToRenewEarlyIsNone) {
  std::atomic<int> asked = 0;
  TestHttpServer server([&](const TestRequest&) {
    return ++asked == 1 ? TestAnswer{.body = token_answer("only", R"("expires_in":2)")} : TestAnswer{.status = 400};
  });
  HttpClient client({});
  TokenCache cache(managed_identity_source({.metadata_endpoint = server.url()}, client, kQuickRetry));
  ASSERT_TRUE(cache.get(soon()));
  std::this_thread::sleep_for(milliseconds(1600));
  EXPECT_EQ(cache.get(soon()).value(), "only");
  EXPECT_EQ(cache.get(soon()).value(), "only");
  EXPECT_EQ(asked, 2);  // not at every request
  std::this_thread::sleep_for(milliseconds(600));
  EXPECT_FALSE(cache.get(soon()));
}

AzureStoreOptions with_identity(const FakeBlobs& blobs, const IdentityEndpoint& endpoint) {
  AzureStoreOptions options = blobs.options();
  options.account.credential = endpoint.credential();
  return options;
}

TEST(AzureIdentity, ARefusedTokenIsReplacedOnce) {
  FakeBlobs blobs;
  IdentityEndpoint endpoint;
  blobs.put("x", random_bytes(100, 1));
  blobs.set_fault([](const TestRequest& request, int) -> std::optional<TestAnswer> {
    if (request.header("authorization") == "Bearer token-2") return std::nullopt;
    return refusal(401, "InvalidAuthenticationInfo");
  });
  const auto store = AzureStore::open(with_identity(blobs, endpoint)).value();
  ASSERT_TRUE(store->load("x", soon()).value().has_value());
  EXPECT_EQ(endpoint.given(), 2);
  ASSERT_TRUE(store->load("x", soon()).value().has_value());
  EXPECT_EQ(endpoint.given(), 2);
}

TEST(AzureIdentity, AnIdentityThatIsNotWelcomeIsToldSo) {
  FakeBlobs blobs;
  IdentityEndpoint endpoint;
  blobs.set_fault([](const TestRequest&, int) { return refusal(401, "InvalidAuthenticationInfo"); });
  const auto store = AzureStore::open(with_identity(blobs, endpoint)).value();
  const auto loaded = store->load("x", soon());
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, ErrorCode::kIo);
  EXPECT_NE(loaded.error().message.find("HTTP 401"), std::string::npos);
  EXPECT_EQ(loaded.error().message.find("token-"), std::string::npos);
  EXPECT_EQ(blobs.requests(), 2);
  EXPECT_EQ(endpoint.given(), 2);
}

}  // namespace
}  // namespace samcache

#include "api/auth/authenticator.h"

#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <string>

#include "http/server.h"
#include "http/testing/raw_client.h"

namespace samcache {
namespace {

using namespace std::chrono_literals;
using http::RawClient;
using http::RawResponse;

// A catalog of tokens that counts how often it is asked.
class FakeTokens {
 public:
  void set(const std::string& secret, TokenRecord record) {
    const std::scoped_lock lock(mutex_);
    tokens_[secret] = std::move(record);
  }
  int lookups() const {
    const std::scoped_lock lock(mutex_);
    return lookups_;
  }
  TokenSource source() {
    return {.find = [this](const std::string& secret, Deadline) -> Result<std::optional<TokenRecord>> {
              const std::scoped_lock lock(mutex_);
              ++lookups_;
              const auto found = tokens_.find(secret);
              return found == tokens_.end() ? std::optional<TokenRecord>() : found->second;
            },
            .any_created =
                [this](Deadline) {
                  const std::scoped_lock lock(mutex_);
                  return Result<bool>(!tokens_.empty());
                }};
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, TokenRecord> tokens_;
  int lookups_ = 0;
};

TokenRecord token(const std::string& id, TokenScopes scopes) {
  TokenRecord record;
  record.id = id;
  record.scopes = scopes;
  return record;
}

class AuthenticatorTest : public testing::Test {
 protected:
  // Routes /none, /read, /write and /operator, which answer with the caller's token.
  void start(const AuthenticatorOptions& options) {
    authenticator_ = std::make_unique<Authenticator>(tokens_.source(), options);
    http::Router router;
    for (const Permission permission :
         {Permission::kNone, Permission::kRead, Permission::kWrite, Permission::kOperator}) {
      http::Route route{.pattern = std::string("/") + permission_name(permission)};
      route.options.tag = permission_name(permission);
      route.handler = [](http::HttpRequest& request) {
        const bool known = request.has_principal();
        return http::HttpResponse::text(200, "text/plain", known ? request.principal<Caller>()->token_id : "nobody");
      };
      router.add(std::move(route));
    }
    for (const auto& [path, form] :
         {std::pair("/basic", TokenForm::kBasicPassword), std::pair("/header", TokenForm::kTokenHeader)}) {
      http::Route route{.pattern = path};
      route.options.tag = access_tag({Permission::kRead, form});
      route.handler = [](http::HttpRequest& request) {
        return http::HttpResponse::text(200, "text/plain", request.principal<Caller>()->token_id);
      };
      router.add(std::move(route));
    }
    http::ServerOptions server;
    server.filters = {authenticator_->filter()};
    server_ = std::move(http::Server::start(server, std::move(router)).value());
  }
  RawResponse get(const std::string& path, const std::string& bearer = {}) {
    return get_with(path, bearer.empty() ? std::string() : "Authorization: Bearer " + bearer + "\r\n");
  }
  RawResponse get_with(const std::string& path, const std::string& header) {
    RawClient client(server_->port());
    return client.call("GET", path, header).value_or(RawResponse());
  }

  FakeTokens tokens_;
  std::unique_ptr<Authenticator> authenticator_;
  std::unique_ptr<http::Server> server_;  // last: it uses the others
};

TEST_F(AuthenticatorTest, ATokenIsNeededAndNamesItself) {
  tokens_.set("good", token("t1", {.read = true}));
  start({});
  const RawResponse missing = get("/read");
  EXPECT_EQ(missing.status, 401);
  EXPECT_EQ(missing.header("www-authenticate"), R"(Bearer realm="samcache")");
  EXPECT_EQ(missing.header("content-type"), "application/problem+json");
  EXPECT_EQ(get("/read?token=good&access_token=good").status, 401);
  const RawResponse found = get("/read", "good");
  EXPECT_EQ(found.status, 200);
  EXPECT_EQ(found.body, "t1");
  EXPECT_EQ(get("/none").body, "nobody");
}

TEST_F(AuthenticatorTest, OtherProgramsSendTokensInTheirOwnWaysWhereTheRouteTakesThem) {
  tokens_.set("good", token("t1", {.read = true}));
  start({});
  const std::string basic = "Authorization: basic dXNlcjpnb29k\r\n";  // user:good
  EXPECT_EQ(get_with("/basic", basic).body, "t1");
  EXPECT_EQ(get_with("/header", "Token: good\r\n").body, "t1");
  for (const char* path : {"/basic", "/header"}) EXPECT_EQ(get(path, "good").body, "t1");
  EXPECT_EQ(get_with("/header", basic).status, 401);
  EXPECT_EQ(get_with("/basic", "Token: good\r\n").status, 401);
  for (const std::string& header : {basic, std::string("Token: good\r\n")})
    EXPECT_EQ(get_with("/read", header).status, 401);
  for (const char* broken : {"Authorization: Basic\r\n", "Authorization: Basic ?\r\n",
                             "Authorization: Basic Z29vZA==\r\n", "Authorization: Basicdxyz dXNlcjpnb29k\r\n"}) {
    EXPECT_EQ(get_with("/basic", broken).status, 401) << broken;
  }
}

TEST_F(AuthenticatorTest, UnknownExpiredAndRevokedTokensAreToldApart) {
  TokenRecord expired = token("t2", {.read = true});
  expired.state = TokenState::kExpired;
  TokenRecord revoked = token("t3", {.read = true});
  revoked.state = TokenState::kRevoked;
  tokens_.set("old", expired);
  tokens_.set("gone", revoked);
  start({});
  for (const auto& [secret, detail] : std::map<std::string, std::string>{
           {"guess", "not one of this server's"}, {"old", "has expired"}, {"gone", "was revoked"}}) {
    const RawResponse refused = get("/read", secret);
    EXPECT_EQ(refused.status, 401) << secret;
    EXPECT_NE(refused.body.find(detail), std::string::npos) << refused.body;
    EXPECT_NE(refused.header("www-authenticate").find("invalid_token"), std::string::npos) << secret;
  }
}

TEST_F(AuthenticatorTest, AScopeThatIsMissingIsForbidden) {
  tokens_.set("reader", token("t1", {.read = true}));
  TokenRecord limited = token("t2", {.read = true});
  limited.project = "cats";
  tokens_.set("limited", limited);
  start({});
  EXPECT_EQ(get("/write", "reader").status, 403);
  EXPECT_EQ(get("/operator", "reader").status, 200);
  EXPECT_EQ(get("/operator", "limited").status, 403);
}

TEST_F(AuthenticatorTest, AFoundTokenIsRememberedForItsTime) {
  tokens_.set("good", token("t1", {.read = true}));
  start({.cache = 1h});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(get("/read", "good").status, 200);
  EXPECT_EQ(tokens_.lookups(), 1);
}

TEST_F(AuthenticatorTest, ARevokedTokenStopsWorkingAfterThatTime) {
  tokens_.set("good", token("t1", {.read = true}));
  start({.cache = 1ms});
  EXPECT_EQ(get("/read", "good").status, 200);
  TokenRecord revoked = token("t1", {.read = true});
  revoked.state = TokenState::kRevoked;
  tokens_.set("good", revoked);
  std::this_thread::sleep_for(5ms);
  EXPECT_EQ(get("/read", "good").status, 401);
}

TEST_F(AuthenticatorTest, ATokenThatAsksTooOftenWaits) {
  tokens_.set("busy", token("t1", {.read = true}));
  tokens_.set("other", token("t2", {.read = true}));
  start({.token_rate = {.per_second = 0.1, .burst = 3}});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(get("/read", "busy").status, 200);
  const RawResponse refused = get("/read", "busy");
  EXPECT_EQ(refused.status, 429);
  EXPECT_FALSE(refused.header("retry-after").empty());
  EXPECT_EQ(get("/read", "other").status, 200);
}

TEST_F(AuthenticatorTest, GuessingIsSlowedDown) {
  tokens_.set("good", token("t1", {.read = true}));
  start({.failed_rate = {.per_second = 0.1, .burst = 2}});
  EXPECT_EQ(get("/read", "a").status, 401);
  EXPECT_EQ(get("/read", "b").status, 401);
  EXPECT_EQ(get("/read", "c").status, 429);
  EXPECT_EQ(get("/read", "good").status, 200);
}

TEST_F(AuthenticatorTest, OpenAccessEndsWithTheFirstToken) {
  start({.cache = 1ms, .open = true});
  EXPECT_EQ(get("/write").status, 200);
  EXPECT_TRUE(authenticator_->is_open());
  tokens_.set("good", token("t1", {.read = true}));
  std::this_thread::sleep_for(5ms);
  EXPECT_EQ(get("/write").status, 401);
  EXPECT_FALSE(authenticator_->is_open());
  EXPECT_EQ(get("/read", "good").status, 200);
}

TEST_F(AuthenticatorTest, HostileHeadersAreNoTokens) {
  tokens_.set("good", token("t1", {.read = true}));
  start({});
  for (const char* header :
       {"Authorization: Basic Z29vZA==\r\n", "Authorization: Bearer\r\n", "Authorization: Bearer  \r\n",
        "Authorization: good\r\n", "Sec-WebSocket-Protocol: bearer.good\r\n"}) {
    RawClient client(server_->port());
    EXPECT_EQ(client.call("GET", "/read", header).value_or(RawResponse()).status, 401) << header;
  }
  EXPECT_EQ(get("/read", std::string(1000, 'x')).status, 401);
  RawClient client(server_->port());
  EXPECT_EQ(client.call("GET", "/read", "authorization: BEARER   good\r\n")->status, 200);
}

}  // namespace
}  // namespace samcache

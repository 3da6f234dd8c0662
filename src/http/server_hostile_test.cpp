// The server against clients that break the protocol, stall, flood and vanish: each is refused, the next one is served.
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "http/content_coding.h"
#include "http/testing/raw_client.h"
#include "http/testing/test_server.h"

namespace samcache::http {
namespace {

using std::chrono::milliseconds;

TestServer impatient_server() {
  return TestServer([](ServerOptions& options) {
    options.limits.header_timeout = milliseconds(200);
    options.limits.body_grace = milliseconds(200);
    options.limits.idle_timeout = milliseconds(400);
    options.limits.write_timeout = milliseconds(300);
  });
}

void expect_serves(const TestServer& server) {
  RawClient client(server.port());
  const auto response = client.call("GET", "/hello");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
}

struct Broken {
  const char* what;
  std::string bytes;
  int status;
};

TEST(ServerHostile, BrokenAndAmbiguousHeadsAreRefusedAndEndTheConnection) {
  const TestServer server;
  const std::string host = "Host: h\r\n";
  const std::string post = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n";
  const std::vector<Broken> cases = {
      {"no HTTP", "nonsense\r\n\r\n", 400},
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15), 400},
      {"no host", "GET /hello HTTP/1.1\r\n\r\n", 400},
      {"two hosts", "GET /hello HTTP/1.1\r\n" + host + host + "\r\n", 400},
      {"a folded line", "GET /hello HTTP/1.1\r\n" + host + "X: a\r\n b\r\n\r\n", 400},
      {"a bare line feed", "GET /hello HTTP/1.1\r\n" + host + "X: a\nY: b\r\n\r\n", 400},
      {"a bare carriage return", "GET /hello HTTP/1.1\r\n" + host + "X: a\rY: b\r\n\r\n", 400},
      {"NUL", "GET /hello HTTP/1.1\r\n" + host + "X: a" + std::string(1, '\0') + "\r\n\r\n", 400},
      {"a space before the colon", "GET /hello HTTP/1.1\r\n" + host + "X : a\r\n\r\n", 400},
      {"version 2", "GET /hello HTTP/2.0\r\n" + host + "\r\n", 400},
      {"length and chunks", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"chunks and length", post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400},
      {"two lengths", post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x", 400},
      {"the same length twice", post + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400},
      {"a length list", post + "Content-Length: 2, 2\r\n\r\n{}", 400},
      {"a negative length", post + "Content-Length: -1\r\n\r\n", 400},
      {"a signed length", post + "Content-Length: +2\r\n\r\n{}", 400},
      {"a length that wraps", post + "Content-Length: 18446744073709551617\r\n\r\n{}", 400},
      {"another coding", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
      {"a coding in disguise", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501},
      {"chunked twice", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"an unknown method", "BREW /hello HTTP/1.1\r\n" + host + "\r\n", 501},
      {"another expectation", post + "Expect: more\r\nContent-Length: 2\r\n\r\n{}", 417},
      {"an encoded slash", "GET /items/a%2Fb HTTP/1.1\r\n" + host + "\r\n", 400},
      {"dots", "GET /items/../hello HTTP/1.1\r\n" + host + "\r\n", 400},
      {"encoded dots", "GET /items/%2e%2E HTTP/1.1\r\n" + host + "\r\n", 400},
      {"a broken escape", "GET /items/%zz HTTP/1.1\r\n" + host + "\r\n", 400},
      {"an encoded NUL", "GET /items/%00 HTTP/1.1\r\n" + host + "\r\n", 400},
      {"invalid UTF-8", "GET /items/%ff HTTP/1.1\r\n" + host + "\r\n", 400},
      {"a target with authority only", "GET h:80 HTTP/1.1\r\n" + host + "\r\n", 400},
  };
  for (const Broken& broken : cases) {
    RawClient client(server.port());
    client.send(broken.bytes);
    const auto response = client.response();
    ASSERT_TRUE(response) << broken.what;
    EXPECT_EQ(response->status, broken.status) << broken.what << ": " << response->body;
    EXPECT_EQ(response->header("connection"), "close") << broken.what;
    client.finish_sending();
    EXPECT_TRUE(client.is_closed_within(milliseconds(1000))) << broken.what;
  }
  expect_serves(server);
}

TEST(ServerHostile, HeadsOverTheLimitsAreRefused) {
  const TestServer server;
  RawClient long_header(server.port());
  long_header.request("GET", "/hello", "X: " + std::string(20'000, 'a') + "\r\n");
  EXPECT_EQ(long_header.response()->status, 431);
  RawClient many_headers(server.port());
  std::string lines;
  for (int i = 0; i < 200; ++i) lines += "X: a\r\n";
  EXPECT_EQ(many_headers.call("GET", "/hello", lines)->status, 431);
  RawClient long_target(server.port());
  EXPECT_EQ(long_target.call("GET", "/" + std::string(9'000, 'a'))->status, 414);
  RawClient endless_target(server.port());
  endless_target.send("GET /" + std::string(40'000, 'a'));
  EXPECT_EQ(endless_target.response()->status, 414);
  expect_serves(server);
}

TEST(ServerHostile, BodiesOverTheLimitsAreRefused) {
  const TestServer server;
  const std::string json = "Content-Type: application/json\r\n";
  RawClient declared(server.port());
  declared.send("POST /echo HTTP/1.1\r\nHost: h\r\n" + json + "Content-Length: 9999999999\r\n\r\n");
  EXPECT_EQ(declared.response()->status, 413);
  RawClient chunked(server.port());
  chunked.send("POST /echo HTTP/1.1\r\nHost: h\r\n" + json + "Transfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  for (int i = 0; i < 17; ++i) chunked.send(chunk);
  EXPECT_EQ(chunked.response()->status, 413);
  for (const ContentCoding coding : {ContentCoding::kGzip, ContentCoding::kZstd}) {
    RawClient bomb(server.port());
    const std::string packed = compress(coding, std::string(64 << 20, '\0'));
    const auto refused =
        bomb.call("POST", "/echo", json + "Content-Encoding: " + std::string(coding_name(coding)) + "\r\n", packed);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 413);
  }
  RawClient broken(server.port());
  EXPECT_EQ(broken.call("POST", "/echo", json + "Content-Encoding: gzip\r\n", "no gzip")->status, 400);
  EXPECT_EQ(broken.call("POST", "/echo", json + "Content-Encoding: br\r\n", "x")->status, 415);
  expect_serves(server);
}

TEST(ServerHostile, BrokenChunksAndTruncatedBodiesAreRefused) {
  const TestServer server;
  const std::string head = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n";
  for (const std::string chunks : {"zz\r\n{}\r\n0\r\n\r\n", "2\r\n{}xx\r\n0\r\n\r\n", "2\n{}\r\n0\r\n\r\n",
                                   "ffffffffffffffff1\r\n{}\r\n0\r\n\r\n", "-2\r\n{}\r\n0\r\n\r\n"}) {
    RawClient client(server.port());
    client.send(head + "Transfer-Encoding: chunked\r\n\r\n" + chunks);
    const auto response = client.response();
    ASSERT_TRUE(response) << chunks;
    EXPECT_EQ(response->status, 400) << chunks;
  }
  RawClient endless_size(server.port());
  endless_size.send(head + "Transfer-Encoding: chunked\r\n\r\n" + std::string(200'000, '0'));
  EXPECT_EQ(endless_size.response()->status, 400);
  RawClient truncated(server.port());
  truncated.send(head + "Content-Length: 10\r\n\r\n{}");
  truncated.finish_sending();
  EXPECT_EQ(truncated.response()->status, 400);
  expect_serves(server);
}

TEST(ServerHostile, ARequestInTheBodyOfAnotherIsNotRun) {
  const TestServer server;
  RawClient client(server.port());
  const std::string inner = "GET /items/smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
  client.send("POST /hello HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(inner.size()) + "\r\n\r\n" +
              inner + "GET /items/next HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.response()->status, 405);
  EXPECT_EQ(client.response()->body, "next|-");
}

TEST(ServerHostile, SlowHeadsAndBodiesAreGivenUp) {
  const TestServer server = impatient_server();
  RawClient head(server.port());
  bool open = true;
  for (int i = 0; i < 20 && open; ++i) {
    open = head.send(i == 0 ? "GET /hello HTTP/1.1\r\nX: " : "a");
    std::this_thread::sleep_for(milliseconds(20));
  }
  EXPECT_EQ(head.response()->status, 408);
  RawClient body(server.port());
  body.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{");
  EXPECT_EQ(body.response()->status, 408);
  RawClient silent(server.port());
  EXPECT_TRUE(silent.is_closed_within(milliseconds(1000)));
  RawClient idle(server.port());
  EXPECT_EQ(idle.call("GET", "/hello")->status, 200);
  EXPECT_TRUE(idle.is_closed_within(milliseconds(1500)));
  expect_serves(server);
}

TEST(ServerHostile, AClientThatDoesNotReadIsCutOffAndOneThatVanishesIsForgotten) {
  const TestServer server = impatient_server();
  RawClient stuck(server.port(), 4096);
  stuck.request("GET", "/big");
  RawClient vanishing(server.port(), 4096);
  vanishing.request("GET", "/big");
  EXPECT_EQ(vanishing.read(1000).size(), 1000U);
  vanishing.reset();
  for (int i = 0; i < 400 && server.server->gauges().connections > 0; ++i)
    std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(server.server->gauges().connections, 0U);
  expect_serves(server);
}

TEST(ServerHostile, AHalfClosedClientGetsItsAnswer) {
  const TestServer server;
  RawClient client(server.port());
  client.request("GET", "/bytes");
  client.finish_sending();
  EXPECT_EQ(client.response()->body, test_bytes());
}

TEST(ServerHostile, ConnectionsOverTheLimitAreTurnedAway) {
  const TestServer server([](ServerOptions& options) { options.limits.max_connections_per_peer = 2; });
  RawClient first(server.port());
  RawClient second(server.port());
  EXPECT_EQ(first.call("GET", "/hello")->status, 200);
  EXPECT_EQ(second.call("GET", "/hello")->status, 200);
  RawClient third(server.port());
  EXPECT_EQ(third.response()->status, 503);
  second.reset();
  for (int i = 0; i < 100 && server.server->gauges().connections > 1; ++i)
    std::this_thread::sleep_for(milliseconds(10));
  expect_serves(server);
}

TEST(ServerHostile, ATrustedProxyBringsManyClientsAndIsNotLimitedAsOne) {
  const TestServer server([](ServerOptions& options) {
    options.limits.max_connections_per_peer = 2;
    options.limits.max_connections = 4;
    options.trusted_proxies = {"127.0.0.0/8"};
  });
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(std::make_unique<RawClient>(server.port()));
    EXPECT_EQ(clients.back()->call("GET", "/hello")->status, 200) << i;
  }
  RawClient over_all(server.port());
  EXPECT_EQ(over_all.response()->status, 503);
}

TEST(ServerHostile, AThousandIdleConnectionsHinderNobody) {
  const TestServer server;
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 400; ++i) idle.push_back(std::make_unique<RawClient>(server.port()));
  for (int i = 0; i < 600; ++i) {
    idle.push_back(std::make_unique<RawClient>(server.port()));
    idle.back()->send("GET /hel");
  }
  expect_serves(server);
  EXPECT_GE(server.server->gauges().connections, 1000U);
  idle.back()->send("lo HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(idle.back()->response()->status, 200);
}

}  // namespace
}  // namespace samcache::http

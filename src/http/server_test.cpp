// The server as well-behaved clients see it, over real sockets.
#include "http/server.h"

#include <gtest/gtest.h>

#include <mutex>
#include <vector>

#include "http/content_coding.h"
#include "http/testing/raw_client.h"
#include "http/testing/test_server.h"

namespace samcache::http {
namespace {

constexpr const char* kSha256OfTestBody =
    "36bbe50ed96841d10443bcb670d6554f0a34b761be67ec9c4a8ad2c0c44ca42c";  // "abcde"

TEST(Server, AnswersFromPoolsFromTheLoopAndLater) {
  const TestServer server;
  RawClient client(server.port());
  for (const char* path : {"/hello", "/fast"}) {
    const auto response = client.call("GET", path);
    ASSERT_TRUE(response) << path;
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, R"({"a":1})");
    EXPECT_EQ(response->header("content-type"), "application/json");
    EXPECT_EQ(response->header("x-content-type-options"), "nosniff");
    EXPECT_EQ(response->header("x-request-id").size(), 32U);
    EXPECT_EQ(response->header("date").size(), 29U);
  }
  EXPECT_EQ(client.call("GET", "/later")->body, R"({"later":true})");
  EXPECT_EQ(client.call("GET", "/dropped")->status, 500);
}

TEST(Server, SaysInProblemDetailsWhatIsWrong) {
  const TestServer server;
  RawClient client(server.port());
  const auto missing = client.call("GET", "/nowhere");
  EXPECT_EQ(missing->status, 404);
  EXPECT_EQ(missing->header("content-type"), "application/problem+json");
  EXPECT_NE(missing->body.find(R"("status":404)"), std::string::npos);
  const auto wrong_method = client.call("DELETE", "/hello");
  EXPECT_EQ(wrong_method->status, 405);
  EXPECT_EQ(wrong_method->header("allow"), "GET, HEAD, OPTIONS");
  const auto failed = client.call("GET", "/throws");
  EXPECT_EQ(failed->status, 500);
  EXPECT_EQ(failed->body.find("secret"), std::string::npos);
  EXPECT_EQ(client.call("POST", "/echo", "Content-Type: text/plain\r\n", "x")->status, 415);
  EXPECT_EQ(client.call("POST", "/hello", {}, "x")->status, 405);
}

TEST(Server, KeepsTheConnectionAndAnswersPipelinedRequestsInOrder) {
  const TestServer server;
  RawClient client(server.port());
  std::string burst;
  for (int i = 0; i < 50; ++i) burst += "GET /items/" + std::to_string(i) + "?q=a%20b HTTP/1.1\r\nHost: h\r\n\r\n";
  ASSERT_TRUE(client.send(burst));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(client.response()->body, std::to_string(i) + "|a b");
}

TEST(Server, ClosesWhenAskedAndForHttp10) {
  const TestServer server;
  RawClient client(server.port());
  EXPECT_EQ(client.call("GET", "/hello", "Connection: close\r\n")->header("connection"), "close");
  EXPECT_TRUE(client.is_closed_within(std::chrono::seconds(1)));
  RawClient old(server.port());
  ASSERT_TRUE(old.send("GET /hello HTTP/1.0\r\n\r\n"));
  EXPECT_EQ(old.response()->body, R"({"a":1})");
  EXPECT_TRUE(old.is_closed_within(std::chrono::seconds(1)));
}

TEST(Server, AnswersHeadWithTheLengthAndNoBody) {
  const TestServer server;
  RawClient client(server.port());
  EXPECT_EQ(client.call("HEAD", "/bytes")->header("content-length"), std::to_string(test_bytes().size()));
  EXPECT_EQ(client.call("GET", "/hello")->status, 200);
}

TEST(Server, SendsRangesOfBytesAndFiles) {
  const TestServer server;
  RawClient client(server.port());
  for (const char* path : {"/bytes", "/file"}) {
    EXPECT_EQ(client.call("GET", path)->body, test_bytes()) << path;
    const auto part = client.call("GET", path, "Range: bytes=1000-1999\r\n");
    EXPECT_EQ(part->status, 206);
    EXPECT_EQ(part->body, test_bytes().substr(1000, 1000));
    EXPECT_EQ(part->header("content-range"), "bytes 1000-1999/1048576");
    EXPECT_EQ(client.call("GET", path, "Range: bytes=-10\r\n")->body, test_bytes().substr(test_bytes().size() - 10));
    const auto outside = client.call("GET", path, "Range: bytes=1048576-\r\n");
    EXPECT_EQ(outside->status, 416);
    EXPECT_EQ(outside->header("content-range"), "bytes */1048576");
    EXPECT_EQ(client.call("GET", path, "Range: bytes=0-1,5-6\r\n")->status, 200);
  }
  EXPECT_EQ(client.call("GET", "/bytes", "Range: bytes=0-0\r\nIf-Range: \"v1\"\r\n")->status, 206);
  EXPECT_EQ(client.call("GET", "/bytes", "Range: bytes=0-0\r\nIf-Range: \"v0\"\r\n")->status, 200);
}

TEST(Server, SaysNotModifiedForAKnownTag) {
  const TestServer server;
  RawClient client(server.port());
  const auto response = client.call("GET", "/bytes", "If-None-Match: \"x\", W/\"v1\"\r\n");
  EXPECT_EQ(response->status, 304);
  EXPECT_EQ(response->header("etag"), "\"v1\"");
  EXPECT_EQ(client.call("GET", "/bytes", "If-None-Match: \"v2\"\r\n")->status, 200);
}

TEST(Server, CompressesTextsAsTheClientAccepts) {
  const TestServer server;
  RawClient client(server.port());
  const std::string plain = client.call("GET", "/long")->body;
  ASSERT_EQ(plain.size(), 8192U);
  for (const auto& [name, coding] :
       {std::pair("gzip", ContentCoding::kGzip), std::pair("zstd", ContentCoding::kZstd)}) {
    const auto response = client.call("GET", "/long", std::string("Accept-Encoding: ") + name + "\r\n");
    EXPECT_EQ(response->header("content-encoding"), name);
    EXPECT_EQ(response->header("vary"), "Accept-Encoding");
    EXPECT_EQ(response->header("etag"), "W/\"long\"");
    EXPECT_EQ(expand(coding, response->body, 1 << 20).value(), plain);
  }
  EXPECT_EQ(client.call("GET", "/hello", "Accept-Encoding: gzip\r\n")->header("content-encoding"), "");
}

TEST(Server, TakesBodiesWholeChunkedAndCompressed) {
  const TestServer server;
  RawClient client(server.port());
  const std::string json = "Content-Type: application/json; charset=utf-8\r\n";
  EXPECT_EQ(client.call("POST", "/echo", json, "[1,2]")->body, "[1,2]");
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\n" + json +
              "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\n[1,\r\n2\r\n2]\r\n0\r\nX: y\r\n\r\n");
  EXPECT_EQ(client.response()->body, "[1,2]");
  const std::string packed = compress(ContentCoding::kZstd, std::string(100'000, 'x'));
  EXPECT_EQ(client.call("POST", "/echo", json + "Content-Encoding: zstd\r\n", packed)->body, std::string(100'000, 'x'));
}

TEST(Server, SaysContinueBeforeTheBodyIsSent) {
  const TestServer server;
  RawClient client(server.port());
  const std::string head =
      "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n";
  client.send(head + "Content-Length: 2\r\n\r\n");
  EXPECT_EQ(client.response()->status, 100);
  client.send("{}");
  EXPECT_EQ(client.response()->body, "{}");
  client.send(head + "Content-Length: 99999999\r\n\r\n");
  EXPECT_EQ(client.response()->status, 413);
}

TEST(Server, StreamsBodiesToSinksAndForms) {
  const TestServer server;
  RawClient client(server.port());
  EXPECT_EQ(client.call("POST", "/sink", {}, "abcde")->body, std::string("5|") + kSha256OfTestBody);
  const std::string form =
      "--B\r\nContent-Disposition: form-data; name=\"project\"\r\n\r\ncats\r\n"
      "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../a.png\"\r\nContent-Type: "
      "image/png\r\n\r\nabcde\r\n--B--\r\n";
  const std::string type = "Content-Type: multipart/form-data; boundary=B\r\n";
  EXPECT_EQ(client.call("POST", "/form", type, form)->body, std::string("cats|../a.png|5|") + kSha256OfTestBody);
  EXPECT_EQ(client.call("POST", "/form", type, form.substr(0, form.size() - 8))->status, 400);
  RawClient other(server.port());
  const std::string large(3 << 20, 'z');
  EXPECT_EQ(other.call("POST", "/sink", {}, large)->body.substr(0, 8), "3145728|");
}

TEST(Server, AFullPoolAnswers429) {
  TestServer server;
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<RawClient>(server.port()));
    clients.back()->request("GET", "/slow");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // one runs, one waits
  }
  const auto refused = clients[2]->response();
  EXPECT_EQ(refused->status, 429);
  EXPECT_EQ(refused->header("retry-after"), "1");
  server.release();
  EXPECT_EQ(clients[0]->response()->status, 200);
  EXPECT_EQ(clients[1]->response()->status, 200);
}

TEST(Server, FiltersRefuseOnTheLoopOrOnAPoolBeforeTheBody) {
  const TestServer server([](ServerOptions& options) {
    Filter filter;
    filter.fast = [](HttpRequest& request) -> FilterVerdict {
      const std::string_view token = request.header("Authorization").value_or("");
      if (token == "cached") return Pass{};
      if (token.empty()) return problem(401, "no token");
      return NeedsPool{};
    };
    filter.slow = [](HttpRequest& request) -> std::optional<HttpResponse> {
      if (request.header("Authorization") == "known") return std::nullopt;
      return problem(403, "unknown token");
    };
    options.filters.push_back(filter);
  });
  RawClient client(server.port());
  EXPECT_EQ(client.call("GET", "/hello")->status, 401);
  EXPECT_EQ(client.call("GET", "/hello", "Authorization: cached\r\n")->status, 200);
  EXPECT_EQ(client.call("GET", "/hello", "Authorization: known\r\n")->status, 200);
  EXPECT_EQ(client.call("GET", "/hello", "Authorization: other\r\n")->status, 403);
  EXPECT_EQ(client.call("POST", "/sink", {}, "a small body is read, so that the connection stays")->status, 401);
  EXPECT_EQ(client.call("GET", "/hello", "Authorization: cached\r\n")->status, 200);
}

TEST(Server, AnswersPreflightsOfAllowedOriginsOnly) {
  const TestServer server([](ServerOptions& options) { options.cors.allowed_origins = {"https://a.example"}; });
  RawClient client(server.port());
  const std::string method = "Access-Control-Request-Method: POST\r\n";
  const auto allowed = client.call("OPTIONS", "/echo", "Origin: https://a.example\r\n" + method);
  EXPECT_EQ(allowed->status, 204);
  EXPECT_EQ(allowed->header("access-control-allow-origin"), "https://a.example");
  EXPECT_EQ(allowed->header("access-control-allow-methods"), "OPTIONS, POST");
  const auto foreign = client.call("OPTIONS", "/echo", "Origin: https://b.example\r\n" + method);
  EXPECT_EQ(foreign->header("access-control-allow-origin"), "");
  EXPECT_EQ(client.call("GET", "/hello", "Origin: https://a.example\r\n")->header("access-control-allow-origin"),
            "https://a.example");
}

TEST(Server, TellsTheObserverOfEveryRequest) {
  struct Seen {
    int status;
    std::string route, id;
    bool completed;
  };
  std::mutex mutex;
  std::vector<Seen> seen;
  {
    const TestServer server([&](ServerOptions& options) {
      options.observer = [&](const RequestRecord& record) {
        const std::scoped_lock lock(mutex);
        seen.push_back({record.status, std::string(record.route), std::string(record.request_id), record.completed});
      };
    });
    RawClient client(server.port());
    EXPECT_EQ(client.call("GET", "/items/7", "X-Request-Id: abc-1\r\n")->header("x-request-id"), "abc-1");
    client.call("GET", "/nowhere", "X-Request-Id: bad id\r\n");
    client.send("BROKEN\r\n\r\n");
    client.response();
  }
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[0].status, 200);
  EXPECT_EQ(seen[0].route, "/items/{id}");
  EXPECT_EQ(seen[0].id, "abc-1");
  EXPECT_TRUE(seen[0].completed);
  EXPECT_EQ(seen[1].status, 404);
  EXPECT_EQ(seen[1].id.size(), 32U);
  EXPECT_EQ(seen[2].status, 400);
}

TEST(Server, PushesEventsUntilTheClientLeaves) {
  TestServer server;
  RawClient client(server.port());
  client.request("GET", "/events", "Last-Event-ID: 41\r\n");
  EXPECT_NE(client.read_until("\r\n\r\n").find("text/event-stream"), std::string::npos);
  EXPECT_NE(client.read_until("id: 41\nevent: greeting\ndata: hello\n\n"), "");
  EXPECT_EQ(server.server->gauges().event_streams, 1U);
  server.publish("two\nlines");
  EXPECT_NE(client.read_until("data: two\ndata: lines\n\n"), "");
  EXPECT_NE(client.read_until(": \n\n"), "") << "a heartbeat";
  client.reset();
  for (int i = 0; i < 100 && server.server->gauges().event_streams > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(server.server->gauges().event_streams, 0U);
}

TEST(Server, RefusesOptionsThatContradictEachOther) {
  ServerOptions options;
  options.tls.certificate_chain = "/nowhere";
  EXPECT_EQ(Server::start(options, Router()).error().code, ErrorCode::kInvalidArgument);
  Router router;
  router.add({.pattern = "/", .options = {.pool = 9}, .handler = [](HttpRequest&) { return HttpResponse(); }});
  EXPECT_EQ(Server::start({}, std::move(router)).error().code, ErrorCode::kInvalidArgument);
  const TestServer taken;
  ServerOptions same;
  same.listen = {{.port = taken.port()}};
  EXPECT_EQ(Server::start(same, Router()).error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace samcache::http

#include "api/log/log.h"

#include <gtest/gtest.h>

#include <sstream>
#include <vector>

namespace samcache {
namespace {

using Json = nlohmann::ordered_json;

// What the log wrote to stderr while `act` ran, a line each.
template <class Act>
std::vector<std::string> lines_of(const LogOptions& options, const Act& act) {
  testing::internal::CaptureStderr();
  {
    Log log(options);
    act(log);
  }
  std::istringstream text(testing::internal::GetCapturedStderr());
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

http::RequestRecord record(int status) {
  http::RequestRecord made;
  made.method = "GET";
  made.target = "/api/v1/images/x?token=sct_secret";
  made.route = "/api/v1/images/{id}";
  made.status = status;
  made.seconds = 0.0015;
  made.request_id = "r1";
  made.peer = "127.0.0.1";
  made.user_agent = "a \"browser\"\n";
  made.completed = true;
  return made;
}

TEST(Log, AnEventIsOneLineOfJson) {
  const auto lines = lines_of({}, [](Log& log) {
    log.warning("a store rests", {{"tier", "azure"}, {"reason", "line\nbreak \xFF"}, {"errors", 3}});
  });
  ASSERT_EQ(lines.size(), 1U);
  const Json line = Json::parse(lines[0]);
  EXPECT_EQ(line["level"], "warning");
  EXPECT_EQ(line["event"], "a store rests");
  EXPECT_EQ(line["errors"], 3);
  EXPECT_EQ(line["time"].get<std::string>().size(), std::string("2026-01-31T23:59:59.123Z").size());
}

TEST(Log, ARequestIsLoggedWithoutItsQuery) {
  const auto lines = lines_of({}, [](Log& log) { log.request(record(200), "token-7"); });
  ASSERT_EQ(lines.size(), 1U);
  const Json line = Json::parse(lines[0]);
  EXPECT_EQ(line["path"], "/api/v1/images/x");
  EXPECT_EQ(line["status"], 200);
  EXPECT_EQ(line["ms"], 1.5);
  EXPECT_EQ(line["token"], "token-7");
  EXPECT_EQ(line["user_agent"], "a \"browser\"\n");
  EXPECT_EQ(lines[0].find("secret"), std::string::npos);
}

TEST(Log, OnlyFailuresAreLoggedWhereThatIsAskedFor) {
  const auto lines = lines_of({.requests = RequestLog::kFailures}, [](Log& log) {
    log.request(record(200), "");
    log.request(record(404), "");
    http::RequestRecord gone = record(200);
    gone.completed = false;
    log.request(gone, "");
  });
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(Json::parse(lines[0])["status"], 404);
  EXPECT_EQ(Json::parse(lines[1])["completed"], false);
}

TEST(Log, HealthIsLoggedWhenItFails) {
  const auto lines = lines_of({}, [](Log& log) {
    http::RequestRecord health = record(200);
    health.route = "/healthz";
    log.request(health, "");
    health.status = 503;
    log.request(health, "");
  });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(Json::parse(lines[0])["level"], "error");
}

TEST(Log, TextForPeopleStaysOneLine) {
  const auto lines = lines_of({.format = LogFormat::kText}, [](Log& log) {
    http::RequestRecord hostile = record(400);
    hostile.target = "/a\nb\x1b[2J";
    log.request(hostile, "");
    log.info("started", {{"url", "http://127.0.0.1:1"}});
  });
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_NE(lines[0].find("info GET /a\\x0ab\\x1b[2J 400 1.500 ms"), std::string::npos) << lines[0];
  EXPECT_NE(lines[1].find("info started url=\"http://127.0.0.1:1\""), std::string::npos) << lines[1];
}

}  // namespace
}  // namespace samcache

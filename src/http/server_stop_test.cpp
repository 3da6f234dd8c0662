// The server's end while clients are in the middle of something, and TLS.
#include <gtest/gtest.h>

#include <thread>

#include "http/testing/raw_client.h"
#include "http/testing/test_server.h"

namespace samcache::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(ServerStop, FinishesWhatRunsAndClosesWhatIsIdle) {
  TestServer server;
  RawClient idle(server.port());
  EXPECT_EQ(idle.call("GET", "/hello")->status, 200);
  RawClient busy(server.port());
  busy.request("GET", "/slow");
  RawClient listening(server.port());
  listening.request("GET", "/events");
  ASSERT_NE(listening.read_until("data: hello\n\n"), "");
  bool finished = false;
  std::thread stopper([&] { finished = server.server->stop(Deadline::after(seconds(5))); });
  EXPECT_TRUE(idle.is_closed_within(seconds(1)));
  EXPECT_NE(listening.read_until("0\r\n\r\n"), "") << "the event stream is ended";
  listening.reset();
  server.release();
  const auto response = busy.response();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->header("connection"), "close");
  busy.reset();
  stopper.join();
  EXPECT_TRUE(finished);
  EXPECT_THROW(RawClient{server.port()}, std::runtime_error);
}

TEST(ServerStop, CutsOffDownloadsAndUploadsThatTakeTooLong) {
  const TestServer server;
  RawClient download(server.port(), 4096);
  download.request("GET", "/big");
  ASSERT_EQ(download.read(1000).size(), 1000U);
  RawClient upload(server.port());
  upload.send("POST /sink HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nabc");
  std::this_thread::sleep_for(milliseconds(50));
  const auto began = std::chrono::steady_clock::now();
  EXPECT_FALSE(server.server->stop(Deadline::after(milliseconds(200))));
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(3));
  EXPECT_TRUE(upload.is_closed_within(seconds(1)));
}

TEST(ServerStop, TwiceAndWithoutAConnectionIsFine) {
  const TestServer server;
  EXPECT_TRUE(server.server->stop(Deadline::after(seconds(1))));
  EXPECT_TRUE(server.server->stop(Deadline::after(seconds(1))));
}

TEST(ServerThreads, SeveralLoopsServeManyClientsAtOnce) {
  const TestServer server([](ServerOptions& options) { options.io_threads = 3; });
  std::vector<std::thread> threads;
  std::atomic<int> answered = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      RawClient client(server.port());
      for (int n = 0; n < 100; ++n) {
        const char* paths[] = {"/hello", "/fast", "/later", "/file"};
        const auto response = client.call("GET", paths[n % 4]);
        if (response && response->status == 200) ++answered;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answered, 800);
}

}  // namespace
}  // namespace samcache::http

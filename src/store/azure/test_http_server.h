// A web server for tests whose answers, right or wrong, are made by a function.
//
// One thread a connection, connections are kept alive. The function is called on their threads, several at once. The
// destructor hangs up on everybody.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "store/azure/test_sockets.h"

namespace samcache {

struct TestRequest {
  std::string method;
  std::string path;                            // with the query
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

struct TestAnswer {
  int status = 200;
  std::map<std::string, std::string> headers = {};
  std::string body = {};
  std::optional<std::string> announced_length = {};  // instead of the body's, as it stands
  std::optional<std::string> raw = {};               // instead of all of the above
  std::chrono::milliseconds delay{0};
  bool hang_up = false;  // after the answer
  bool reset = false;    // and with a reset
};

class TestHttpServer {
 public:
  using Handler = std::function<TestAnswer(const TestRequest& request)>;

  explicit TestHttpServer(Handler handler);
  ~TestHttpServer();

  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int connections() const;

 private:
  struct Connection {
    TestSocket socket;
    std::jthread thread;
  };
  void accept_all();
  void serve(const TestSocket& socket);
  bool answer(const TestSocket& socket, const TestAnswer& answer, bool head_only);

  const Handler handler_;
  int port_ = 0;
  TestSocket listener_;
  mutable std::mutex mutex_;
  bool stopping_ = false;
  std::list<Connection> connections_;
  std::jthread acceptor_;
};

// "Thu, 01 Jan ..." this far from now, for headers.
std::string http_date_from_now(std::chrono::seconds offset);

}  // namespace samcache

// A blob service for tests in this process, just complete enough, that can be told to misbehave.
//
// It keeps blobs in memory, whatever their container, checks no signatures, and hands every request to a function first
// that may answer in its stead. (The tests against Azurite show that requests are right; these, what happens when
// answers are not.)
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "store/azure/azure_options.h"
#include "store/azure/test_http_server.h"

namespace samcache {

class FakeBlobs {
 public:
  // Called with the request and its number from 0; nothing: answer it properly.
  using Fault = std::function<std::optional<TestAnswer>(const TestRequest& request, int number)>;

  FakeBlobs();

  void set_fault(Fault fault);
  int requests() const { return requests_; }
  void put(const std::string& name, const SharedBytes& bytes);
  std::optional<std::string> get(const std::string& name) const;
  // The proper answer, for faults that spoil it or delay it.
  TestAnswer proper_answer(const TestRequest& request);

  std::string url() const { return server_.url(); }
  int port() const { return server_.port(); }
  int connections() const { return server_.connections(); }
  // Of a store on this, with short pauses: base_delay 20 ms.
  AzureStoreOptions options() const;

 private:
  struct Blob {
    std::string bytes;
    std::string etag;
    std::map<std::string, std::string> marks;  // x-ms-meta-...
  };
  TestAnswer handle(const TestRequest& request);
  TestAnswer read(const TestRequest& request, const Blob& blob) const;
  TestAnswer write(const TestRequest& request, const std::string& name, std::string bytes);

  mutable std::mutex mutex_;
  Fault fault_;
  std::map<std::string, Blob> blobs_;
  std::map<std::string, std::string> blocks_;  // by path with query
  std::atomic<int> requests_ = 0;
  int versions_ = 0;
  TestHttpServer server_;  // last: its threads use all of the above
};

// A refusal as the service writes it.
TestAnswer refusal(int status, const std::string& code);

}  // namespace samcache

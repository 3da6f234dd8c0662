// A server with one route of each kind, on a free port, for tests.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "http/server.h"

namespace samcache::http {

// GET /hello, /fast, /items/{id}, /bytes (1 MiB "abcdefgh…", etag), /file (the same), /big (64 MiB), /slow (until
// release), /later (answered by another thread), /throws, /long (a compressible JSON of 8 KiB); POST /echo (1 MiB),
// /form, /sink (answers size and SHA-256); GET /events, /socket (echoes; "flood": sends more than its queue holds;
// "pour": 32 MiB at once; "throw"; "bye").
class TestServer {
 public:
  explicit TestServer(const std::function<void(ServerOptions&)>& change = [](ServerOptions&) {});
  ~TestServer();

  std::uint16_t port() const { return server->port(); }
  // Lets every /slow go.
  void release();
  // What /events sends to all who listen.
  void publish(const std::string& data);

  struct State;
  std::shared_ptr<State> state;
  std::unique_ptr<Server> server;
};

// 1 MiB: what /bytes and /file hold.
const std::string& test_bytes();

}  // namespace samcache::http

// A redis-server of a test: on a free loopback port, without persistence, in a temporary folder; gone with the test,
// even one that crashes.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "store/redis/redis_options.h"

namespace samcache {

class RedisProcess {
 public:
  // Starts it with more options in the form of its command line and waits until it answers; throws std::runtime_error
  // that says what to do when there is no redis-server.
  explicit RedisProcess(std::vector<std::string> more_arguments = {});
  ~RedisProcess();
  RedisProcess(const RedisProcess&) = delete;
  RedisProcess& operator=(const RedisProcess&) = delete;

  void kill();
  // Again on the same port; it has forgotten everything.
  void start();
  // Stands still, connections open, until resumed.
  void pause();
  void resume();

  RedisOptions options() const;
  const std::filesystem::path& unix_socket() const { return unix_socket_; }

 private:
  struct Folder {
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::filesystem::path path;
  };

  void launch();
  bool answers() const;

  std::vector<std::string> more_arguments_;
  Folder folder_;
  std::filesystem::path unix_socket_;
  int port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace samcache

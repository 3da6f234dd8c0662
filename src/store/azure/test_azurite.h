// Azurite, the emulator of Azure Storage, run by a test: on a free port, in a temporary folder, and gone with the test,
// however that ends.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "store/azure/azure_options.h"

namespace samcache {

class Azurite {
 public:
  // Plain HTTP; or HTTPS with a certificate made for it, which takes tokens as well as keys. Throws std::runtime_error
  // with what to do when it cannot be started.
  enum class Kind { kPlain, kTokens };
  explicit Azurite(Kind kind);
  ~Azurite();

  int port() const { return port_; }
  std::string ca_file() const;  // of kTokens
  // The account's endpoint, straight or through a proxy on another port.
  std::string endpoint(int port) const;
  std::string endpoint() const { return endpoint(port_); }
  // A container that no other test has, with the account's key; to be created on opening.
  AzureStoreOptions options() const;

 private:
  void make_certificate() const;
  void start();
  bool wait_until_up() const;
  void stop();

  const Kind kind_;
  const std::filesystem::path folder_;
  int port_ = 0;
  pid_t process_ = -1;
};

// The plain one that all tests of this program share, started when it is first wanted.
Azurite& shared_azurite();

}  // namespace samcache

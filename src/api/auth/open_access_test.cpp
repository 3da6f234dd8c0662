#include "api/auth/open_access.h"

#include <gtest/gtest.h>

#include <vector>

namespace samcache {
namespace {

using Addresses = std::vector<http::ListenAddress>;

TEST(OpenAccess, OnlyThisMachinesOwnAddressesAreLoopback) {
  for (const char* host : {"127.0.0.1", "127.9.9.9", "::1", "localhost"})
    EXPECT_TRUE(is_loopback({.host = host})) << host;
  for (const char* host :
       {"0.0.0.0", "::", "192.168.1.1", "::ffff:1.2.3.4", "example.org", "127.0.0.1.example.org", ""}) {
    EXPECT_FALSE(is_loopback({.host = host})) << host;
  }
  EXPECT_TRUE(is_loopback({.host = "0.0.0.0", .unix_socket = "/run/samcache.sock"}));
}

TEST(OpenAccess, IsForLoopbackWithoutAnyToken) {
  EXPECT_TRUE(*decide_open_access(false, Addresses{{.host = "127.0.0.1"}}));
  EXPECT_FALSE(*decide_open_access(true, Addresses{{.host = "127.0.0.1"}}));
  EXPECT_FALSE(*decide_open_access(true, Addresses{{.host = "0.0.0.0"}}));
}

TEST(OpenAccess, AnotherAddressWithoutATokenIsRefused) {
  const Result<bool> refused = decide_open_access(false, Addresses{{.host = "127.0.0.1"}, {.host = "0.0.0.0"}});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("samcache token create"), std::string::npos);
}

}  // namespace
}  // namespace samcache

#include "http/address_set.h"

#include <gtest/gtest.h>

namespace samcache::http {
namespace {

AddressSet set_of(const std::vector<std::string>& texts) { return AddressSet::parse(texts).value(); }

TEST(AddressSet, HoldsAddressesAndNothingBesides) {
  const AddressSet set = set_of({"10.0.0.7", "fd00::7"});
  EXPECT_TRUE(set.contains("10.0.0.7"));
  EXPECT_TRUE(set.contains("fd00::7"));
  EXPECT_TRUE(set.contains("fd00:0::0:7"));
  for (const char* other : {"10.0.0.70", "10.0.0.8", "fd00::8", "", "unix", "10.0.0.7.", "::a00:7"}) {
    EXPECT_FALSE(set.contains(other)) << other;
  }
}

TEST(AddressSet, HoldsNetworksUpToTheirLastAddress) {
  const AddressSet set = set_of({"172.16.0.0/12", "fd00:a::/33"});
  for (const char* inside : {"172.16.0.0", "172.31.255.255", "fd00:a:0::1", "fd00:a:7fff::1"}) {
    EXPECT_TRUE(set.contains(inside)) << inside;
  }
  for (const char* outside : {"172.15.255.255", "172.32.0.0", "fd00:a:8000::", "fd00:b::1"}) {
    EXPECT_FALSE(set.contains(outside)) << outside;
  }
}

TEST(AddressSet, AnIpv4NetworkHoldsNoIpv6Address) {
  EXPECT_TRUE(set_of({"0.0.0.0/0"}).contains("203.0.113.9"));
  EXPECT_FALSE(set_of({"0.0.0.0/0"}).contains("fd00::1"));
}

TEST(AddressSet, KnowsUnixSocketsByName) {
  EXPECT_TRUE(set_of({"unix"}).contains("unix"));
  EXPECT_FALSE(set_of({"unix"}).contains("127.0.0.1"));
  EXPECT_FALSE(set_of({}).contains("unix"));
}

TEST(AddressSet, RefusesWhatIsNoAddressAndNamesIt) {
  for (const char* wrong : {"", "proxy.example.org", "10.0.0.0/33", "fd00::/129", "10.0.0.0/", "10.0.0.0/-1",
                            "10.0.0/8", "10.0.0.0/8x", "10.0.0.0/8/8", "/8"}) {
    const auto parsed = AddressSet::parse(std::vector<std::string>{"10.0.0.1", wrong});
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(parsed.error().message.find('"' + std::string(wrong) + '"'), std::string::npos) << parsed.error().message;
  }
}

}  // namespace
}  // namespace samcache::http

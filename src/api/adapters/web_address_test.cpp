#include "api/adapters/web_address.h"

#include <gtest/gtest.h>

namespace samcache {
namespace {

TEST(WebAddress, OriginsAreComparedInOneForm) {
  EXPECT_EQ(parse_web_address("http://Host.Example/x.jpg?y#z").value().origin, "http://host.example:80");
  EXPECT_EQ(parse_web_address("HTTPS://host.example").value().origin, "https://host.example:443");
  EXPECT_EQ(parse_web_address("https://host.example:8443/").value().origin, "https://host.example:8443");
  EXPECT_EQ(parse_web_address("http://[::1]:9000/x").value().origin, "http://[::1]:9000");
  EXPECT_EQ(parse_web_address("http://host?x:1").value().origin, "http://host:80");
}

TEST(WebAddress, WhatCouldBeReadInTwoWaysIsRefused) {
  for (const char* text : {"",
                           "host/x",
                           "//host/x",
                           "ftp://host/x",
                           "file:///etc/passwd",
                           "gopher://host",
                           "http://",
                           "http:///x",
                           "http://user@host/",
                           "http://allowed.example@evil.example/",
                           "http://allowed.example:80@evil.example/",
                           "http://allowed.example\\@evil.example/",
                           "http://host /",
                           "http://host\n.evil/",
                           "http://host\r\nX: y",
                           "http://host:0/",
                           "http://host:65536/",
                           "http://host:80x/",
                           "http://ho%73t/",
                           "http://h\xC3\xB6st/",
                           "http://[::1/",
                           "http://[::1]x/",
                           "http://[]/",
                           "http://[::1]x:80/",
                           "javascript:alert(1)"}) {
    EXPECT_FALSE(parse_web_address(text)) << text;
  }
  EXPECT_FALSE(parse_web_address("http://host/" + std::string(kMaxUrlBytes, 'x')));
}

TEST(WebAddress, ARedirectionStaysOrNamesItsOrigin) {
  const WebAddress from = parse_web_address("https://host.example/a/b").value();
  EXPECT_EQ(follow(from, "/c?d").value().url, "https://host.example:443/c?d");
  EXPECT_EQ(follow(from, "http://169.254.169.254/x").value().origin, "http://169.254.169.254:80");
  EXPECT_FALSE(follow(from, "//evil.example/x"));
  EXPECT_FALSE(follow(from, "c"));
}

TEST(WebAddress, QueriesAreEscaped) { EXPECT_EQ(escaped_for_query("s3://b/ä &x=1"), "s3%3A//b/%C3%A4%20%26x%3D1"); }

}  // namespace
}  // namespace samcache

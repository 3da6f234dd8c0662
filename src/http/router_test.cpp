#include "http/router.h"

#include <gtest/gtest.h>

#include "http/url_decoding.h"

namespace samcache::http {
namespace {

Route route(const std::string& method, const std::string& pattern) {
  return {.method = method, .pattern = pattern, .handler = [](HttpRequest&) { return HttpResponse(); }};
}

Router example() {
  Router router;
  for (const char* pattern : {"/", "/images", "/images/{id}", "/images/{id}/content", "/images/newest",
                              "/models/{part}.onnx", "/models/{name}", "/files/{path...}"}) {
    router.add(route("GET", pattern));
  }
  router.add(route("POST", "/images"));
  router.add(route("DELETE", "/images/{image}"));
  return router;
}

std::string pattern_of(const RouteMatch& match) { return match.route == nullptr ? "" : match.route->pattern; }

TEST(Router, PrefersTheMostLiteralPattern) {
  const Router router = example();
  EXPECT_EQ(pattern_of(router.find("GET", "/")), "/");
  EXPECT_EQ(pattern_of(router.find("GET", "/images/newest")), "/images/newest");
  EXPECT_EQ(pattern_of(router.find("GET", "/images/7")), "/images/{id}");
  EXPECT_EQ(pattern_of(router.find("GET", "/models/decoder.onnx")), "/models/{part}.onnx");
  EXPECT_EQ(router.find("GET", "/models/decoder.onnx").parameters.at(0).second, "decoder");
  EXPECT_EQ(pattern_of(router.find("GET", "/models/current")), "/models/{name}");
  EXPECT_EQ(router.find("GET", "/files/a/b").parameters.at(0).second, "a/b");
  EXPECT_EQ(pattern_of(router.find("GET", "/images/newest/content")), "/images/{id}/content");
}

TEST(Router, KnowsWhichMethodsAPathHas) {
  const Router router = example();
  EXPECT_EQ(pattern_of(router.find("HEAD", "/images/7")), "/images/{id}");
  const RouteMatch deleted = router.find("DELETE", "/images/7");
  EXPECT_EQ(deleted.parameters.at(0), (std::pair<std::string, std::string>("image", "7")));
  EXPECT_EQ(pattern_of(router.find("DELETE", "/images/newest")), "/images/{image}");
  EXPECT_EQ(router.find("PUT", "/images").allow, "GET, HEAD, OPTIONS, POST");
  EXPECT_EQ(router.find("GET", "/nowhere").allow, "");
  EXPECT_EQ(router.find("GET", "/images/").allow, "");
  EXPECT_EQ(router.find("GET", "//images").allow, "");
  EXPECT_EQ(router.find("GET", "/files/").allow, "");
}

TEST(Router, RefusesTablesThatMakeNoSense) {
  Router router;
  router.add(route("GET", "/a/{x}"));
  EXPECT_THROW(router.add(route("GET", "/a/{y}")), std::logic_error);
  EXPECT_THROW(router.add(route("GET", "a")), std::logic_error);
  EXPECT_THROW(router.add(route("GET", "/{a}{b}")), std::logic_error);
  EXPECT_THROW(router.add(route("GET", "/{rest...}/b")), std::logic_error);
  EXPECT_THROW(router.add({.method = "GET", .pattern = "/b"}), std::logic_error);
}

TEST(DecodePath, UndoesEscapesAndRefusesTricks) {
  EXPECT_EQ(decode_path("/a%20b/%C3%A9").value(), "/a b/\xC3\xA9");
  for (const char* path : {"", "a", "/%2f", "/%5c", "/\\", "/..", "/a/../b", "/%2e%2e", "/.", "/%", "/%1", "/%zz",
                           "/%00", "/%0a", "/%ff", "/%c0%af"}) {
    EXPECT_FALSE(decode_path(path)) << path;
  }
}

TEST(DecodeQuery, KeepsDuplicatesAndRefusesWhatIsBroken) {
  const auto query = decode_query("a=1&b=x+y%26&a=2&c&=d").value();
  ASSERT_EQ(query.size(), 5U);
  EXPECT_EQ(query[1].second, "x y&");
  EXPECT_EQ(query[2], (std::pair<std::string, std::string>("a", "2")));
  EXPECT_EQ(query[3], (std::pair<std::string, std::string>("c", "")));
  EXPECT_FALSE(decode_query("a=%"));
  EXPECT_FALSE(decode_query("a=%00"));
  EXPECT_FALSE(decode_query("a=1&b=2&c=3", 2));
}

}  // namespace
}  // namespace samcache::http

#include "http/static_files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "http/server.h"
#include "http/testing/raw_client.h"

namespace samcache::http {
namespace {

namespace fs = std::filesystem;

class StaticFiles : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_ / "assets");
    write("index.html", "<html>");
    write("assets/app-1f3a9c2e.js", "js");
    write("assets/app-1f3a9c2e.js.gz", "gz");
    write(".secret", "no");
    std::ofstream(folder_.parent_path() / "outside.txt") << "no";
    fs::create_symlink("../../outside.txt", folder_ / "assets/link.txt");
    Router router;
    router.set_fallback(static_files_route({.folder = folder_}).value());
    server_ = Server::start({}, std::move(router)).value();
  }
  void TearDown() override { fs::remove_all(folder_.parent_path()); }
  void write(const std::string& name, const std::string& text) { std::ofstream(folder_ / name) << text; }
  RawResponse get(const std::string& target, const std::string& headers = {}) {
    return RawClient(server_->port()).call("GET", target, headers).value();
  }

  const fs::path folder_ = fs::temp_directory_path() / ("static_files_test_" + std::to_string(getpid())) / "web";
  std::unique_ptr<Server> server_;
};

TEST_F(StaticFiles, ServesFilesAndItsIndexForPages) {
  EXPECT_EQ(get("/").body, "<html>");
  EXPECT_EQ(get("/images/7").body, "<html>");
  EXPECT_EQ(get("/images/7").header("cache-control"), "no-cache");
  const RawResponse script = get("/assets/app-1f3a9c2e.js");
  EXPECT_EQ(script.body, "js");
  EXPECT_EQ(script.header("content-type"), "text/javascript; charset=utf-8");
  EXPECT_NE(script.header("cache-control").find("immutable"), std::string::npos);
  EXPECT_EQ(get("/assets/app-1f3a9c2e.js", "If-None-Match: " + script.header("etag") + "\r\n").status, 304);
  EXPECT_EQ(get("/missing.js").status, 404);
  EXPECT_EQ(get("/projects/v1.2").status, 404);
  EXPECT_EQ(get("/projects/v1.2", "Accept: text/html,*/*;q=0.8\r\n").body, "<html>");
  EXPECT_EQ(get("/projects/", "Accept: text/html\r\n").body, "<html>");
}

TEST_F(StaticFiles, SendsTheCompressedFileBesideIt) {
  const RawResponse packed = get("/assets/app-1f3a9c2e.js", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(packed.body, "gz");
  EXPECT_EQ(packed.header("content-encoding"), "gzip");
  EXPECT_EQ(packed.header("content-type"), "text/javascript; charset=utf-8");
}

TEST_F(StaticFiles, NeverLeavesItsFolder) {
  for (const char* target :
       {"/assets/link.txt", "/.secret", "/%2e%2e/outside.txt", "/../outside.txt", "/assets//link.txt"}) {
    const RawResponse response = get(target);
    EXPECT_NE(response.status, 200) << target;
    EXPECT_NE(response.body, "no") << target;
  }
}

}  // namespace
}  // namespace samcache::http

// Encrypted connections, with a certificate made for the test, and OpenSSL's own client.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "http/testing/raw_client.h"
#include "http/testing/test_server.h"

namespace samcache::http {
namespace {

namespace fs = std::filesystem;

// Standard output of a shell command.
std::string output_of(const std::string& command) {
  std::string output;
  FILE* pipe = popen(command.c_str(), "r");
  std::array<char, 4096> piece;
  while (const std::size_t got = fread(piece.data(), 1, piece.size(), pipe)) output.append(piece.data(), got);
  pclose(pipe);
  return output;
}

class Tls : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_);
    make_certificate("first");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void make_certificate(const std::string& name) const {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=" + name + " -keyout " +
        (folder_ / "key.pem").string() + " -out " + (folder_ / "chain.pem").string() + " 2>/dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0);
  }
  TestServer start() const {
    return TestServer([this](ServerOptions& options) {
      options.tls = {.certificate_chain = folder_ / "chain.pem", .private_key = folder_ / "key.pem"};
      options.limits.header_timeout = std::chrono::milliseconds(500);
    });
  }
  // Sends a request and returns all that came back.
  static std::string ask(const TestServer& server, const std::string& target, const std::string& options = {}) {
    return output_of("printf 'GET " + target +
                     " HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\n' | timeout 10 openssl s_client " +
                     "-quiet -connect 127.0.0.1:" + std::to_string(server.port()) + " " + options + " 2>&1");
  }

  const fs::path folder_ = fs::temp_directory_path() / ("tls_test_" + std::to_string(getpid()));
};

TEST_F(Tls, ServesTextsBytesAndFiles) {
  const TestServer server = start();
  EXPECT_NE(ask(server, "/hello").find(R"({"a":1})"), std::string::npos);
  for (const char* target : {"/bytes", "/file"})
    EXPECT_NE(ask(server, target).find(test_bytes()), std::string::npos) << target;
}

TEST_F(Tls, RefusesOldVersionsAndPlainText) {
  const TestServer server = start();
  EXPECT_EQ(ask(server, "/hello", "-tls1_1 -cipher ALL:@SECLEVEL=0").find("HTTP/1.1 200"), std::string::npos);
  RawClient plain(server.port());
  plain.request("GET", "/hello");
  EXPECT_TRUE(plain.is_closed_within(std::chrono::seconds(2)));
  RawClient silent(server.port());
  EXPECT_TRUE(silent.is_closed_within(std::chrono::seconds(2))) << "a handshake that never begins";
  EXPECT_NE(ask(server, "/hello").find("HTTP/1.1 200"), std::string::npos);
}

TEST_F(Tls, ReadsCertificatesAgainAndKeepsTheOldOnesWhenTheNewAreBroken) {
  const TestServer server = start();
  EXPECT_NE(ask(server, "/hello").find("CN = first"), std::string::npos);
  make_certificate("second");
  EXPECT_TRUE(server.server->reload_certificates());
  EXPECT_NE(ask(server, "/hello").find("CN = second"), std::string::npos);
  fs::resize_file(folder_ / "chain.pem", 10);
  EXPECT_EQ(server.server->reload_certificates().error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(ask(server, "/hello").find("CN = second"), std::string::npos);
}

}  // namespace
}  // namespace samcache::http

// WebSocket connections over real sockets, frame by frame.
#include "http/web_socket.h"

#include <gtest/gtest.h>

#include <thread>

#include "http/testing/raw_client.h"
#include "http/testing/test_server.h"

namespace samcache::http {
namespace {

using std::chrono::milliseconds;

constexpr const char* kUpgrade =
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

enum Opcode { kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

// A frame as a client sends it, masked by zeros.
std::string frame(int opcode, const std::string& payload, bool masked = true) {
  std::string out(1, static_cast<char>(0x80 | opcode));
  const int mask_bit = masked ? 0x80 : 0;
  if (payload.size() < 126) {
    out += static_cast<char>(mask_bit | static_cast<int>(payload.size()));
  } else {
    const bool is_long = payload.size() > 0xffff;
    out += static_cast<char>(mask_bit | (is_long ? 127 : 126));
    for (int shift = is_long ? 56 : 8; shift >= 0; shift -= 8) out += static_cast<char>(payload.size() >> shift);
  }
  return out + (masked ? std::string(4, '\0') : "") + payload;
}

struct Frame {
  int opcode = -1;
  std::string payload = {};
  int close_code() const {
    return payload.size() < 2 ? 0
                              : static_cast<unsigned char>(payload[0]) * 256 + static_cast<unsigned char>(payload[1]);
  }
};

Frame read_frame(RawClient& client, milliseconds wait = milliseconds(5000)) {
  const std::string head = client.read(2, wait);
  if (head.size() < 2) return {};
  std::size_t size = static_cast<unsigned char>(head[1]) & 0x7f;
  const std::size_t extra = size == 126 ? 2 : size == 127 ? 8 : 0;
  if (extra > 0) {
    size = 0;
    for (const char c : client.read(extra)) size = size * 256 + static_cast<unsigned char>(c);
  }
  return {head[0] & 0x0f, client.read(size)};
}

// The next frame that is no ping.
Frame read_message(RawClient& client) {
  Frame next = read_frame(client);
  while (next.opcode == kPing) next = read_frame(client);
  return next;
}

void open(RawClient& client, const std::string& more = {}) {
  ASSERT_TRUE(client.request("GET", "/socket", kUpgrade + more));
  const auto response = client.response();
  ASSERT_TRUE(response);
  ASSERT_EQ(response->status, 101) << response->body;
  EXPECT_EQ(response->header("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(WebSocket, EchoesTextsAndBytes) {
  const TestServer server;
  RawClient client(server.port());
  open(client);
  client.send(frame(kText, "hello") + frame(kBinary, std::string(50'000, '\x01')) + frame(kPing, "p"));
  EXPECT_EQ(read_message(client).payload, "hello");
  Frame next = read_message(client);
  if (next.opcode == kPong) next = read_message(client);
  EXPECT_TRUE(next.payload == std::string(50'000, '\x01')) << next.payload.size() << " bytes";
  EXPECT_EQ(server.server->gauges().web_sockets, 1U);
  client.send(frame(kClose, std::string("\x03\xe8", 2)));
  while (next.opcode != kClose && next.opcode != -1) next = read_message(client);
  EXPECT_EQ(next.close_code(), kCloseNormal);
  EXPECT_TRUE(client.is_closed_within(milliseconds(1000)));
}

TEST(WebSocket, WhatBreaksTheProtocolIsClosedWithItsCode) {
  const TestServer server;
  struct Case {
    const char* what;
    std::string bytes;
    int code;
  };
  const std::vector<Case> cases = {
      {"invalid UTF-8", frame(kText, "\xff\xfe"), 1007},
      {"an unmasked frame", frame(kText, "hello", false), 1002},
      {"a reserved opcode", frame(3, "x"), 1002},
      {"a frame over the limit", frame(kText, std::string(70'000, 'x')).substr(0, 100), 1009},
      {"a control frame that is too long", frame(kPing, std::string(200, 'x')), 1002},
      {"a session that throws", frame(kText, "throw"), 1011},
      {"a session that closes", frame(kText, "bye"), 4000},
  };
  for (const Case& broken : cases) {
    RawClient client(server.port());
    open(client);
    client.send(broken.bytes);
    const Frame closing = read_message(client);
    EXPECT_EQ(closing.opcode, kClose) << broken.what;
    EXPECT_EQ(closing.close_code(), broken.code) << broken.what;
  }
}

TEST(WebSocket, OpensForItsOwnAndAllowedOriginsOnly) {
  const TestServer server([](ServerOptions& options) { options.web_socket_origins = {"https://app.example"}; });
  for (const auto& [origin, status] : {std::pair("http://localhost", 101), std::pair("https://app.example", 101),
                                       std::pair("https://evil.example", 403), std::pair("null", 403),
                                       std::pair("https://app.example.evil.example", 403)}) {
    RawClient client(server.port());
    client.request("GET", "/socket", std::string(kUpgrade) + "Origin: " + origin + "\r\n");
    EXPECT_EQ(client.response()->status, status) << origin;
  }
  RawClient plain(server.port());
  EXPECT_EQ(plain.call("GET", "/socket")->status, 426);
  RawClient bad_version(server.port());
  bad_version.request("GET", "/socket", "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 7\r\n");
  EXPECT_GE(bad_version.response()->status, 400);
}

TEST(WebSocket, ConfirmsASubprotocolThatWasOffered) {
  EXPECT_EQ(choose_subprotocol("samcache.v1, bearer.abc"), "samcache.v1");
  EXPECT_EQ(choose_subprotocol("bearer.abc"), "bearer.abc");
  EXPECT_EQ(choose_subprotocol(""), "");
  EXPECT_EQ(bearer_subprotocol_token("samcache.v1, bearer.abc"), "abc");
  EXPECT_EQ(bearer_subprotocol_token("samcache.v1"), "");
  const TestServer server;
  RawClient client(server.port());
  client.request("GET", "/socket", std::string(kUpgrade) + "Sec-WebSocket-Protocol: bearer.abc\r\n");
  EXPECT_EQ(client.response()->header("sec-websocket-protocol"), "bearer.abc");
}

TEST(WebSocket, MoreThanTheQueueHoldsClosesWithTryAgainLater) {
  const TestServer server;
  RawClient client(server.port());
  open(client);
  client.send(frame(kText, "flood"));
  EXPECT_EQ(read_message(client).close_code(), kCloseTryAgainLater);
}

TEST(WebSocket, AClientThatTakesNothingOfAFrameIsCutOff) {
  const TestServer server([](ServerOptions& options) { options.limits.write_timeout = milliseconds(300); });
  RawClient client(server.port(), 4096);
  open(client);
  client.send(frame(kText, "pour"));
  for (int i = 0; i < 400 && server.server->gauges().connections > 0; ++i)
    std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(server.server->gauges().web_sockets, 0U);
}

TEST(WebSocket, ASilentClientIsPingedAndThenGivenUp) {
  const TestServer server;
  RawClient client(server.port());
  open(client);
  EXPECT_EQ(read_frame(client, milliseconds(3000)).opcode, kPing);
  client.send(frame(kPong, ""));
  EXPECT_EQ(read_frame(client, milliseconds(3000)).opcode, kPing) << "an answered ping keeps it open";
  EXPECT_TRUE(client.is_closed_within(milliseconds(5000)));
}

TEST(WebSocket, TheServersEndClosesWithGoingAway) {
  const TestServer server;
  RawClient client(server.port());
  open(client);
  std::thread stopper([&] { EXPECT_TRUE(server.server->stop(Deadline::after(std::chrono::seconds(3)))); });
  EXPECT_EQ(read_message(client).close_code(), kCloseGoingAway);
  client.send(frame(kClose, std::string("\x03\xe9", 2)));
  client.finish_sending();
  stopper.join();
}

TEST(WebSocket, AClientThatVanishesIsForgotten) {
  const TestServer server;
  RawClient client(server.port());
  open(client);
  client.reset();
  for (int i = 0; i < 200 && server.server->gauges().connections > 0; ++i)
    std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(server.server->gauges().connections, 0U);
}

}  // namespace
}  // namespace samcache::http

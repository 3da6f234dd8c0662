#include "http/testing/test_server.h"

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace samcache::http {

struct TestServer::State {
  std::mutex mutex;
  std::condition_variable changed;
  bool released = false;
  std::vector<std::shared_ptr<EventStream>> streams;
};

namespace {

constexpr std::size_t kMiB = 1 << 20;

// Counts and hashes a body without keeping it.
class DigestSink final : public BodySink {
 public:
  Status write(ByteSpan piece) override {
    size += piece.size();
    hash_.update(piece);
    return {};
  }
  Status finish() override {
    sha256 = hash_.finish_hex();
    return {};
  }
  std::uint64_t size = 0;
  std::string sha256;

 private:
  Sha256 hash_;
};

class EchoSession final : public WebSocketSession {
 public:
  void on_open(WebSocketSender /*sender*/) override {}
  void on_text(std::string_view message) override {
    if (message == "throw") throw std::runtime_error("a session that throws");
    if (message == "bye") return WebSocketSender(sender()).close(4000, "as you wish");
    if (message == "pour") {
      WebSocketSender(sender()).send_binary(SharedBytes(std::vector<std::byte>(32 * kMiB)));
      return;
    }
    if (message != "flood") {
      WebSocketSender(sender()).send_text(std::string(message));
      return;
    }
    WebSocketSender out = sender();
    while (out.send_binary(SharedBytes(std::vector<std::byte>(kMiB)))) {
    }
  }
  void on_binary(ByteSpan message) override { WebSocketSender(sender()).send_binary(SharedBytes::copy_of(message)); }
  void on_close(std::uint16_t /*code*/, std::string_view /*reason*/) override {}
};

SharedBytes shared_bytes(const std::string& text) { return SharedBytes::copy_of(bytes_of(text)); }

void add_plain_routes(Router& router) {
  router.add({.pattern = "/hello", .handler = [](HttpRequest&) { return HttpResponse::json(200, R"({"a":1})"); }});
  router.add({.pattern = "/fast", .fast = [](HttpRequest&) { return HttpResponse::json(200, R"({"a":1})"); }});
  router.add({.pattern = "/items/{id}", .handler = [](HttpRequest& request) {
                return HttpResponse::text(
                    200, "text/plain",
                    std::string(request.path_parameter("id")) + "|" + std::string(request.query("q").value_or("-")));
              }});
  router.add({.pattern = "/bytes", .handler = [bytes = shared_bytes(test_bytes())](HttpRequest&) {
                HttpResponse response = HttpResponse::bytes("application/octet-stream", bytes);
                response.etag = "\"v1\"";
                return response;
              }});
  auto file = TemporaryFile::create("/tmp", 2 * kMiB).value();
  file->write(bytes_of(test_bytes())).value();
  router.add({.pattern = "/file", .handler = [file = std::shared_ptr<TemporaryFile>(std::move(file))](HttpRequest&) {
                const std::shared_ptr<const FileDescriptor> descriptor(file, &file->file());
                return HttpResponse::file("application/octet-stream", {descriptor, 0, file->size_bytes()});
              }});
  router.add({.pattern = "/big", .handler = [](HttpRequest&) {
                return HttpResponse::bytes("application/octet-stream", SharedBytes(std::vector<std::byte>(64 * kMiB)));
              }});
  router.add(
      {.pattern = "/throws", .handler = [](HttpRequest&) -> HttpResponse { throw std::runtime_error("secret"); }});
  router.add({.pattern = "/long", .handler = [](HttpRequest&) {
                HttpResponse response = HttpResponse::json(200, "[" + std::string(8190, ' ') + "]");
                response.etag = "\"long\"";
                return response;
              }});
  router.add({.pattern = "/later", .async_handler = [](std::shared_ptr<HttpRequest>, Responder responder) {
                std::thread([answer = std::move(responder)]() mutable {
                  answer.answer(HttpResponse::json(200, R"({"later":true})"));
                }).detach();
              }});
  router.add({.pattern = "/dropped", .async_handler = [](std::shared_ptr<HttpRequest>, Responder) {}});
}

void add_body_routes(Router& router) {
  router.add({.method = "POST",
              .pattern = "/echo",
              .options = {.body = BodyPolicy::kBuffered, .content_types = {"application/json"}},
              .handler = [](HttpRequest& request) {
                return HttpResponse::text(200, "application/octet-stream", std::string(request.body()));
              }});
  router.add({.method = "POST",
              .pattern = "/form",
              .options = {.body = BodyPolicy::kMultipart, .max_body_bytes = 32 * kMiB, .multipart = {.folder = "/tmp"}},
              .handler = [](HttpRequest& request) {
                FormFile* file = request.form()->file("file");
                if (file == nullptr) return problem(400, "no file");
                return HttpResponse::text(200, "text/plain",
                                          std::string(request.form()->field("project").value_or("-")) + "|" +
                                              file->file_name + "|" + std::to_string(file->content->size_bytes()) +
                                              "|" + file->content->sha256());
              }});
  router.add({.method = "POST",
              .pattern = "/sink",
              .options = {.body = BodyPolicy::kStreamed, .max_body_bytes = 32 * kMiB},
              .handler =
                  [](HttpRequest& request) {
                    const auto& sink = static_cast<const DigestSink&>(*request.sink());
                    return HttpResponse::text(200, "text/plain", std::to_string(sink.size) + "|" + sink.sha256);
                  },
              .open_sink = [](HttpRequest&) { return std::make_shared<DigestSink>(); }});
}

void add_lasting_routes(Router& router, const std::shared_ptr<TestServer::State>& state) {
  router.add({.pattern = "/slow", .options = {.pool = 1}, .handler = [state](HttpRequest&) {
                std::unique_lock lock(state->mutex);
                state->changed.wait(lock, [&] { return state->released; });
                return HttpResponse::json(200, "{}");
              }});
  router.add(
      {.pattern = "/events", .handler = [state](HttpRequest& request) {
         auto stream = std::make_shared<EventStream>(EventStreamOptions{.heartbeat = std::chrono::milliseconds(200)});
         stream->send({.data = "hello", .event = "greeting", .id = request.header("Last-Event-ID").value_or("0")});
         const std::scoped_lock lock(state->mutex);
         state->streams.push_back(stream);
         return HttpResponse::events(stream);
       }});
  router.add({.pattern = "/socket",
              .options = {.web_socket = {.max_message_bytes = 64 << 10,
                                         .max_queue_bytes = 4 * kMiB,
                                         .idle_timeout = std::chrono::seconds(2)}},
              .web_socket = [](HttpRequest&) { return std::make_shared<EchoSession>(); }});
}

}  // namespace

const std::string& test_bytes() {
  static const std::string bytes = [] {
    std::string text;
    while (text.size() < kMiB) text += static_cast<char>('a' + text.size() % 26);
    return text;
  }();
  return bytes;
}

TestServer::TestServer(const std::function<void(ServerOptions&)>& change) : state(std::make_shared<State>()) {
  Router router;
  add_plain_routes(router);
  add_body_routes(router);
  add_lasting_routes(router, state);
  ServerOptions options;
  options.pools = {{.name = "quick", .threads = 2, .max_waiting = 64},
                   {.name = "slow", .threads = 1, .max_waiting = 1}};
  change(options);
  server = Server::start(std::move(options), std::move(router)).value();
}

TestServer::~TestServer() { release(); }

void TestServer::release() {
  const std::scoped_lock lock(state->mutex);
  state->released = true;
  state->changed.notify_all();
}

void TestServer::publish(const std::string& data) {
  const std::scoped_lock lock(state->mutex);
  for (const auto& stream : state->streams) stream->send({.data = data});
}

}  // namespace samcache::http

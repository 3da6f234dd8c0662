// The server that bench/http/run measures: a small JSON answered on the event loop and one by a pool's handler, and a
// file sent from memory and by sendfile.
//
//   bench_http_server FILE     prints its port, serves until its input ends
#include <fcntl.h>
#include <sys/stat.h>

#include <cstdio>
#include <iostream>

#include "base/mapped_file.h"
#include "http/server.h"

namespace {

using namespace samcache;
using namespace samcache::http;

constexpr const char* kStatus = R"({"status":"ok"})";

Router routes(const SharedBytes& bytes, const std::shared_ptr<const FileDescriptor>& file) {
  Router router;
  router.add({.pattern = "/small", .fast = [](HttpRequest&) { return HttpResponse::json(200, kStatus); }});
  router.add({.pattern = "/small-pool", .handler = [](HttpRequest&) { return HttpResponse::json(200, kStatus); }});
  router.add({.pattern = "/memory",
              .fast = [bytes](HttpRequest&) { return HttpResponse::bytes("application/octet-stream", bytes); }});
  router.add({.pattern = "/file", .fast = [file, size = bytes.size()](HttpRequest&) {
                return HttpResponse::file("application/octet-stream", {file, 0, size});
              }});
  return router;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: bench_http_server FILE\n";
    return 2;
  }
  const auto file = std::make_shared<const FileDescriptor>(open(argv[1], O_RDONLY | O_CLOEXEC));
  const Result<SharedBytes> bytes = map_file(argv[1], MapAdvice::kPopulate);
  if (!bytes) {
    std::cerr << bytes.error().message << "\n";
    return 1;
  }
  Result<std::unique_ptr<Server>> server = Server::start({}, routes(*bytes, file));
  if (!server) {
    std::cerr << server.error().message << "\n";
    return 1;
  }
  std::cout << server.value()->port() << std::endl;
  while (std::getchar() != EOF) {
  }
  return server.value()->stop(Deadline::after(std::chrono::seconds(2))) ? 0 : 1;
}

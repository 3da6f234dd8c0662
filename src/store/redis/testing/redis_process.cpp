#include "store/redis/testing/redis_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "store/redis/redis_connection.h"

namespace samcache {
namespace {

constexpr int kNotInstalled = 127;

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const bool ok = ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(fd);
  if (!ok) throw std::runtime_error("no free loopback port");
  return ntohs(address.sin_port);
}

// In the child of a fork: nothing here takes memory.
[[noreturn]] void become_redis(const std::vector<char*>& arguments, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  const int nowhere = ::open("/dev/null", O_RDWR);
  for (const int fd : {0, 1, 2}) ::dup2(nowhere, fd);
  ::execvp("redis-server", arguments.data());
  ::_exit(kNotInstalled);
}

}  // namespace

RedisProcess::Folder::Folder() {
  std::string name = std::filesystem::temp_directory_path() / "samcache-redis-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
  path = name;
}

RedisProcess::Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

RedisProcess::RedisProcess(std::vector<std::string> more_arguments)
    : more_arguments_(std::move(more_arguments)), unix_socket_(folder_.path / "socket") {
  constexpr int kAttempts = 5;  // another program may take the port before the server does
  for (int i = 0; i < kAttempts && pid_ < 0; ++i) {
    port_ = free_port();
    launch();
  }
  if (pid_ < 0) throw std::runtime_error("redis-server does not start");
}

RedisProcess::~RedisProcess() { kill(); }

void RedisProcess::launch() {
  std::vector<std::string> arguments = {"redis-server",
                                        "--bind",
                                        "127.0.0.1",
                                        "--port",
                                        std::to_string(port_),
                                        "--unixsocket",
                                        unix_socket_,
                                        "--save",
                                        "",
                                        "--appendonly",
                                        "no",
                                        "--dir",
                                        folder_.path,
                                        "--daemonize",
                                        "no"};
  arguments.insert(arguments.end(), more_arguments_.begin(), more_arguments_.end());
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) become_redis(pointers, parent);
  if (pid_ < 0) throw std::runtime_error("cannot fork");

  const Deadline deadline = Deadline::after(std::chrono::seconds(20));
  while (!deadline.passed()) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      if (WIFEXITED(status) && WEXITSTATUS(status) == kNotInstalled) {
        throw std::runtime_error("redis-server is not installed: run tools/setup");
      }
      return;
    }
    if (answers()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  kill();
}

// Any answer will do, a demand for a password, too; another server's on this port would be no server in this folder.
bool RedisProcess::answers() const {
  RedisOptions local;
  local.unix_socket = unix_socket_;
  const auto connection = RedisConnection::open(local, Deadline::after(std::chrono::seconds(1)));
  return connection || connection.error().code != ErrorCode::kUnavailable;
}

void RedisProcess::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void RedisProcess::start() {
  std::filesystem::remove(unix_socket_);
  launch();
  if (pid_ < 0) throw std::runtime_error("redis-server does not start again");
}

void RedisProcess::pause() { ::kill(pid_, SIGSTOP); }
void RedisProcess::resume() { ::kill(pid_, SIGCONT); }

RedisOptions RedisProcess::options() const {
  RedisOptions options;
  options.port = port_;
  return options;
}

}  // namespace samcache

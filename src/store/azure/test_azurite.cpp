#include "store/azure/test_azurite.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <thread>
#include <vector>

#include "store/azure/connection_string.h"
#include "store/azure/http_client.h"
#include "store/azure/test_sockets.h"

namespace samcache {
namespace {

constexpr const char* kAzurite = SAMCACHE_AZURITE;

std::filesystem::path new_folder() {
  static std::atomic<int> count = 0;
  const std::string name = "azurite-" + std::to_string(getpid()) + "-" + std::to_string(count++);
  std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / name;
  std::filesystem::create_directories(folder);
  return folder;
}

// In the child: nothing that is not safe between fork and exec.
[[noreturn]] void become(const std::vector<char*>& arguments, pid_t parent, int log) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

}  // namespace

Azurite::Azurite(Kind kind) : kind_(kind), folder_(new_folder()) {
  if (!std::filesystem::exists(kAzurite)) {
    throw std::runtime_error("Azurite is not installed; do so with: npm ci --prefix tests/servers");
  }
  if (kind == Kind::kTokens) make_certificate();
  constexpr int kMaxStarts = 3;  // somebody else may take the port first
  for (int i = 0; i < kMaxStarts; ++i) {
    start();
    if (wait_until_up()) return;
    stop();
  }
  throw std::runtime_error("Azurite does not start (is node there?); it ran in " + folder_.string());
}

Azurite::~Azurite() {
  stop();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string Azurite::ca_file() const { return (folder_ / "certificate.pem").string(); }

void Azurite::make_certificate() const {
  const std::string command =
      "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost "
      "-addext subjectAltName=IP:127.0.0.1 -keyout '" +
      (folder_ / "key.pem").string() + "' -out '" + ca_file() + "' 2>/dev/null";
  if (std::system(command.c_str()) != 0) throw std::runtime_error("openssl does not make a certificate");
}

void Azurite::start() {
  port_ = free_loopback_port();
  std::vector<std::string> words = {
      "node",       kAzurite,         "--blobHost",         "127.0.0.1", "--blobPort", std::to_string(port_),
      "--location", folder_.string(), "--disableTelemetry", "--silent"};
  if (kind_ == Kind::kTokens) {
    words.insert(words.end(), {"--oauth", "basic", "--cert", ca_file(), "--key", (folder_ / "key.pem").string()});
  }
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const int log = open((folder_ / "log").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  const pid_t parent = getpid();
  process_ = fork();
  if (process_ == 0) become(arguments, parent, log);
  close(log);
}

bool Azurite::wait_until_up() const {
  HttpClient client({.ca_file = kind_ == Kind::kTokens ? ca_file() : ""});
  const Deadline deadline = Deadline::after(std::chrono::seconds(60));
  while (!deadline.passed()) {
    siginfo_t state{};  // not reaped here: its number stays taken
    if (waitid(P_PID, static_cast<id_t>(process_), &state, WEXITED | WNOHANG | WNOWAIT) != 0 || state.si_pid != 0)
      break;
    const Deadline soon = deadline.within(std::chrono::seconds(5));
    if (http_exchange(client, {.method = "GET", .url = endpoint() + "?comp=list"}, 1 << 20, "Azurite", soon))
      return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

void Azurite::stop() {
  if (process_ > 0) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  process_ = -1;
}

std::string Azurite::endpoint(int port) const {
  return (kind_ == Kind::kTokens ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port) +
         "/devstoreaccount1";
}

AzureStoreOptions Azurite::options() const {
  static std::atomic<int> count = 0;
  AzureStoreOptions options;
  options.account = *parse_connection_string("UseDevelopmentStorage=true");
  options.account.endpoint = endpoint();
  options.account.secondary_endpoint.clear();
  options.container = "test-" + std::to_string(count++);
  options.create_container = true;
  if (kind_ == Kind::kTokens) options.ca_file = ca_file();
  return options;
}

Azurite& shared_azurite() {
  static Azurite azurite(Azurite::Kind::kPlain);
  return azurite;
}

}  // namespace samcache

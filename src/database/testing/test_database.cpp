#include "database/testing/test_database.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace samcache {
namespace {

std::filesystem::path new_folder() {
  std::string name = std::filesystem::temp_directory_path() / "samcache-database-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
  return name;
}

// The first line that the script prints.
std::string run_script(const std::string& arguments) {
  const std::string command = std::string(SAMCACHE_POSTGRES_SCRIPT) + " " + arguments;
  FILE* output = ::popen(command.c_str(), "r");
  if (output == nullptr) throw std::runtime_error("cannot run " + command);
  std::array<char, 1000> buffer = {};
  std::string line;
  while (std::fgets(buffer.data(), buffer.size(), output) != nullptr) line += buffer.data();
  if (::pclose(output) != 0) throw std::runtime_error(command + " failed");
  return line.substr(0, line.find('\n'));
}

class Server {
 public:
  static const Server& instance() {
    static const Server server;
    return server;
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() { std::system((std::string(SAMCACHE_POSTGRES_SCRIPT) + " stop " + folder_.string()).c_str()); }

  const std::string& url() const { return url_; }
  void restart() const { run_script("restart " + folder_.string()); }

 private:
  Server() : folder_(new_folder()), url_(run_script("start " + folder_.string() + " " + std::to_string(::getpid()))) {}

  const std::filesystem::path folder_;
  const std::string url_;
};

}  // namespace

bool TestDatabase::is_postgresql() {
  const char* kind = std::getenv("SAMCACHE_TEST_DATABASE");
  return kind != nullptr && std::string_view(kind) == "postgresql";
}

void TestDatabase::restart_server() { Server::instance().restart(); }

TestDatabase::TestDatabase() {
  if (!is_postgresql()) {
    folder_ = new_folder();
    url_ = "sqlite://" + (folder_ / "test.db").string();
    return;
  }
  url_ = Server::instance().url();
  const auto emptied = open()->transaction(Access::kWrite, soon(), [](Transaction& transaction) -> Status {
    transaction.execute("DROP SCHEMA public CASCADE");
    transaction.execute("CREATE SCHEMA public");
    return {};
  });
  emptied.value();
}

TestDatabase::~TestDatabase() {
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

std::shared_ptr<Database> TestDatabase::open(DatabaseOptions options) const {
  return Database::open(url_, options).value();
}

}  // namespace samcache

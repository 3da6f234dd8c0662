#include "apps/store_limits.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file_descriptor.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPieceBytes = 4 << 20;
constexpr std::size_t kDirectAlignment = 4096;
constexpr double kMsPerSecond = 1000;

// Removes the file when it goes.
class ScratchFile {
 public:
  explicit ScratchFile(fs::path path) : path_(std::move(path)) {}
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile() {
    std::error_code code;
    fs::remove(path_, code);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

Status fill(const fs::path& path, std::uint64_t size_bytes) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.is_open()) return errno_error("make " + path.string(), errno);
  AlignedBuffer piece(kPieceBytes);
  std::uint64_t state = 1;  // not zeros: some disks do not store those
  for (std::uint64_t& word : piece.as<std::uint64_t>()) word = state = state * 6364136223846793005ULL + 1;
  for (std::uint64_t done = 0; done < size_bytes;) {
    const ssize_t written = ::write(file.get(), piece.data(), std::min<std::uint64_t>(kPieceBytes, size_bytes - done));
    if (written < 0) return errno_error("write " + path.string(), errno);
    done += static_cast<std::uint64_t>(written);
  }
  if (::fsync(file.get()) != 0) return errno_error("flush " + path.string(), errno);
  return {};
}

// Sends `size_bytes` to `port` of this machine.
void send_all(std::uint16_t port, std::uint64_t size_bytes) {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return;
  const std::vector<std::byte> piece(1 << 18);
  for (std::uint64_t done = 0; done < size_bytes;) {
    const ssize_t sent = ::send(socket.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    done += static_cast<std::uint64_t>(sent);
  }
}

Result<double> send_to_self(std::uint64_t size_bytes) {
  const FileDescriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  if (!listener.is_open() || ::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      ::listen(listener.get(), 1) != 0 ||
      ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return errno_error("listen on loopback", errno);
  }
  const std::jthread sender(send_all, ntohs(address.sin_port), size_bytes);
  const FileDescriptor connection(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!connection.is_open()) return errno_error("accept on loopback", errno);
  std::vector<std::byte> piece(1 << 18);
  const Stopwatch stopwatch;
  std::uint64_t done = 0;
  for (ssize_t got = 1; got > 0;) {
    got = ::recv(connection.get(), piece.data(), piece.size(), 0);
    if (got > 0) done += static_cast<std::uint64_t>(got);
  }
  return static_cast<double>(done) / stopwatch.elapsed_ms() * kMsPerSecond;
}

}  // namespace

Result<double> measure_direct_read_ms(const fs::path& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC));
  if (!file.is_open()) {
    return Error{ErrorCode::kUnsupported, "the file system of " + path.string() + " has no direct reads"};
  }
  const std::unique_ptr<void, decltype(&std::free)> piece(std::aligned_alloc(kDirectAlignment, kPieceBytes),
                                                          &std::free);
  const Stopwatch stopwatch;
  for (ssize_t got = 1; got > 0;) {
    got = ::read(file.get(), piece.get(), kPieceBytes);
    if (got < 0) return errno_error("read " + path.string(), errno);
  }
  return stopwatch.elapsed_ms();
}

Result<double> measure_disk_rate(const fs::path& folder, std::uint64_t size_bytes, int rounds) {
  const ScratchFile file(folder / (".samcache-bench-" + std::to_string(::getpid())));
  if (Status filled = fill(file.path(), size_bytes); !filled) return filled.error();
  double best = 0;
  for (int round = 0; round < rounds; ++round) {
    const Result<double> ms = measure_direct_read_ms(file.path());
    if (!ms) return ms;
    best = std::max(best, static_cast<double>(size_bytes) / *ms * kMsPerSecond);
  }
  return best;
}

std::optional<double> measure_disk_rate_by_fio(const fs::path& folder, std::uint64_t size_bytes) {
  const std::string quoted = "'" + folder.string() + "'";
  if (folder.string().find('\'') != std::string::npos) return std::nullopt;
  const std::string command =
      "cd " + quoted +
      " && fio --name=samcache-bench-fio --rw=read --bs=1M --direct=1 --ioengine=libaio --iodepth=16 --size=" +
      std::to_string(size_bytes) + " --unlink=1 --output-format=json 2>/dev/null";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "re"), &::pclose);
  if (!pipe) return std::nullopt;
  std::string text;
  std::array<char, 4096> piece{};
  for (std::size_t got = 1; got > 0;) {
    got = std::fread(piece.data(), 1, piece.size(), pipe.get());
    text.append(piece.data(), got);
  }
  const auto report = nlohmann::json::parse(text, nullptr, false);
  if (report.is_discarded()) return std::nullopt;
  const nlohmann::json::json_pointer place("/jobs/0/read/bw_bytes");
  if (!report.contains(place) || !report[place].is_number()) return std::nullopt;
  return report[place].get<double>();
}

Result<double> measure_loopback_rate(std::uint64_t size_bytes, int rounds) {
  double best = 0;
  for (int round = 0; round < rounds; ++round) {
    const Result<double> rate = send_to_self(size_bytes);
    if (!rate) return rate;
    best = std::max(best, *rate);
  }
  return best;
}

Status drop_from_page_cache(const fs::path& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return errno_error("open " + path.string(), errno);
  if (const int code = ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED); code != 0) {
    return errno_error("drop " + path.string() + " from the page cache", code);
  }
  return {};
}

}  // namespace samcache

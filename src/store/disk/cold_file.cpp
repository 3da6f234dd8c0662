#include "store/disk/cold_file.h"

#include <fcntl.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <functional>

namespace samcache {
namespace {

constexpr std::size_t kPieceBytes = 32 << 20;  // between two looks at the clock

// Whether the page cache has the file's page at this offset. Where that cannot be told: yes.
bool is_cached(const FileDescriptor& file, std::size_t offset) {
  std::byte byte{};
  iovec piece{&byte, 1};
  const ssize_t got = ::preadv2(file.get(), &piece, 1, static_cast<off_t>(offset), RWF_NOWAIT);
  return got >= 0 || errno != EAGAIN;
}

}  // namespace

bool read_if_cold(const FileDescriptor& file, std::span<std::byte> into, std::size_t size_bytes, Deadline deadline) {
  if (size_bytes < kMinDirectBytes || reinterpret_cast<std::uintptr_t>(into.data()) % kDirectAlignment != 0) {
    return false;
  }
  for (const std::size_t offset : {std::size_t{0}, size_bytes / 2, size_bytes - 1}) {
    if (is_cached(file, offset)) return false;
  }
  const int flags = ::fcntl(file.get(), F_GETFL);
  if (flags < 0 || ::fcntl(file.get(), F_SETFL, flags | O_DIRECT) != 0) return false;
  std::size_t done = 0;
  while (done < size_bytes && !deadline.passed()) {
    const std::size_t room = (into.size() - done) / kDirectAlignment * kDirectAlignment;
    const std::size_t wanted = std::min(room, kPieceBytes);
    const ssize_t got = ::pread(file.get(), into.data() + done, wanted, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
    if (done % kDirectAlignment != 0) break;  // the end of the file
  }
  ::fcntl(file.get(), F_SETFL, flags);
  return done == size_bytes;
}

bool ColdNames::toggle(const std::string& name) {
  const std::size_t hash = std::hash<std::string>()(name) | 1;  // never 0, which is an empty slot
  std::atomic<std::size_t>& slot = slots_[(hash >> 1) % slots_.size()];
  if (slot.exchange(hash) != hash) return false;
  slot = 0;
  return true;
}

}  // namespace samcache

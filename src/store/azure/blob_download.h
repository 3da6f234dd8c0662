// One blob as a whole: the beginning first, then the rest in parallel ranges of the same version. A blob that is
// replaced meanwhile is begun anew, and after some times read in one answer, which is of one version. Internal to
// azure/.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "store/azure/blob_service.h"
#include "store/azure/call_runner.h"

namespace samcache {

// "bytes FIRST-LAST/TOTAL"; nothing for anything else, or where the numbers contradict each other.
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t total = 0;
};
std::optional<ContentRange> parse_content_range(const std::string& text);

class BlobDownload {
 public:
  BlobDownload(BlobService& service, const std::string& name, Deadline deadline)
      : service_(service), name_(name), deadline_(deadline) {}

  // Nothing: no such blob.
  Result<std::optional<SharedBytes>> run();

 private:
  enum class Outcome { kWhole, kMissing, kChanged };

  Result<Outcome> read_ranges();
  Result<Outcome> read_without_range();  // which an empty blob needs, too: it has no ranges
  std::string operation() const;
  BlobCall call_for(std::uint64_t first, std::uint64_t size) const;
  Result<std::span<std::byte>> place_first(CallRunner& runner, const HttpResponse& head);
  Result<std::span<std::byte>> place_range(const HttpResponse& head, std::uint64_t first, std::uint64_t size);
  Result<std::span<std::byte>> place_whole(const HttpResponse& head);
  Status agree_on_version(const HttpResponse& head, std::uint64_t total);
  void add_rest(CallRunner& runner, std::uint64_t first);
  Result<Outcome> outcome_of(const CallRunner& runner, std::size_t calls) const;

  BlobService& service_;
  const std::string& name_;
  const Deadline deadline_;

  // Of the version that is being read; empty until its first head is there.
  std::optional<AlignedBuffer> buffer_;
  std::string etag_;
  bool changed_ = false;
  std::size_t calls_ = 0;
};

}  // namespace samcache

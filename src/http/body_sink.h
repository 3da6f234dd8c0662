// Where a request's body goes when it is too large to be kept in memory.
//
// The server calls write() for every piece, in order, on a thread of the route's pool (so it may block), one call at a
// time, then finish() once. A sink whose request is broken off is destroyed without finish(). An Error of kTooLarge
// becomes 413, kInvalidArgument and kCorrupt 400, kOutOfSpace 507, kUnavailable 503, anything else 500.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "base/file_descriptor.h"

namespace samcache::http {

class BodySink {
 public:
  virtual ~BodySink() = default;
  virtual Status write(ByteSpan piece) = 0;
  virtual Status finish() { return {}; }
};

// SHA-256 of a stream, piece by piece. One thread at a time.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();
  void update(ByteSpan bytes);
  // 64 lower-case hexadecimal digits; ends the stream.
  std::string finish_hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A file without a name, and the SHA-256 of what went into it: it vanishes with its descriptor.
class TemporaryFile final : public BodySink {
 public:
  // In `folder`, which must exist. At most `max_bytes` (kTooLarge above).
  static Result<std::unique_ptr<TemporaryFile>> create(const std::filesystem::path& folder, std::uint64_t max_bytes);

  Status write(ByteSpan piece) override;
  Status finish() override;

  std::uint64_t size_bytes() const { return size_bytes_; }
  // After finish().
  const std::string& sha256() const { return sha256_; }
  // Open for reading and writing; its offset is where the last write ended.
  const FileDescriptor& file() const { return file_; }
  // The whole content, mapped; the descriptor may go meanwhile.
  Result<SharedBytes> map() const;

 private:
  TemporaryFile(FileDescriptor file, std::filesystem::path folder, std::uint64_t max_bytes);

  FileDescriptor file_;
  std::filesystem::path folder_;
  std::uint64_t max_bytes_;
  std::uint64_t size_bytes_ = 0;
  Sha256 hash_;
  std::string sha256_;
};

}  // namespace samcache::http

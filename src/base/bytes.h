// Runs of bytes: a borrowed span, an owned 64-byte aligned buffer, and immutable bytes that keep their storage alive.
//
// SharedBytes is how tensors, mapped files and downloads travel: a view plus a reference to whatever owns the memory.
// Copying one copies a pointer, never the bytes. Immutable once shared, so any number of threads may read and copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace samcache {

using ByteSpan = std::span<const std::byte>;

inline ByteSpan bytes_of(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }
template <class T>
ByteSpan bytes_of(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}
inline std::string_view text_of(ByteSpan bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// What SIMD kernels and cache lines like; every buffer made here starts at a multiple of it.
inline constexpr std::size_t kBufferAlignment = 64;

class SharedBytes {
 public:
  // No bytes.
  SharedBytes() = default;
  // `bytes` must stay valid and unchanged for as long as `owner` (or a copy of it) lives.
  SharedBytes(std::shared_ptr<const void> owner, ByteSpan bytes) : owner_(std::move(owner)), bytes_(bytes) {}
  // Takes the vector over; no copy. The start is aligned as the allocator did it (16 bytes).
  explicit SharedBytes(std::vector<std::byte> bytes);
  // A copy of `bytes`, 64-byte aligned.
  static SharedBytes copy_of(ByteSpan bytes);

  const std::byte* data() const { return bytes_.data(); }
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  ByteSpan span() const { return bytes_; }
  operator ByteSpan() const { return bytes_; }  // NOLINT(google-explicit-constructor)
  const std::shared_ptr<const void>& owner() const { return owner_; }

  // The part [offset, offset + size), sharing the storage. Throws std::logic_error when it is not inside.
  SharedBytes slice(std::size_t offset, std::size_t size) const;

  // These bytes if they already start at a multiple of `alignment` (a power of two), else a 64-byte aligned copy: for
  // code that will read them as floats (a file from elsewhere may place its tensors anywhere).
  SharedBytes aligned(std::size_t alignment) const;

 private:
  std::shared_ptr<const void> owner_;
  ByteSpan bytes_;
};

// A writable buffer of fixed size, 64-byte aligned, NOT zeroed; filled once, then turned into SharedBytes.
// Buffers of several MiB ask the kernel for huge pages: filling them then takes a page fault every 2 MiB and not every
// 4 KiB, which in a virtual machine is most of the time it takes to read a file.
class AlignedBuffer {
 public:
  // Throws std::bad_alloc: check sizes from outside against a limit first.
  explicit AlignedBuffer(std::size_t size);

  std::byte* data() { return storage_.get(); }
  const std::byte* data() const { return storage_.get(); }
  std::size_t size() const { return size_; }
  std::span<std::byte> span() { return {storage_.get(), size_}; }
  // The buffer as an array of T (size() must be a multiple of sizeof(T)).
  template <class T>
  std::span<T> as() {
    return {reinterpret_cast<T*>(storage_.get()), size_ / sizeof(T)};
  }

  // Gives the bytes away without a copy; the buffer is empty afterwards.
  SharedBytes share() &&;

 private:
  std::shared_ptr<std::byte> storage_;
  std::size_t size_;
};

}  // namespace samcache

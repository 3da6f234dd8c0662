#include "base/bytes.h"

#include <sys/mman.h>

#include <cstring>
#include <new>

#include "base/error.h"

namespace samcache {
namespace {

constexpr std::size_t kHugePage = 2 << 20;

}  // namespace

SharedBytes::SharedBytes(std::vector<std::byte> bytes) {
  auto owner = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  bytes_ = *owner;
  owner_ = std::move(owner);
}

SharedBytes SharedBytes::copy_of(ByteSpan bytes) {
  AlignedBuffer copy(bytes.size());
  if (!bytes.empty()) std::memcpy(copy.data(), bytes.data(), bytes.size());
  return std::move(copy).share();
}

SharedBytes SharedBytes::slice(std::size_t offset, std::size_t size) const {
  check(offset <= bytes_.size() && size <= bytes_.size() - offset,
        "SharedBytes::slice: [" + std::to_string(offset) + ", +" + std::to_string(size) + ") is not within " +
            std::to_string(bytes_.size()) + " bytes");
  return {owner_, bytes_.subspan(offset, size)};
}

SharedBytes SharedBytes::aligned(std::size_t alignment) const {
  const auto address = reinterpret_cast<std::uintptr_t>(bytes_.data());
  return address % alignment == 0 ? *this : copy_of(bytes_);
}

AlignedBuffer::AlignedBuffer(std::size_t size) : size_(size) {
  const bool is_large = size >= 2 * kHugePage;
  const std::align_val_t alignment{is_large ? kHugePage : kBufferAlignment};
  auto* memory = static_cast<std::byte*>(::operator new(size == 0 ? 1 : size, alignment));
  storage_ = std::shared_ptr<std::byte>(memory, [alignment](std::byte* bytes) { ::operator delete(bytes, alignment); });
  // Advice only: a kernel without huge pages is slower and just as right. The last part stays in small pages.
  if (is_large) ::madvise(memory, size / kHugePage * kHugePage, MADV_HUGEPAGE);
}

SharedBytes AlignedBuffer::share() && {
  const ByteSpan bytes = span();
  size_ = 0;
  return {std::move(storage_), bytes};
}

}  // namespace samcache

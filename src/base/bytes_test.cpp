#include "base/bytes.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace samcache {
namespace {

bool starts_at_multiple_of(const SharedBytes& bytes, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(bytes.data()) % alignment == 0;
}

TEST(SharedBytes, SliceKeepsTheStorageAliveAfterTheWholeIsGone) {
  std::weak_ptr<const void> storage;
  {
    SharedBytes slice;
    {
      const SharedBytes whole(std::vector<std::byte>(100, std::byte{7}));
      storage = whole.owner();
      slice = whole.slice(40, 10);
    }
    EXPECT_FALSE(storage.expired());
    ASSERT_EQ(slice.size(), 10U);
    EXPECT_EQ(slice.data()[9], std::byte{7});
  }
  EXPECT_TRUE(storage.expired());
}

TEST(SharedBytes, SliceRefusesWhatIsNotInside) {
  const SharedBytes bytes(std::vector<std::byte>(16));
  EXPECT_EQ(bytes.slice(16, 0).size(), 0U);
  EXPECT_THROW(bytes.slice(0, 17), std::logic_error);
  EXPECT_THROW(bytes.slice(17, 0), std::logic_error);
  EXPECT_THROW(bytes.slice(8, static_cast<std::size_t>(-4)), std::logic_error) << "the end wraps around";
}

TEST(SharedBytes, AlignedSharesWhenItCanAndCopiesWhenItMust) {
  AlignedBuffer buffer(128);
  for (std::size_t i = 0; i < buffer.size(); ++i) buffer.data()[i] = std::byte{static_cast<unsigned char>(i)};
  const SharedBytes whole = std::move(buffer).share();
  EXPECT_TRUE(starts_at_multiple_of(whole, kBufferAlignment));
  EXPECT_EQ(whole.aligned(64).data(), whole.data());

  const SharedBytes odd = whole.slice(3, 8);
  const SharedBytes copy = odd.aligned(4);
  EXPECT_NE(copy.data(), odd.data());
  EXPECT_TRUE(starts_at_multiple_of(copy, kBufferAlignment));
  EXPECT_EQ(text_of(copy), text_of(odd));
}

TEST(SharedBytes, TakesAVectorOverWithoutACopy) {
  std::vector<std::byte> vector(10);
  const std::byte* before = vector.data();
  EXPECT_EQ(SharedBytes(std::move(vector)).data(), before);
}

TEST(AlignedBuffer, CanBeEmpty) {
  AlignedBuffer buffer(0);
  EXPECT_TRUE(std::move(buffer).share().empty());
  EXPECT_TRUE(SharedBytes::copy_of({}).empty());
}

}  // namespace
}  // namespace samcache

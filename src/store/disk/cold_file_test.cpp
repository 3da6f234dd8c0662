#include "store/disk/cold_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/bytes.h"
#include "store/testing/store_contract.h"

namespace samcache {
namespace {

// A file of this size in the folder that the tests run in (a disk; temporary folders may be memory).
class ColdFile : public testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override {
    path_ = "cold_file_test." + std::to_string(::getpid());
    bytes_ = random_bytes(GetParam(), 1);
    const FileDescriptor file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    ASSERT_EQ(::write(file.get(), bytes_.data(), bytes_.size()), static_cast<ssize_t>(bytes_.size()));
    ASSERT_EQ(::fsync(file.get()), 0);
    ASSERT_EQ(::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED), 0);
  }
  void TearDown() override { std::filesystem::remove(path_); }

  FileDescriptor open_file() const { return FileDescriptor(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)); }
  static std::size_t room() { return (GetParam() / kDirectAlignment + 2) * kDirectAlignment; }

  std::string path_;
  SharedBytes bytes_;
};

TEST_P(ColdFile, IsReadWholeOrLeftToTheUsualWay) {
  const FileDescriptor file = open_file();
  AlignedBuffer buffer(room());
  const bool direct = read_if_cold(file, buffer.span(), bytes_.size(), Deadline::never());
  if (!direct) GTEST_SKIP() << "the file system of " << std::filesystem::current_path() << " has no direct reads";
  EXPECT_TRUE(std::ranges::equal(buffer.span().first(bytes_.size()), bytes_.span()));
  EXPECT_EQ(::fcntl(file.get(), F_GETFL) & O_DIRECT, 0) << "the file stays usable as it was opened";
}

TEST_P(ColdFile, IsLeftAloneOnceThePageCacheHasIt) {
  const FileDescriptor file = open_file();
  AlignedBuffer buffer(room());
  ASSERT_EQ(::pread(file.get(), buffer.data(), bytes_.size(), 0), static_cast<ssize_t>(bytes_.size()));
  EXPECT_FALSE(read_if_cold(file, buffer.span(), bytes_.size(), Deadline::never()));
}

TEST_P(ColdFile, ThatIsShorterOrLongerThanSaidIsLeftToTheUsualWay) {
  AlignedBuffer buffer(room() + kDirectAlignment);
  EXPECT_FALSE(read_if_cold(open_file(), buffer.span(), bytes_.size() + 1, Deadline::never()));
  const FileDescriptor file = open_file();
  ASSERT_EQ(::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED), 0);
  EXPECT_FALSE(read_if_cold(file, buffer.span(), bytes_.size() - 1, Deadline::never()));
}

INSTANTIATE_TEST_SUITE_P(Sizes, ColdFile,
                         testing::Values(kMinDirectBytes, kMinDirectBytes + 1, kMinDirectBytes + kDirectAlignment,
                                         std::size_t{10} << 20, (std::size_t{10} << 20) + 4095));

TEST(ColdNames, TheSecondReadingOfANameIsToldFromTheFirst) {
  ColdNames names;
  EXPECT_FALSE(names.toggle("a"));
  EXPECT_FALSE(names.toggle("b"));
  EXPECT_TRUE(names.toggle("a"));
  EXPECT_FALSE(names.toggle("a"));
}

}  // namespace
}  // namespace samcache

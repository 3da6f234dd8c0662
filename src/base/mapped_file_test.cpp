#include "base/mapped_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace samcache {
namespace {

namespace fs = std::filesystem;

class MappedFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(::testing::TempDir()) / ("samcache_mapped_" + std::string(info->name()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path file_with(const std::string& content) const {
    const fs::path path = folder_ / "file";
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  fs::path folder_;
};

TEST_F(MappedFileTest, MapsTheWholeFileWhateverTheAdvice) {
  const std::string content(100'000, 'm');
  const fs::path path = file_with(content);
  for (const MapAdvice advice :
       {MapAdvice::kNone, MapAdvice::kPopulate, MapAdvice::kWillNeed, MapAdvice::kSequential}) {
    const Result<SharedBytes> bytes = map_file(path, advice);
    ASSERT_TRUE(bytes) << bytes.error().message;
    EXPECT_EQ(text_of(*bytes), content);
  }
}

TEST_F(MappedFileTest, OutlivesTheFilesName) {
  const fs::path path = file_with("still here");
  const Result<SharedBytes> bytes = map_file(path);
  ASSERT_TRUE(bytes);
  fs::remove(path);
  EXPECT_EQ(text_of(*bytes), "still here");
}

TEST_F(MappedFileTest, AnEmptyFileIsEmptyBytes) {
  const Result<SharedBytes> bytes = map_file(file_with(""));
  ASSERT_TRUE(bytes);
  EXPECT_TRUE(bytes->empty());
}

TEST_F(MappedFileTest, RefusesWhatIsNoFile) {
  const Result<SharedBytes> missing = map_file(folder_ / "missing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_NE(missing.error().message.find("missing"), std::string::npos);

  EXPECT_FALSE(map_file(folder_));
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_FALSE(map_file(folder_ / "pipe")) << "and does not hang on it";
  EXPECT_FALSE(map_file("/dev/zero"));
}

TEST_F(MappedFileTest, ReadFileCopiesUpToItsLimit) {
  const fs::path path = file_with("12345678");
  const Result<SharedBytes> bytes = read_file(path, 8);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(text_of(*bytes), "12345678");
  const Result<SharedBytes> over = read_file(path, 7);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace samcache

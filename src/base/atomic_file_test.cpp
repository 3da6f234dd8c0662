#include "base/atomic_file.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

namespace samcache {
namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::size_t count_files(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

class AtomicFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(::testing::TempDir()) / ("samcache_atomic_" + std::string(info->name()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path folder_;
};

TEST_F(AtomicFileTest, AppearsWholeAtCommitAndNotBefore) {
  const fs::path path = folder_ / "file";
  Result<AtomicFileWriter> writer = AtomicFileWriter::create(path);
  ASSERT_TRUE(writer) << writer.error().message;
  ASSERT_TRUE(writer->append(bytes_of("hello ")));
  ASSERT_TRUE(writer->append(bytes_of("world")));
  ASSERT_TRUE(writer->overwrite(0, bytes_of("J")));
  EXPECT_FALSE(fs::exists(path));
  ASSERT_TRUE(writer->commit());
  EXPECT_EQ(content_of(path), "Jello world");
  EXPECT_EQ(count_files(folder_), 1U) << "the temporary file is gone";
}

TEST_F(AtomicFileTest, LeavesTheOldFileWhenNotCommitted) {
  const fs::path path = folder_ / "file";
  ASSERT_TRUE(write_file_atomically(path, bytes_of("old")));
  {
    Result<AtomicFileWriter> writer = AtomicFileWriter::create(path);
    ASSERT_TRUE(writer && writer->append(bytes_of("new, half written")));
    AtomicFileWriter moved = *std::move(writer);
  }
  EXPECT_EQ(content_of(path), "old");
  EXPECT_EQ(count_files(folder_), 1U);
}

TEST_F(AtomicFileTest, AReaderOfTheOldFileKeepsIt) {
  const fs::path path = folder_ / "file";
  ASSERT_TRUE(write_file_atomically(path, bytes_of("old")));
  std::ifstream reader(path);
  ASSERT_TRUE(write_file_atomically(path, bytes_of("new")));
  std::string word;
  reader >> word;
  EXPECT_EQ(word, "old");
  EXPECT_EQ(content_of(path), "new");
}

TEST_F(AtomicFileTest, CreatesMissingFolders) {
  const fs::path path = folder_ / "a" / "b" / "file";
  ASSERT_TRUE(write_file_atomically(path, bytes_of("deep")));
  EXPECT_EQ(content_of(path), "deep");
}

TEST_F(AtomicFileTest, ReservedRoomThatIsNotUsedIsGivenBack) {
  const fs::path path = folder_ / "file";
  Result<AtomicFileWriter> writer = AtomicFileWriter::create(path);
  ASSERT_TRUE(writer && writer->reserve(1 << 20) && writer->append(bytes_of("four")) && writer->commit());
  EXPECT_EQ(fs::file_size(path), 4U);
}

TEST_F(AtomicFileTest, LongNamesWork) {
  const fs::path path = folder_ / std::string(255, 'n');
  ASSERT_TRUE(write_file_atomically(path, bytes_of("x")));
  EXPECT_EQ(content_of(path), "x");
}

TEST_F(AtomicFileTest, MisuseThrows) {
  Result<AtomicFileWriter> writer = AtomicFileWriter::create(folder_ / "file");
  ASSERT_TRUE(writer && writer->append(bytes_of("abc")));
  EXPECT_THROW((void)writer->overwrite(1, bytes_of("xyz")), std::logic_error);
  ASSERT_TRUE(writer->commit());
  EXPECT_THROW((void)writer->append(bytes_of("late")), std::logic_error);
  EXPECT_THROW((void)writer->commit(), std::logic_error);
}

TEST_F(AtomicFileTest, ErrorsNameTheDestination) {
  std::ofstream(folder_ / "not_a_folder") << "x";
  const Status status = write_file_atomically(folder_ / "not_a_folder" / "file", bytes_of("x"));
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("not_a_folder"), std::string::npos) << status.error().message;
  EXPECT_FALSE(write_file_atomically(folder_, bytes_of("x"))) << "a folder is no file";
}

TEST_F(AtomicFileTest, TemporaryNamesAreRecognised) {
  Result<AtomicFileWriter> writer = AtomicFileWriter::create(folder_ / "with.dots-and-dashes.bin");
  ASSERT_TRUE(writer);
  EXPECT_TRUE(is_temporary_name(writer->temporary_path().filename().string())) << writer->temporary_path();
  EXPECT_TRUE(is_temporary_name(temporary_name_for("x")));
  EXPECT_NE(temporary_name_for("x"), temporary_name_for("x"));
  for (const char* name : {"", ".tmp", "file.tmp", ".hidden", ".a.12-0123456789abcdeg.tmp", ".a.-0123456789abcdef.tmp",
                           "a.12-0123456789abcdef.tmp", ".12-0123456789abcdef.tmp", ".a.12-0123456789abcdef.tmp2"}) {
    EXPECT_FALSE(is_temporary_name(name)) << name;
  }
}

// A process killed in the middle leaves nothing under the real name, and a leftover that can be told.
TEST_F(AtomicFileTest, AKilledWriterLeavesOnlyARecognisableTemporary) {
  const fs::path path = folder_ / "file";
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    Result<AtomicFileWriter> writer = AtomicFileWriter::create(path);
    if (writer && writer->append(bytes_of("half"))) ::kill(::getpid(), SIGKILL);
    ::_exit(1);
  }
  int exit_status = 0;
  ASSERT_EQ(::waitpid(child, &exit_status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(exit_status));
  EXPECT_FALSE(fs::exists(path));
  ASSERT_EQ(count_files(folder_), 1U);
  EXPECT_TRUE(is_temporary_name(fs::directory_iterator(folder_)->path().filename().string()));
}

// Runs `body` in a child process and returns its exit status: limits and mounts stay in there.
template <class Body>
int exit_status_of(Body body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(AtomicFileTest, AFileSizeLimitIsAnErrorAndLeavesNothing) {
  const fs::path path = folder_ / "file";
  ASSERT_TRUE(write_file_atomically(path, bytes_of("old")));
  const int status = exit_status_of([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{4096, 4096};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
    const Status written = write_file_atomically(path, std::vector<std::byte>(100'000));
    return !written && written.error().message.find(path.string()) != std::string::npos ? 0 : 1;
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(content_of(path), "old");
  EXPECT_EQ(count_files(folder_), 1U);
}

TEST_F(AtomicFileTest, AFullDiskIsOutOfSpaceAndLeavesNothing) {
  constexpr int kNoMount = 77;
  const fs::path disk = folder_ / "disk";
  fs::create_directories(disk);
  const int status = exit_status_of([&] {
    if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=64k") != 0) return kNoMount;
    const auto is_full = [&](const Status& result) {
      return !result && result.error().code == ErrorCode::kOutOfSpace && count_files(disk) == 0;
    };
    const bool full_on_write = is_full(write_file_atomically(disk / "file", std::vector<std::byte>(200'000)));
    const bool full_on_reserve = is_full([&]() -> Status {
      Result<AtomicFileWriter> writer = AtomicFileWriter::create(disk / "file");
      return writer ? writer->reserve(200'000) : Status(writer.error());
    }());
    ::umount(disk.c_str());
    return full_on_write && full_on_reserve ? 0 : 1;
  });
  if (status == kNoMount) GTEST_SKIP() << "mounting a small disk needs root";
  EXPECT_EQ(status, 0);
}

TEST_F(AtomicFileTest, SaysWhichErrnoMeansAFullDisk) {
  EXPECT_EQ(errno_error("write x", ENOSPC).code, ErrorCode::kOutOfSpace);
  EXPECT_EQ(errno_error("write x", EDQUOT).code, ErrorCode::kOutOfSpace);
}

}  // namespace
}  // namespace samcache

#include "store/encoding_directory.h"

#include <gtest/gtest.h>
#include <stdlib.h>  // mkdtemp

#include <fstream>

#include "base/atomic_file.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModel = "0123456789abcdef0123456789abcdef";
constexpr const char* kOtherModel = "ffff456789abcdef0123456789abcdef";
constexpr const char* kImage = "3f2a9c10-1111-8222-8333-444455556666";
constexpr const char* kNeighbour = "3f2a9c10-1111-8222-8333-444455557777";

class EncodingDirectoryTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/encodings-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  void put(const EncodingKey& key, const std::string& content = "x") {
    const Status written = write_file_atomically(*directory().path_for(key), bytes_of(content));
    ASSERT_TRUE(written) << written.error().message;
  }
  // A file of any name in a model's folder.
  fs::path plant(const std::string& name) {
    const fs::path path = directory().root() / kModel / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << "y";
    return path;
  }
  EncodingDirectory directory() const { return EncodingDirectory(folder_); }

  fs::path folder_;
};

TEST_F(EncodingDirectoryTest, PathsFollowTheDocumentedLayout) {
  const Result<fs::path> path = directory().path_for({kModel, kImage, "trunk"});
  ASSERT_TRUE(path);
  EXPECT_EQ(*path, folder_ / "encodings" / kModel / (std::string(kImage) + ".trunk.safetensors"));
}

TEST_F(EncodingDirectoryTest, RefusesKeysThatCouldLeaveTheFolder) {
  const std::string image = kImage;
  for (const EncodingKey& key : std::vector<EncodingKey>{
           {"..", image, "trunk"},
           {"../../etc", image, "trunk"},
           {"", image, "trunk"},
           {"ABCDEF0123456789", image, "trunk"},
           {kModel, "../../../../../../../../../../tmp/x", "trunk"},
           {kModel, image.substr(0, 35), "trunk"},
           {kModel, image + "0", "trunk"},
           {kModel, std::string(36, '-'), "trunk"},
           {kModel, image, "../trunk"},
           {kModel, image, ""},
           {kModel, image, std::string("a\0b", 3)},
       }) {
    const Result<fs::path> path = directory().path_for(key);
    ASSERT_FALSE(path) << *path;
    EXPECT_EQ(path.error().code, ErrorCode::kInvalidArgument);
    EXPECT_FALSE(directory().remove(key));
  }
}

TEST_F(EncodingDirectoryTest, AFolderThatIsNotThereIsEmpty) {
  ASSERT_TRUE(directory().list());
  EXPECT_TRUE(directory().list()->empty());
  EXPECT_EQ(*directory().sweep_temporaries(), 0);
  EXPECT_EQ(directory().find(kImage).error().code, ErrorCode::kNotFound);
}

TEST_F(EncodingDirectoryTest, ListsWhatIsStoredAndNothingElse) {
  put({kModel, kImage, "trunk"}, "four");
  put({kModel, kImage, "interactive"});
  put({kOtherModel, kImage, "trunk"});
  plant("notes.txt");
  plant("not-a-uuid.trunk.safetensors");
  plant(std::string(kImage) + ".safetensors");
  plant("." + std::string(kImage) + ".trunk.safetensors.12-ab.tmp");
  const Result<std::vector<StoredEncoding>> stored = directory().list();
  ASSERT_TRUE(stored);
  ASSERT_EQ(stored->size(), 3u);
  EXPECT_EQ((*stored)[0].key, (EncodingKey{kModel, kImage, "interactive"}));
  EXPECT_EQ((*stored)[1].key, (EncodingKey{kModel, kImage, "trunk"}));
  EXPECT_EQ((*stored)[1].size_bytes, 4u);
  EXPECT_EQ((*stored)[2].key, (EncodingKey{kOtherModel, kImage, "trunk"}));
}

TEST_F(EncodingDirectoryTest, FindsByIdByPrefixAndInAnyCase) {
  put({kModel, kImage, "trunk"});
  for (const std::string text : {kImage, "3f2a9c10", "3F2A9C10-1111-8"}) {
    const Result<std::vector<StoredEncoding>> found = directory().find(text);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->at(0).key.image_id, kImage);
  }
  EXPECT_EQ(directory().find("ffffffff").error().code, ErrorCode::kNotFound);
}

TEST_F(EncodingDirectoryTest, AnAmbiguousOrMalformedIdIsAnErrorOfTheCaller) {
  put({kModel, kImage, "trunk"});
  put({kModel, kNeighbour, "trunk"});
  for (const std::string text : {"3f2a9c10", "3f2a9c1", "", "photo.jpg", "3f2a9c101111", "../3f2a9c10"}) {
    const Result<std::vector<StoredEncoding>> found = directory().find(text);
    ASSERT_FALSE(found) << text;
    EXPECT_EQ(found.error().code, ErrorCode::kInvalidArgument) << text;
  }
  EXPECT_TRUE(directory().find(kNeighbour));
}

TEST_F(EncodingDirectoryTest, RemoveSaysWhetherThereWasSomething) {
  put({kModel, kImage, "trunk"});
  EXPECT_TRUE(*directory().remove({kModel, kImage, "trunk"}));
  EXPECT_FALSE(*directory().remove({kModel, kImage, "trunk"}));
  EXPECT_TRUE(directory().list()->empty());
}

TEST_F(EncodingDirectoryTest, SweepsOldTemporariesOnly) {
  Result<AtomicFileWriter> abandoned = AtomicFileWriter::create(*directory().path_for({kModel, kImage, "trunk"}));
  ASSERT_TRUE(abandoned);
  const fs::path temporary = abandoned->temporary_path();
  const fs::path stranger = plant(".keep-me");
  for (const fs::path& path : {temporary, stranger}) {
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::minutes(59));
  }
  EXPECT_EQ(*directory().sweep_temporaries(), 0);
  fs::last_write_time(temporary, fs::file_time_type::clock::now() - std::chrono::minutes(61));
  EXPECT_EQ(*directory().sweep_temporaries(), 1);
  EXPECT_FALSE(fs::exists(temporary));
  EXPECT_TRUE(fs::exists(stranger));
}

}  // namespace
}  // namespace samcache

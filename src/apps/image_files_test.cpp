#include "apps/image_files.h"

#include <gtest/gtest.h>
#include <stdlib.h>  // mkdtemp

#include <fstream>

namespace samcache {
namespace {

namespace fs = std::filesystem;

class ImageFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/images-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }
  void touch(const std::string& name) const { std::ofstream(folder_ / name) << "abc"; }

  fs::path folder_;
};

TEST_F(ImageFilesTest, AFolderStandsForItsImagesSortedByName) {
  for (const char* name : {"b.PNG", "a.jpg", "c.heic", "notes.txt", "noending"}) touch(name);
  fs::create_directories(folder_ / "d.png");  // a folder is no image, whatever its name
  const auto files = image_files(folder_.string());
  ASSERT_TRUE(files);
  EXPECT_EQ(*files, (std::vector<fs::path>{folder_ / "a.jpg", folder_ / "b.PNG", folder_ / "c.heic"}));
}

TEST_F(ImageFilesTest, AFileStandsForItselfWhateverItsName) {
  EXPECT_EQ(*image_files("no/such.txt"), std::vector<fs::path>{"no/such.txt"});
}

TEST_F(ImageFilesTest, AFolderWithoutImagesIsAnError) {
  EXPECT_EQ(image_files(folder_.string()).error().code, ErrorCode::kNotFound);
}

TEST_F(ImageFilesTest, AnImageIsKnownByItsBytes) {
  touch("a.png");
  touch("b.png");
  const auto a = read_source_image(folder_ / "a.png");
  ASSERT_TRUE(a);
  EXPECT_EQ(a->sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(a->id, read_source_image(folder_ / "b.png")->id);
  EXPECT_EQ(read_source_image(folder_ / "c.png").error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(read_source_image(folder_));
}

}  // namespace
}  // namespace samcache

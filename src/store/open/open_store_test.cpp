#include "store/open/open_store.h"

#include <gtest/gtest.h>
#include <stdlib.h>  // mkdtemp

#include <fstream>

namespace samcache {
namespace {

namespace fs = std::filesystem;

Deadline soon() { return Deadline::after(std::chrono::seconds(30)); }

SharedBytes bytes_of_text(const std::string& text) { return SharedBytes::copy_of(bytes_of(text)); }

class OpenStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/open-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    setup_.pending_folder = folder_ / "pending";
    setup_.check = [](const std::string& name, const SharedBytes& bytes) -> Status {
      if (text_of(bytes).starts_with("good")) return {};
      return Error{ErrorCode::kCorrupt, name + " is not good"};
    };
    setup_.on_corrupt = [this](const std::string& name, const std::string&) { corrupt_.push_back(name); };
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string folder_url(const std::string& name) const { return "file://" + (folder_ / name).string(); }

  fs::path folder_;
  StoreSetup setup_;
  std::vector<std::string> corrupt_;
};

TEST_F(OpenStoreTest, TiersInTheOrderTheyWereNamed) {
  setup_.urls = {"memory:1MiB", folder_url("fast") + "?max=1MiB", folder_url("slow") + "?shared=1"};
  const Result<OpenedStores> opened = open_stores(setup_);
  ASSERT_TRUE(opened) << opened.error().message;
  ASSERT_TRUE(opened->store->save("a/b", bytes_of_text("good"), SaveMode::kKeep, soon()).value());
  ASSERT_TRUE(opened->store->flush(soon()));
  EXPECT_TRUE(fs::exists(folder_ / "fast/a/b"));
  EXPECT_TRUE(fs::exists(folder_ / "slow/a/b"));
  std::vector<std::string> kinds;
  for (const TierStats& tier : opened->store->stats().tiers) kinds.push_back(tier.kind);
  EXPECT_EQ(kinds, (std::vector<std::string>{"memory", "disk", "share"}));
  EXPECT_EQ(opened->verified.size(), 2U);
}

TEST_F(OpenStoreTest, WrongBytesOfOneTierComeFromTheNext) {
  setup_.urls = {folder_url("fast"), folder_url("slow")};
  const Result<OpenedStores> opened = open_stores(setup_);
  ASSERT_TRUE(opened) << opened.error().message;
  ASSERT_TRUE(opened->store->save("x", bytes_of_text("good"), SaveMode::kKeep, soon()).value());
  ASSERT_TRUE(opened->store->flush(soon()));
  std::ofstream(folder_ / "fast/x") << "evil";
  const auto found = opened->store->load("x", soon());
  ASSERT_TRUE(found && *found);
  EXPECT_EQ(text_of(**found), "good");
  EXPECT_EQ(corrupt_, std::vector<std::string>{"x"});
  EXPECT_EQ(opened->verified[0]->counts().quarantined, 1U);
}

TEST_F(OpenStoreTest, WriteBackStagesInTheLastFolderBeforeTheEnd) {
  setup_.urls = {"memory:1MiB", folder_url("fast"), folder_url("slow")};
  setup_.write_back = true;
  const Result<OpenedStores> opened = open_stores(setup_);
  ASSERT_TRUE(opened) << opened.error().message;
  ASSERT_TRUE(opened->store->save("x", bytes_of_text("good"), SaveMode::kKeep, soon()).value());
  EXPECT_TRUE(fs::exists(folder_ / "fast/x"));
  ASSERT_TRUE(opened->store->flush(soon()));
  EXPECT_TRUE(fs::exists(folder_ / "slow/x"));
}

TEST_F(OpenStoreTest, SaysWhichStoreCannotBeOpenedAndWhy) {
  std::ofstream(folder_ / "file") << "x";
  setup_.urls = {folder_url("file")};
  Result<OpenedStores> opened = open_stores(setup_);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find(folder_url("file")), std::string::npos) << opened.error().message;

  setup_.urls = {"memory:1MiB", folder_url("slow")};
  setup_.write_back = true;
  opened = open_stores(setup_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kInvalidArgument);

  setup_ = {};
  EXPECT_FALSE(open_stores(setup_));
}

TEST_F(OpenStoreTest, AConnectionStringMustBeOfTheAccountThatIsNamed) {
  setup_.urls = {"azure://mine/encodings"};
  setup_.azure.connection_string = "AccountName=yours;AccountKey=c2VjcmV0";
  const Result<OpenedStores> opened = open_stores(setup_);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("yours"), std::string::npos);
  EXPECT_EQ(opened.error().message.find("c2VjcmV0"), std::string::npos);
}

}  // namespace
}  // namespace samcache

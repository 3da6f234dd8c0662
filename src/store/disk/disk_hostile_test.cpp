// What may be found in a store's folder, and disks that are full.
#include <sys/mount.h>
#include <unistd.h>

#include <thread>

#include "store/disk/disk_test_support.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;

class DiskHostileTest : public testing::TestWithParam<bool> {
 protected:
  DiskStoreOptions options() const {
    return {.root = folder_.path() / "root", .budget_bytes = 1 << 20, .shared = GetParam(), .evict_above = 0};
  }
  Result<bool> save(DiskStore& store, const std::string& name, SaveMode mode = SaveMode::kReplace) const {
    return store.save(name, random_bytes(4096, 1), mode, soon());
  }
  std::vector<std::string> names(DiskStore& store) const {
    std::vector<std::string> found;
    const auto listed = store.list("", soon()).value();
    for (const ObjectInfo& info : listed) found.push_back(info.name);
    return found;
  }

  ScratchFolder folder_{quick_folder()};
  fs::path root_ = folder_.path() / "root";
};
INSTANTIATE_TEST_SUITE_P(Both, DiskHostileTest, testing::Bool(),
                         [](const auto& both) { return std::string(both.param ? "Share" : "Disk"); });

TEST_P(DiskHostileTest, ForeignFilesAreLeftAloneAndNotListed) {
  const std::vector<std::string> foreign = {"README", "a/Upper",    ".hidden",       "a/.x.tmp",
                                            "B/c",    "lost found", "1/2/3/4/5/6/7", ".git/config"};
  for (const std::string& name : foreign) write_file(root_ / name, std::string(300'000, 'x'));
  const auto store = open_store(options());
  EXPECT_EQ(store->usage().used_bytes, 0U);
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(save(*store, "o/" + std::to_string(i)));
  EXPECT_GT(store->usage().evictions, 0U);
  for (const std::string& name : foreign) EXPECT_TRUE(fs::exists(root_ / name)) << name;
  const auto listed = store->list("", soon()).value();
  EXPECT_TRUE(std::ranges::all_of(listed, [](const ObjectInfo& info) { return info.name.starts_with("o/"); }));
}

TEST_P(DiskHostileTest, WhatIsNoPlainFileIsNoObjectAndInTheWay) {
  const auto store = open_store(options());
  write_file(folder_.path() / "secret", "secret");
  fs::create_directories(root_ / "folder");
  fs::create_symlink(folder_.path() / "secret", root_ / "link");
  fs::create_symlink(folder_.path() / "nowhere", root_ / "dangling");
  ASSERT_EQ(::mkfifo((root_ / "pipe").c_str(), 0666), 0);
  for (const std::string name : {"folder", "link", "dangling", "pipe"}) {
    EXPECT_FALSE(store->load(name, soon()).value()) << name;
    EXPECT_FALSE(store->stat(name, soon()).value()) << name;
    EXPECT_FALSE(store->remove(name, soon()).value()) << name;
    EXPECT_TRUE(store->quarantine(name, soon())) << name;
    for (const SaveMode mode : {SaveMode::kKeep, SaveMode::kReplace}) {
      const Result<bool> saved = save(*store, name, mode);
      ASSERT_FALSE(saved) << name;
      EXPECT_EQ(saved.error().code, ErrorCode::kIo) << name;
      EXPECT_NE(saved.error().message.find((root_ / name).string()), std::string::npos) << saved.error().message;
    }
    EXPECT_TRUE(fs::exists(fs::symlink_status(root_ / name))) << name;
  }
  EXPECT_EQ(fs::file_size(folder_.path() / "secret"), 6U);
  EXPECT_FALSE(fs::exists(folder_.path() / "nowhere"));
  EXPECT_TRUE(names(*store).empty());
  EXPECT_EQ(size_of_tree(root_).temporaries, 0);
}

TEST_P(DiskHostileTest, ALinkedFolderIsNotFollowed) {
  const auto store = open_store(options());
  write_file(folder_.path() / "outside" / "x", "outside");
  fs::create_symlink(folder_.path() / "outside", root_ / "inside");
  EXPECT_FALSE(store->load("inside/x", soon()).value());
  EXPECT_FALSE(store->remove("inside/x", soon()).value());
  EXPECT_FALSE(save(*store, "inside/y"));
  EXPECT_TRUE(names(*store).empty());
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path() / "outside"), fs::directory_iterator()), 1);
}

TEST_P(DiskHostileTest, APlantedLockOrQuarantineIsNotFollowed) {
  fs::create_directories(root_);
  fs::create_directories(folder_.path() / "outside");
  write_file(folder_.path() / "victim", "victim");
  fs::create_symlink(folder_.path() / "outside", root_ / kQuarantineFolder);
  {
    const auto store = open_store(options());
    ASSERT_TRUE(save(*store, "a"));
    EXPECT_TRUE(store->quarantine("a", soon()));
    EXPECT_FALSE(store->exists("a", soon()).value());
    EXPECT_TRUE(fs::is_empty(folder_.path() / "outside"));
  }
  fs::remove(root_ / kLockFile);
  fs::create_symlink(folder_.path() / "victim", root_ / kLockFile);
  EXPECT_FALSE(DiskStore::open(options()));
  EXPECT_EQ(fs::file_size(folder_.path() / "victim"), 6U);
}

TEST_P(DiskHostileTest, AnObjectCannotBeNamedLikeAFolderOfOthers) {
  const auto store = open_store(options());
  ASSERT_TRUE(save(*store, "a/b"));
  EXPECT_FALSE(save(*store, "a"));
  ASSERT_TRUE(save(*store, "c"));
  EXPECT_FALSE(save(*store, "c/d"));
  EXPECT_FALSE(store->load("c/d", soon()).value());
  EXPECT_EQ(names(*store), (std::vector<std::string>{"a/b", "c"}));
}

TEST_P(DiskHostileTest, AFileThatMayNotBeReadIsAnErrorThatNamesIt) {
  fs::create_directories(root_);
  fs::permissions(root_, fs::perms::all);
  const int status = exit_status_of([&] {
    if (::geteuid() == 0 && ::setuid(65534) != 0) return 2;
    const auto store = open_store(options());
    if (!store || !save(*store, "a") || ::chmod((root_ / "a").c_str(), 0) != 0) return 3;
    const auto loaded = store->load("a", soon());
    if (loaded || loaded.error().code != ErrorCode::kIo) return 4;
    return loaded.error().message.find((root_ / "a").string()) == std::string::npos ? 5 : 0;
  });
  EXPECT_EQ(status, 0);
}

// Runs `body` in a child process with a file system of 1 MiB at `disk`.
constexpr int kNoMount = 77;
template <class Body>
int with_small_disk(const fs::path& disk, Body body) {
  fs::create_directories(disk);
  return exit_status_of([&] {
    if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=1m") != 0) return kNoMount;
    const int status = body();
    ::umount(disk.c_str());
    return status;
  });
}

TEST_P(DiskHostileTest, ADiskFullerThanTheBudgetThinksEvictsAndTriesAgain) {
  DiskStoreOptions generous = options();
  generous.budget_bytes = 100 << 20;
  const int status = with_small_disk(root_, [&] {
    const auto store = open_store(generous);
    std::vector<Pin> pins;
    for (int i = 0; i < 12; ++i) {
      const std::string name = std::to_string(i);
      pins.push_back(store->pin(name));
      if (i < 8) pins.clear();
      const Result<bool> saved = store->save(name, random_bytes(200'000, 1), SaveMode::kKeep, soon());
      if (!saved) return 1;
      if (!holds(store->load(name, soon()).value(), random_bytes(200'000, 1))) return 2;
    }
    // Four are pinned, and a fifth fits; one of 400 kB could only take their room.
    const Result<bool> saved = store->save("big", random_bytes(400'000, 1), SaveMode::kKeep, soon());
    if (saved || saved.error().code != ErrorCode::kOutOfSpace) return 3;
    if (size_of_tree(root_).temporaries != 0 || store->exists("big", soon()).value()) return 4;
    return store->usage().evictions > 0 && store->exists("11", soon()).value() ? 0 : 5;
  });
  if (status == kNoMount) GTEST_SKIP() << "mounting a small disk needs root";
  EXPECT_EQ(status, 0);
}

TEST_P(DiskHostileTest, WithoutABudgetAFullDiskIsOutOfSpaceAndNothingIsEvicted) {
  DiskStoreOptions unlimited = options();
  unlimited.budget_bytes = 0;
  const int status = with_small_disk(root_, [&] {
    const auto store = open_store(unlimited);
    for (int i = 0; i < 4; ++i) {
      if (!store->save(std::to_string(i), random_bytes(200'000, 1), SaveMode::kKeep, soon())) return 1;
    }
    const Result<bool> saved = store->save("e", random_bytes(300'000, 1), SaveMode::kKeep, soon());
    if (saved || saved.error().code != ErrorCode::kOutOfSpace) return 2;
    if (saved.error().message.find((root_ / "e").string()) == std::string::npos) return 3;
    return store->list("", soon()).value().size() == 4 && size_of_tree(root_).temporaries == 0 ? 0 : 4;
  });
  if (status == kNoMount) GTEST_SKIP() << "mounting a small disk needs root";
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace samcache

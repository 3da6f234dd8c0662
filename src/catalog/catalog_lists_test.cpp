// Pages, cursors, neighbours, projects.
#include "catalog/test_catalog.h"

namespace samcache {
namespace {

TEST_F(CatalogTest, PagesGoThroughAllImagesInUploadOrder) {
  std::vector<std::string> added;
  for (int i = 0; i < 25; ++i) added.push_back(add(i, i % 2 == 0 ? "even" : "odd"));
  std::vector<std::string> listed;
  std::string cursor;
  int pages = 0;
  do {
    const ImagePage page = catalog_->list_images({}, 10, cursor, soon()).value();
    for (const ImageRecord& image : page.images) listed.push_back(image.id);
    cursor = page.next_cursor;
    ++pages;
  } while (!cursor.empty());
  EXPECT_EQ(listed, added);
  EXPECT_EQ(pages, 3);
  EXPECT_TRUE(catalog_->list_images({}, 25, "", soon()).value().next_cursor.empty());
}

TEST_F(CatalogTest, FiltersByProjectAndStatus) {
  add(1, "a");
  add(2, "a");
  add(3, "b");
  add(4);
  set_status(2, EncodingStatus::kCompleted);
  const auto count = [&](const ImageFilter& filter) {
    return catalog_->list_images(filter, 10, "", soon()).value().images.size();
  };
  EXPECT_EQ(count({.project = "a"}), 2U);
  EXPECT_EQ(count({.project = ""}), 1U);
  EXPECT_EQ(count({.project = "nobody"}), 0U);
  EXPECT_EQ(count({.status = EncodingStatus::kPending}), 3U);
  EXPECT_EQ(count({.project = "a", .status = EncodingStatus::kCompleted}), 1U);
  EXPECT_EQ(count({.project = "b", .status = EncodingStatus::kCompleted}), 0U);
}

TEST_F(CatalogTest, ForgedCursorsAreRefused) {
  using namespace std::string_literals;
  for (int i = 0; i < 3; ++i) add(i, "a");
  const std::string good = catalog_->list_images({.project = "a"}, 1, "", soon()).value().next_cursor;
  ASSERT_TRUE(catalog_->list_images({.project = "a"}, 1, good, soon()).ok());
  std::vector<std::string> forged = {
      "0",        "-1",       "1",        "999999999999999999999999", "' OR 1=1 --", "\0"s,
      " " + good, good + " ", "+" + good, std::string(1 << 20, '9')};
  for (std::size_t i = 0; i < good.size(); ++i) {
    forged.push_back(good);
    forged.back()[i] = good[i] == '7' ? '8' : '7';
  }
  for (const std::string& cursor : forged) {
    const auto page = catalog_->list_images({.project = "a"}, 1, cursor, soon());
    ASSERT_FALSE(page.ok()) << cursor;
    EXPECT_EQ(page.error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_FALSE(catalog_->list_images({.project = "b"}, 1, good, soon()).ok());
  EXPECT_FALSE(catalog_->list_images({}, 1, good, soon()).ok());
  EXPECT_FALSE(catalog_->audit_log().list(1, good, soon()).ok());
  for (const int limit : {0, -1, 1001}) EXPECT_FALSE(catalog_->list_images({}, limit, "", soon()).ok());
}

TEST_F(CatalogTest, NeighboursAreOfTheSameProjectNearestFirst) {
  std::vector<std::string> mine;
  for (int i = 0; i < 7; ++i) {
    mine.push_back(add(i, "a"));
    add(i, "other");
  }
  const auto neighbours = catalog_->neighbours(mine[3], 2, 5, soon()).value();
  std::vector<std::string> found;
  for (const ImageRecord& image : neighbours) found.push_back(image.id);
  EXPECT_EQ(found, (std::vector<std::string>{mine[4], mine[5], mine[2], mine[1], mine[0]}));
  EXPECT_TRUE(catalog_->neighbours(mine[3], 0, 0, soon()).value().empty());
  EXPECT_TRUE(catalog_->neighbours(random_uuid(), 1, 1, soon()).value().empty());
  EXPECT_FALSE(catalog_->neighbours(mine[3], 101, 0, soon()).ok());
  EXPECT_FALSE(catalog_->neighbours(mine[3], 0, -1, soon()).ok());
}

TEST_F(CatalogTest, ProjectsAreCountedByStatus) {
  add(1, "b");
  add(2, "b");
  add(3, "b");
  add(4, "a");
  add(5);
  set_status(1, EncodingStatus::kProcessing);
  set_status(2, EncodingStatus::kCompleted);
  set_status(3, EncodingStatus::kFailed, "broken");
  const auto projects = catalog_->projects(soon()).value();
  ASSERT_EQ(projects.size(), 3U);
  EXPECT_EQ(projects[0].project, "");
  EXPECT_EQ(projects[1].project, "a");
  EXPECT_EQ(projects[1].pending, 1);
  EXPECT_EQ(projects[2].processing, 1);
  EXPECT_EQ(projects[2].completed, 1);
  EXPECT_EQ(projects[2].failed, 1);
  EXPECT_EQ(projects[2].images(), 3);
  EXPECT_GE(projects[2].last_upload_ms, 1'600'000'000'000);
}

}  // namespace
}  // namespace samcache

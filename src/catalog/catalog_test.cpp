// Images: adding, finding, removing, their statuses.
#include <condition_variable>

#include "catalog/test_catalog.h"

namespace samcache {
namespace {

TEST_F(CatalogTest, AnImageComesBackAsItWasAdded) {
  ImageRecord wanted = new_image(1, "cells-2.A_b");
  wanted.filename = "o'brien \"x\"; DROP TABLE images; -- :id $1 \\ 猫🖼.jpg";
  const AddedImage added = catalog_->add_image(wanted, soon()).value();
  EXPECT_TRUE(added.created);
  const ImageRecord found = image(wanted.id);
  EXPECT_EQ(found.project, wanted.project);
  EXPECT_EQ(found.filename, wanted.filename);
  EXPECT_EQ(found.media_type, "image/jpeg");
  EXPECT_EQ(found.format, "jpeg");
  EXPECT_EQ(found.width, 640);
  EXPECT_EQ(found.height, 480);
  EXPECT_EQ(found.size_bytes, 5'000'000'000);
  EXPECT_EQ(found.sha256, wanted.sha256);
  EXPECT_EQ(found.encoding_status, EncodingStatus::kPending);
  EXPECT_EQ(found.encoded_model, "");
  EXPECT_FALSE(found.encoded_at_ms.has_value());
  EXPECT_NEAR(static_cast<double>(found.created_at_ms), static_cast<double>(std::time(nullptr)) * 1000, 60'000);
}

TEST_F(CatalogTest, TheSameImageAddedByManyAtOnceIsOne) {
  const ImageRecord same = new_image(1);
  std::atomic<int> created = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const AddedImage added = catalog_->add_image(same, soon()).value();
      EXPECT_EQ(added.record.id, same.id);
      if (added.created) ++created;
    });
  }
  threads.clear();
  EXPECT_EQ(created, 1);
  EXPECT_EQ(catalog_->images_of_content(same.sha256, soon()).value().size(), 1U);

  ImageRecord other = same;
  other.sha256 = sha256_of(2);
  EXPECT_EQ(catalog_->add_image(other, soon()).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(CatalogTest, ValuesThatCannotBeAreRefused) {
  using namespace std::string_literals;
  const auto refuse = [&](const auto& spoil) {
    ImageRecord record = new_image(1);
    spoil(record);
    const auto refused = catalog_->add_image(record, soon());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
    EXPECT_LT(refused.error().message.size(), 600U);
    EXPECT_EQ(refused.error().message.find('\n'), std::string::npos);
  };
  refuse([](ImageRecord& record) { record.id = "../../etc/passwd"; });
  refuse([](ImageRecord& record) { record.id[0] = 'G'; });
  refuse([](ImageRecord& record) { record.sha256 = "'; --"; });
  refuse([](ImageRecord& record) { record.project = "a b"; });
  refuse([](ImageRecord& record) { record.project = "a\n"; });
  refuse([](ImageRecord& record) { record.project = std::string(101, 'a'); });
  refuse([](ImageRecord& record) { record.filename = ""; });
  refuse([](ImageRecord& record) { record.filename = "a\0b"s; });
  refuse([](ImageRecord& record) { record.filename = "a\r\nSet-Cookie: x"; });
  refuse([](ImageRecord& record) { record.filename = "\xff\xfe"; });
  refuse([](ImageRecord& record) { record.filename = std::string(10 << 20, 'x'); });
  refuse([](ImageRecord& record) { record.filename = std::string(256, 'x'); });
  refuse([](ImageRecord& record) { record.media_type = ""; });
  refuse([](ImageRecord& record) { record.width = 0; });
  EXPECT_TRUE(catalog_->list_images({}, 10, "", soon()).value().images.empty());

  ImageRecord longest = new_image(1);
  longest.filename = "";
  for (int i = 0; i < 255; ++i) longest.filename += "猫";
  EXPECT_TRUE(catalog_->add_image(longest, soon()).ok());
}

TEST_F(CatalogTest, WhatIsNoIdIsNoImage) {
  for (const std::string& id :
       {std::string("' OR '1'='1"), std::string("\0x", 2), std::string(10 << 20, 'x'), std::string()}) {
    EXPECT_FALSE(catalog_->image(id, soon()).value().has_value());
    EXPECT_TRUE(catalog_->images({id}, soon()).value().empty());
    EXPECT_TRUE(catalog_->neighbours(id, 1, 1, soon()).value().empty());
    EXPECT_FALSE(catalog_->remove_image(id, soon()).value().has_value());
    EXPECT_TRUE(catalog_->images_of_content(id, soon()).value().empty());
  }
}

TEST_F(CatalogTest, ImagesComeInTheOrderAskedForWithoutThoseThatAreNotThere) {
  const std::string first = add(1);
  const std::string second = add(2);
  const auto found = catalog_->images({second, random_uuid(), first}, soon()).value();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].id, second);
  EXPECT_EQ(found[1].id, first);
  EXPECT_FALSE(catalog_->images(std::vector(kMaxPageSize + 1, first), soon()).ok());
}

TEST_F(CatalogTest, AStatusIsThatOfAllImagesOfTheContentEvenLaterOnes) {
  const std::string one = add(1, "a");
  const std::string two = add(1, "b");
  const std::string other = add(2);
  set_status(1, EncodingStatus::kCompleted);
  const std::string later = add(1, "c");
  for (const std::string& id : {one, two, later}) {
    EXPECT_EQ(image(id).encoding_status, EncodingStatus::kCompleted);
    EXPECT_EQ(image(id).encoded_model, "model-a");
    EXPECT_TRUE(image(id).encoded_at_ms.has_value());
  }
  EXPECT_EQ(image(other).encoding_status, EncodingStatus::kPending);
}

TEST_F(CatalogTest, AnErrorStaysAsLongAsTheFailure) {
  const std::string id = add(1);
  set_status(1, EncodingStatus::kFailed, "no picture\x01 \xff" + std::string(5000, 'x'));
  EXPECT_EQ(image(id).encoding_status, EncodingStatus::kFailed);
  EXPECT_EQ(image(id).encoding_error.substr(0, 13), "no picture? ?");
  EXPECT_EQ(image(id).encoding_error.size(), kMaxErrorBytes);
  set_status(1, EncodingStatus::kProcessing, "of no interest");
  EXPECT_EQ(image(id).encoding_error, "");
}

TEST_F(CatalogTest, WhatAnotherModelEncodedIsPending) {
  const std::string id = add(1);
  set_status(1, EncodingStatus::kCompleted);
  const auto newer = open_catalog("model-b");
  EXPECT_EQ(newer->image(id, soon()).value()->encoding_status, EncodingStatus::kPending);
  EXPECT_EQ(newer->list_images({.status = EncodingStatus::kPending}, 10, "", soon()).value().images.size(), 1U);
  EXPECT_EQ(newer->projects(soon()).value().at(0).pending, 1);
  EXPECT_EQ(image(id).encoding_status, EncodingStatus::kCompleted);
}

TEST_F(CatalogTest, StatusChangesArePublishedWhereThereAreImages) {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> heard;
  const Subscription subscription = database_->subscribe(std::string(kImagesTopic), [&](const Notification& news) {
    const std::scoped_lock lock(mutex);
    heard.push_back(news.payload);
    changed.notify_all();
  });
  const auto wait_for = [&](std::size_t count) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(10), [&] { return heard.size() >= count; });
  };
  ASSERT_TRUE(wait_for(1));
  std::vector<EncodingChange> many;
  for (int i = 0; i < 20; ++i) {
    add(i);
    many.push_back({sha256_of(i), EncodingStatus::kProcessing, "", "model-a"});
  }
  set_status(99, EncodingStatus::kCompleted);
  set_status(1, EncodingStatus::kFailed, "a \"quoted\" reason");
  database_
      ->transaction(Access::kWrite, soon(),
                    [&](Transaction& transaction) -> Status {
                      catalog_->set_encoding_statuses(transaction, many);
                      return {};
                    })
      .value();
  ASSERT_TRUE(wait_for(3));
  const std::scoped_lock lock(mutex);
  EXPECT_EQ(heard, (std::vector<std::string>{"",
                                             R"({"error":"a \"quoted\" reason","model":"model-a","sha256":")" +
                                                 sha256_of(1) + R"(","status":"failed"})",
                                             R"({"many":true})"}));
}

TEST_F(CatalogTest, TheLastImageOfAContentTakesItsStatusAlong) {
  const std::string one = add(1, "a");
  const std::string two = add(1, "b");
  set_status(1, EncodingStatus::kCompleted);
  const auto first = catalog_->remove_image(one, soon()).value();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->record.project, "a");
  EXPECT_TRUE(first->content_still_used);
  EXPECT_EQ(image(two).encoding_status, EncodingStatus::kCompleted);
  EXPECT_FALSE(catalog_->remove_image(two, soon()).value()->content_still_used);
  EXPECT_FALSE(catalog_->remove_image(two, soon()).value().has_value());
  EXPECT_EQ(image(add(1)).encoding_status, EncodingStatus::kPending);
}

TEST_F(CatalogTest, OfManyRemovedAtOnceExactlyOneIsTheLast) {
  for (int round = 0; round < 5; ++round) {
    std::vector<std::string> ids;
    for (int i = 0; i < 6; ++i) ids.push_back(add(1, std::to_string(i)));
    std::atomic<int> last = 0;
    std::vector<std::jthread> threads;
    for (const std::string& id : ids) {
      threads.emplace_back([&] {
        if (!catalog_->remove_image(id, soon()).value()->content_still_used) ++last;
      });
    }
    threads.clear();
    EXPECT_EQ(last, 1);
  }
}

}  // namespace
}  // namespace samcache

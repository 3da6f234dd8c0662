#include "store/recency_index.h"

#include <gtest/gtest.h>

namespace samcache {
namespace {

using Names = std::vector<std::string>;

TEST(RecencyIndex, VictimsAreTheLeastRecentlyUsedAndNoMoreThanNeeded) {
  RecencyIndex index;
  for (const char* name : {"a", "b", "c"}) index.put(name, 10);
  EXPECT_EQ(index.victims(1), Names{"a"});
  EXPECT_EQ(index.victims(11), (Names{"a", "b"}));
  EXPECT_TRUE(index.touch("a"));
  EXPECT_FALSE(index.touch("x"));
  EXPECT_EQ(index.victims(10), Names{"b"});
  EXPECT_EQ(index.victims(0), Names{});
  EXPECT_FALSE(index.victims(31));
}

TEST(RecencyIndex, PinsAreCountedAndOfNames) {
  RecencyIndex index;
  index.pin("a");  // before it is there
  index.pin("a");
  for (const char* name : {"a", "b"}) index.put(name, 10);
  EXPECT_EQ(index.pinned_bytes(), 10U);
  EXPECT_EQ(index.victims(10), Names{"b"});
  EXPECT_FALSE(index.victims(11));
  index.unpin("a");
  EXPECT_FALSE(index.victims(11));
  EXPECT_TRUE(index.erase("a"));
  index.put("a", 10);
  EXPECT_FALSE(index.victims(11));  // the pin outlived the object
  index.unpin("a");
  index.unpin("a");  // once too often harms nobody
  EXPECT_TRUE(index.victims(11));
}

TEST(RecencyIndex, CountsBytesOfWhatIsThere) {
  RecencyIndex index;
  index.put("a", 10);
  index.put("a", 30);
  index.put("b", 5);
  EXPECT_EQ(index.used_bytes(), 35U);
  EXPECT_EQ(index.count(), 2U);
  EXPECT_EQ(index.size_of("a"), 30U);
  EXPECT_FALSE(index.size_of("x"));
  Names order;
  index.for_each([&](const std::string& name, std::uint64_t) { order.push_back(name); });
  EXPECT_EQ(order, (Names{"b", "a"}));
  EXPECT_TRUE(index.erase("a"));
  EXPECT_FALSE(index.erase("a"));
  EXPECT_EQ(index.used_bytes(), 5U);
  index.pin("b");
  index.clear_objects();
  EXPECT_EQ(index.used_bytes(), 0U);
  index.put("b", 1);
  EXPECT_EQ(index.pinned_bytes(), 1U);
}

}  // namespace
}  // namespace samcache

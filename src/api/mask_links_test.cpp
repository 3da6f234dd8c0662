#include "api/mask_links.h"

#include <gtest/gtest.h>

#include <thread>

namespace samcache {
namespace {

using namespace std::chrono_literals;

SharedBytes bytes(std::string_view text) { return SharedBytes::copy_of(bytes_of(text)); }

TEST(MaskLinks, AMaskIsFoundByItsNameAlone) {
  MaskLinks links(1000, 1h);
  const Result<std::string> name = links.add(bytes("png"));
  ASSERT_TRUE(name);
  EXPECT_EQ(name->size(), 32U);
  EXPECT_EQ(text_of(links.find(*name)), "png");
  EXPECT_TRUE(links.find("00000000000000000000000000000000").empty());
  EXPECT_NE(*links.add(bytes("png")), *name);
}

TEST(MaskLinks, TheOldestMakeRoom) {
  MaskLinks links(8, 1h);
  const std::string first = *links.add(bytes("1111"));
  const std::string second = *links.add(bytes("2222"));
  const std::string third = *links.add(bytes("3333"));
  EXPECT_TRUE(links.find(first).empty());
  EXPECT_EQ(text_of(links.find(second)), "2222");
  EXPECT_EQ(text_of(links.find(third)), "3333");
  EXPECT_EQ(links.add(bytes("123456789")).error().code, ErrorCode::kTooLarge);
}

TEST(MaskLinks, EndAfterTheirTime) {
  MaskLinks links(1000, 1ms);
  const std::string name = *links.add(bytes("png"));
  std::this_thread::sleep_for(5ms);
  EXPECT_TRUE(links.find(name).empty());
}

}  // namespace
}  // namespace samcache

#include "api/adapters/adapter_options.h"

#include <gtest/gtest.h>

namespace samcache {
namespace {

TEST(AdapterOptions, NamesSwitchAdaptersOn) {
  AdapterOptions options;
  EXPECT_TRUE(choose_adapters("", options));
  EXPECT_FALSE(options.any());
  EXPECT_TRUE(choose_adapters("label-studio,cvat", options));
  EXPECT_TRUE(options.label_studio);
  EXPECT_FALSE(options.x_anylabeling);
  EXPECT_TRUE(options.cvat);
}

TEST(AdapterOptions, AnotherNameIsRefused) {
  AdapterOptions options;
  for (const char* names : {"labelme", "cvat,,label-studio", "cvat, label-studio", ",", "CVAT"}) {
    const Status chosen = choose_adapters(names, options);
    ASSERT_FALSE(chosen) << names;
    EXPECT_NE(chosen.error().message.find("label-studio, x-anylabeling and cvat"), std::string::npos);
  }
}

}  // namespace
}  // namespace samcache

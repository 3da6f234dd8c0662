#include <gtest/gtest.h>

#include "image/mask_codec.h"

namespace samcache {
namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  std::vector<std::byte> bytes;
  for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
  return bytes;
}

TEST(Base64, GivesTheVectorsOfRfc4648) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(base64_from_bytes(bytes_of(plain)), encoded);
    EXPECT_EQ(*bytes_from_base64(encoded), bytes_of(plain));
  }
}

TEST(Base64, RoundTripsEveryByteValue) {
  for (std::size_t size = 250; size < 260; ++size) {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7 + 3);
    EXPECT_EQ(*bytes_from_base64(base64_from_bytes(bytes)), bytes);
  }
}

TEST(Base64, RefusesWhatIsNotBase64) {
  for (const char* text : {"Zg=", "Zg", "Z", "=", "====", "Zg=a", "Z===", "Zm 9", "Zm9\n", "Zm-_", "Zh==", "Zm9="}) {
    const auto bytes = bytes_from_base64(text);
    ASSERT_FALSE(bytes.ok()) << text;
    EXPECT_EQ(bytes.error().code, ErrorCode::kCorrupt);
  }
}

}  // namespace
}  // namespace samcache

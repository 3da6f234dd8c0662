#include "image/digest.h"

#include <gtest/gtest.h>

namespace samcache {
namespace {

TEST(Digest, IsSha256) {
  EXPECT_EQ(sha256_hex({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const std::string text = "abc";
  EXPECT_EQ(sha256_hex(std::as_bytes(std::span(text))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, AnImageIdIsAVersion8UuidOfTheFirst128Bits) {
  EXPECT_EQ(*image_id_from_sha256("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            "e3b0c442-98fc-8c14-9afb-f4c8996fb924");
  EXPECT_EQ(*image_id_from_sha256(std::string(64, 'f')), "ffffffff-ffff-8fff-bfff-ffffffffffff");
  EXPECT_EQ(*image_id_from_sha256(std::string(64, '0')), "00000000-0000-8000-8000-000000000000");
}

TEST(Digest, AnImageIdNeedsASha256) {
  EXPECT_FALSE(image_id_from_sha256("").ok());
  EXPECT_FALSE(image_id_from_sha256(std::string(63, 'a')).ok());
  EXPECT_FALSE(image_id_from_sha256(std::string(65, 'a')).ok());
  EXPECT_FALSE(image_id_from_sha256(std::string(63, 'a') + "g").ok());
  EXPECT_FALSE(image_id_from_sha256(std::string(64, 'A')).ok());
}

}  // namespace
}  // namespace samcache

#include "store/open/store_url.h"

#include <gtest/gtest.h>

namespace samcache {
namespace {

template <class T>
T parsed(const std::string& text) {
  const Result<StoreUrl> url = parse_store_url(text);
  EXPECT_TRUE(url) << (url ? "" : url.error().message);
  return url && std::holds_alternative<T>(*url) ? std::get<T>(*url) : T{};
}

TEST(ByteSize, KnowsTheUnits) {
  EXPECT_EQ(*parse_byte_size("1048576"), 1048576U);
  EXPECT_EQ(*parse_byte_size("4GiB"), 4ULL << 30);
  EXPECT_EQ(*parse_byte_size("512 MiB"), 512ULL << 20);
  EXPECT_EQ(*parse_byte_size("50GB"), 50'000'000'000U);
  EXPECT_EQ(*parse_byte_size("2TiB"), 2ULL << 40);
  EXPECT_EQ(*parse_byte_size("0"), 0U);
}

TEST(ByteSize, RefusesWhatIsNone) {
  for (const char* text :
       {"", "GiB", "-1", "1.5GiB", "4 GiB ", "4gib", "4G", "99999999999999999999", "9999999999TiB"}) {
    EXPECT_FALSE(parse_byte_size(text)) << text;
  }
}

TEST(StoreUrl, Memory) { EXPECT_EQ(parsed<MemoryUrl>("memory:4GiB").budget_bytes, 4ULL << 30); }

TEST(StoreUrl, Folders) {
  const auto plain = parsed<FileUrl>("file:///var/cache/samcache");
  EXPECT_EQ(plain.folder, "/var/cache/samcache");
  EXPECT_EQ(plain.budget_bytes, 0U);
  EXPECT_FALSE(plain.shared);
  const auto share = parsed<FileUrl>("file:///mnt/a%20share?max=50GiB&shared=1");
  EXPECT_EQ(share.folder, "/mnt/a share");
  EXPECT_EQ(share.budget_bytes, 50ULL << 30);
  EXPECT_TRUE(share.shared);
}

TEST(StoreUrl, Azure) {
  const auto plain = parsed<AzureUrl>("azure://myaccount/encodings");
  EXPECT_EQ(plain.account, "myaccount");
  EXPECT_EQ(plain.container, "encodings");
  EXPECT_TRUE(plain.compress);
  const auto local = parsed<AzureUrl>(
      "azure://devstoreaccount1/test?endpoint=http%3A%2F%2F127.0.0.1%3A10000%2Fdevstoreaccount1&create=1&compress=0");
  EXPECT_EQ(local.endpoint, "http://127.0.0.1:10000/devstoreaccount1");
  EXPECT_TRUE(local.create_container);
  EXPECT_FALSE(local.compress);
}

TEST(StoreUrl, Redis) {
  const auto url = parsed<RedisUrl>("redis://ann:se%40cret@cache.local:6380/2?ttl=60&max_object=64MiB");
  EXPECT_EQ(url.host, "cache.local");
  EXPECT_EQ(url.port, 6380);
  EXPECT_EQ(url.user, "ann");
  EXPECT_EQ(url.password, "se@cret");
  EXPECT_EQ(url.database, 2);
  EXPECT_EQ(url.ttl, std::chrono::seconds(60));
  EXPECT_EQ(url.max_object_bytes, 64ULL << 20);
  EXPECT_EQ(parsed<RedisUrl>("redis://localhost").port, 6379);
}

TEST(StoreUrl, SaysWhatIsWrong) {
  for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
           {"", "no URL"},
           {"/path", "no URL"},
           {"ftp://host/x", "memory:, file://"},
           {"memory:lots", "not a size"},
           {"file://", "no"},
           {"file:///", "no folder"},
           {"file:///x?mx=5GiB", "no option"},
           {"file:///x?max=5GiB&max=6GiB", "twice"},
           {"file:///x?max", "no value"},
           {"file:///x?shared=yes", "0 or 1"},
           {"azure://account", "azure://account/container"},
           {"azure://account/a/b", "azure://account/container"},
           {"redis://host/x", "number"},
           {"redis://host?ttl=never", "seconds"},
       }) {
    const Result<StoreUrl> url = parse_store_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(url.error().message.find(part), std::string::npos) << url.error().message;
  }
}

TEST(StoreUrl, AMessageHoldsNoPassword) {
  const Result<StoreUrl> url = parse_store_url("redis://ann:secret@host/x");
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().message.find("secret"), std::string::npos) << url.error().message;
}

}  // namespace
}  // namespace samcache

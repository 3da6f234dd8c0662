#include <gtest/gtest.h>

#include <algorithm>

#include "store/azure/azure_digests.h"
#include "store/azure/connection_string.h"
#include "store/azure/read_signature.h"
#include "store/azure/shared_key.h"

namespace samcache {
namespace {

// The emulators' public account.
constexpr const char* kKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

// The example of Microsoft's "Authorize with Shared Key".
SignedParts documented_request() {
  return {.account = "myaccount",
          .method = "GET",
          .path = "/mycontainer",
          .query = {{"restype", "container"}, {"comp", "metadata"}, {"timeout", "20"}},
          .headers = {{"x-ms-version", "2015-02-21"}, {"x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT"}}};
}

TEST(SharedKey, SignsTheDocumentedExample) {
  EXPECT_EQ(shared_key_string_to_sign(documented_request()),
            "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n"
            "/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20");
  EXPECT_EQ(shared_key_authorization(documented_request(), *from_base64(kKey)),
            "SharedKey myaccount:1u9lui2jDxj0+fpbHjQ5m5NnastJRSYM+PSmfi8TXx4=");
}

TEST(SharedKey, RepeatedParametersAreSortedAndJoined) {
  SignedParts parts = documented_request();
  parts.headers.clear();
  parts.query = {{"restype", "container"},
                 {"comp", "list"},
                 {"include", "snapshots"},
                 {"include", "metadata"},
                 {"Include", "uncommittedblobs"}};
  EXPECT_TRUE(shared_key_string_to_sign(parts).ends_with(
      "\n/myaccount/mycontainer\ncomp:list\ninclude:metadata,snapshots,uncommittedblobs\nrestype:container"));
}

TEST(SharedKey, EveryHeaderStandsInItsLine) {
  const SignedParts parts = {.account = "a",
                             .method = "PUT",
                             .path = "/a/c/b",  // path style: the account once more
                             .headers = {{"Content-MD5", "m"},
                                         {"Content-Type", "t"},
                                         {"If-None-Match", "*"},
                                         {"If-Match", "e"},
                                         {"x-ms-meta-b", "  two \t words "},
                                         {"X-Ms-Meta", "by name, not by line"}},
                             .body_bytes = 11};
  EXPECT_EQ(shared_key_string_to_sign(parts),
            "PUT\n\n\n11\nm\nt\n\n\ne\n*\n\n\nx-ms-meta:by name, not by line\nx-ms-meta-b:two words\n/a/a/c/b");
}

TEST(SharedKey, AnEmptyBodyHasNoLength) {
  EXPECT_TRUE(shared_key_string_to_sign({.account = "a", .method = "PUT", .path = "/c"}).starts_with("PUT\n\n\n\n"));
}

ReadGrant grant() {
  return {.account = "myaccount",
          .container = "box",
          .blob = "a/b.bin",
          .expires = std::chrono::system_clock::from_time_t(1704164645),
          .content_type = "image/png",
          .cache_control = "no-store"};
}

TEST(ReadSignature, OfAnAccountKey) {
  EXPECT_EQ(read_string_to_sign(grant(), std::nullopt),
            "r\n\n2024-01-02T03:04:05Z\n/blob/myaccount/box/a/b.bin\n\n\nhttps\n2023-11-03\nb\n\n\nno-store\n\n\n\n"
            "image/png");
  EXPECT_EQ(signed_read_query(grant(), std::nullopt, *from_base64(kKey)),
            "sv=2023-11-03&sr=b&sp=r&se=2024-01-02T03%3A04%3A05Z&spr=https&rscc=no-store&rsct=image%2Fpng&sig="
            "Pc7wgzq3hOa%2FDVlR26K4XgqhuH%2B6VX%2BYsdWJMwTEEBw%3D");
}

TEST(ReadSignature, OfADelegationKeyNamesTheKey) {
  const UserDelegationKey key{"oid", "tid", "2024-01-01T00:00:00Z", "2024-01-03T00:00:00Z", "b", "2023-11-03", "a2V5"};
  EXPECT_EQ(read_string_to_sign(grant(), key),
            "r\n\n2024-01-02T03:04:05Z\n/blob/myaccount/box/a/b.bin\noid\ntid\n2024-01-01T00:00:00Z\n"
            "2024-01-03T00:00:00Z\nb\n2023-11-03\n\n\n\n\nhttps\n2023-11-03\nb\n\n\nno-store\n\n\n\nimage/png");
  const std::string query = signed_read_query(grant(), key, "key");
  EXPECT_NE(query.find("&skoid=oid&sktid=tid&skt=2024-01-01T00%3A00%3A00Z&ske=2024-01-03T00%3A00%3A00Z&sks=b&skv="),
            std::string::npos);
}

TEST(AzureDigests, MatchPublishedVectors) {
  EXPECT_EQ(base64(bytes_of(std::string_view("any carnal pleas"))), "YW55IGNhcm5hbCBwbGVhcw==");
  EXPECT_EQ(base64({}), "");
  EXPECT_EQ(from_base64("YW55IGNhcm5hbCBwbGVhcw=="), "any carnal pleas");
  EXPECT_EQ(from_base64(""), "");
  for (const char* bad : {"YW5", "YW5%", "=AAA", "AA=A", "A===", "YW 5"})
    EXPECT_EQ(from_base64(bad), std::nullopt) << bad;
  EXPECT_EQ(md5_base64(bytes_of(std::string_view("abc"))), "kAFQmDzST7DWlj99KOF/cg==");  // RFC 1321
  // RFC 4231, the second case.
  EXPECT_EQ(hmac_sha256_base64("Jefe", "what do ya want for nothing?"), "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");
}

const SharedKeyCredential* key_of(const AzureAccount& account) {
  return std::get_if<SharedKeyCredential>(&account.credential);
}

TEST(ConnectionString, OfThePortal) {
  const auto account =
      parse_connection_string(std::string("DefaultEndpointsProtocol=https;AccountName=myaccount;AccountKey=") + kKey +
                              ";EndpointSuffix=core.chinacloudapi.cn");
  ASSERT_TRUE(account) << account.error().message;
  EXPECT_EQ(account->name, "myaccount");
  EXPECT_EQ(account->endpoint, "https://myaccount.blob.core.chinacloudapi.cn");
  ASSERT_TRUE(key_of(*account));
  EXPECT_EQ(key_of(*account)->key_base64, kKey);
  EXPECT_EQ(conventional_secondary(*account), "https://myaccount-secondary.blob.core.chinacloudapi.cn");
}

TEST(ConnectionString, OfASignatureKnowsTheAccountFromTheEndpoint) {
  const auto account = parse_connection_string(
      " blobendpoint=https://acc.blob.core.windows.net/;QueueEndpoint=https://acc.queue.core.windows.net/;\n"
      "BlobSecondaryEndpoint=https://other.example;SharedAccessSignature=sv=2020&sig=a%3D;");
  ASSERT_TRUE(account) << account.error().message;
  EXPECT_EQ(account->name, "acc");
  EXPECT_EQ(account->secondary_endpoint, "https://other.example");
  EXPECT_EQ(std::get<SasCredential>(account->credential).token, "sv=2020&sig=a%3D");
}

TEST(ConnectionString, OfTheEmulator) {
  const auto account = parse_connection_string("UseDevelopmentStorage=TRUE");
  ASSERT_TRUE(account);
  EXPECT_EQ(account->endpoint, "http://127.0.0.1:10000/devstoreaccount1");
  EXPECT_EQ(account->secondary_endpoint, "http://127.0.0.1:10000/devstoreaccount1-secondary");
  EXPECT_EQ(conventional_secondary(*account), account->secondary_endpoint);
  EXPECT_EQ(key_of(*account)->key_base64, kKey);
}

TEST(ConnectionString, WhatIsWrongIsNamedWithoutSecrets) {
  const auto message = [](const std::string& text) { return parse_connection_string(text).error().message; };
  EXPECT_NE(message("AccountKey=a2V5").find("AccountName"), std::string::npos);
  EXPECT_NE(message("AccountName=abc").find("AccountKey"), std::string::npos);
  EXPECT_NE(message("AccountName=abc;AccountName=abd;AccountKey=a2V5").find("twice"), std::string::npos);
  EXPECT_NE(message("AccountName").find("NAME=VALUE"), std::string::npos);
  const std::string bad_key = message("AccountName=abc;AccountKey=SECRET!");
  EXPECT_NE(bad_key.find("AccountKey"), std::string::npos);
  EXPECT_EQ(bad_key.find("SECRET"), std::string::npos);
}

}  // namespace
}  // namespace samcache

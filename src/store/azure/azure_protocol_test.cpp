// What is read from answers: pauses, dates, ranges, refusals, lists.
#include <gtest/gtest.h>

#include "store/azure/azure_endpoint.h"
#include "store/azure/azure_store.h"
#include "store/azure/blob_download.h"
#include "store/azure/blob_listing.h"
#include "store/azure/delegation_key.h"
#include "store/azure/http_date.h"
#include "store/azure/service_error.h"

namespace samcache {
namespace {

using std::chrono::milliseconds;

TEST(RetryPolicy, PausesDoubleWithJitterUpToALimit) {
  const RetryOptions options{.base_delay = milliseconds(100), .max_delay = milliseconds(1000)};
  std::minstd_rand random(1);
  for (int failures = 1; failures <= 12; ++failures) {
    const std::int64_t full = std::min<std::int64_t>(100LL << (failures - 1), 1000);
    const milliseconds pause = backoff(options, failures, random);
    EXPECT_GE(pause.count(), full / 2);
    EXPECT_LE(pause.count(), full);
  }
}

TEST(RetryPolicy, TheServiceMayAskForAPause) {
  const auto now = std::chrono::system_clock::from_time_t(1435361952);  // Fri, 26 Jun 2015 23:39:12 GMT
  const auto pause = [&](const std::string& name, const std::string& value) {
    return retry_after({.status = 503, .headers = {{name, value}}}, now);
  };
  EXPECT_EQ(pause("retry-after", "7"), milliseconds(7000));
  EXPECT_EQ(pause("retry-after", "0"), milliseconds(0));
  EXPECT_EQ(pause("x-ms-retry-after-ms", "250"), milliseconds(250));
  EXPECT_EQ(pause("retry-after", "Fri, 26 Jun 2015 23:39:42 GMT"), milliseconds(30'000));
  EXPECT_EQ(pause("retry-after", "Fri, 26 Jun 2015 23:00:00 GMT"), milliseconds(0));
  EXPECT_EQ(pause("retry-after", "99999999999999999999"), std::chrono::hours(24 * 365));
  for (const char* nonsense : {"", "-1", "soon", "1.5"})
    EXPECT_EQ(pause("retry-after", nonsense), std::nullopt) << nonsense;
  EXPECT_EQ(pause("server", "7"), std::nullopt);
}

TEST(RetryPolicy, OnlyWhatMayPassIsTriedAgain) {
  for (const int status : {408, 429, 500, 502, 503, 504}) EXPECT_TRUE(is_transient_status(status)) << status;
  for (const int status : {200, 304, 400, 401, 403, 404, 409, 412, 416, 501}) EXPECT_FALSE(is_transient_status(status));
}

TEST(HttpDate, ThereAndBack) {
  const auto time = std::chrono::system_clock::from_time_t(1435361952);
  EXPECT_EQ(http_date(time), "Fri, 26 Jun 2015 23:39:12 GMT");
  EXPECT_EQ(parse_http_date("Fri, 26 Jun 2015 23:39:12 GMT"), time);
  EXPECT_EQ(parse_http_date("yesterday"), std::nullopt);
}

TEST(ContentRange, OnlyWhatMakesSenseIsOne) {
  const auto range = parse_content_range("bytes 0-99/1000");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->last, 99U);
  EXPECT_EQ(range->total, 1000U);
  for (const char* bad : {"", "bytes", "bytes */1000", "bytes 0-99/*", "bytes 5-4/10", "bytes 0-10/10", "bytes 0--1/0",
                          "bytes 0-9/10 ", "items 0-9/10", "bytes 0-9/99999999999999999999"}) {
    EXPECT_FALSE(parse_content_range(bad)) << bad;
  }
}

TEST(ServiceError, SaysWhatWasRefusedAndWhatToDo) {
  const HttpResponse head{.status = 403, .headers = {{"x-ms-request-id", "11-22\x01"}}};
  const Error error =
      service_error(head,
                    "\xEF\xBB\xBF<?xml version=\"1.0\"?><Error><Code>AuthorizationPermissionMismatch</Code>"
                    "<Message>Not\x7f you.\nRequestId:1\nTime:2</Message></Error>")
          .as_error();
  EXPECT_EQ(error.code, ErrorCode::kIo);
  EXPECT_EQ(
      error.message,
      "HTTP 403 AuthorizationPermissionMismatch \"Not\\x7f you.\" (request 11-22): the SAS or the identity's role "
      "does not allow this operation");
  EXPECT_EQ(service_error({.status = 503}, "").as_error().code, ErrorCode::kUnavailable);
}

TEST(ServiceError, ABodyMayBeAnything) {
  for (const std::string& body : {std::string("<Error><Code>"), std::string("\0\xff<", 3), std::string(100'000, '<')}) {
    const ServiceError error = service_error({.status = 400, .headers = {{"x-ms-error-code", "A\r\nB"}}}, body);
    EXPECT_EQ(error.code, "AB");
    EXPECT_EQ(error.as_error().message, "HTTP 400 AB");
  }
}

TEST(BlobListing, ReadsPages) {
  const auto page = parse_blob_page(
      "<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ContainerName=\"c\"><Blobs>"
      "<Blob><Name>a/b.x</Name><Properties><Last-Modified>Fri, 26 Jun 2015 23:39:12 GMT</Last-Modified>"
      "<Content-Length>12</Content-Length></Properties></Blob>"
      "<Blob><Name>Some &amp; one's</Name><Properties><Content-Length>1</Content-Length></Properties></Blob>"
      "<Blob><Name>c</Name><Properties><Content-Length>0</Content-Length></Properties></Blob>"
      "</Blobs><NextMarker>2!8&lt;</NextMarker></EnumerationResults>");
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->blobs.size(), 2U);  // the one that is no object's name is somebody else's
  EXPECT_EQ(page->blobs[0].name, "a/b.x");
  EXPECT_EQ(page->blobs[0].size_bytes, 12U);
  EXPECT_EQ(page->blobs[0].modified, std::chrono::system_clock::from_time_t(1435361952));
  EXPECT_EQ(page->blobs[1].name, "c");
  EXPECT_EQ(page->next_marker, "2!8<");
}

TEST(BlobListing, WhatIsNoListIsCorrupt) {
  const std::string blob = "<EnumerationResults><Blobs><Blob><Name>a</Name><Properties>";
  const std::string end = "</Properties></Blob></Blobs></EnumerationResults>";
  for (const std::string& xml :
       {std::string(), std::string("garbage"), std::string("<html></html>"), std::string("<EnumerationResults>"),
        std::string("<!DOCTYPE x [<!ENTITY e \"eeee\">]><x>&e;</x>"), blob + end,
        blob + "<Content-Length>-1</Content-Length>" + end,
        blob + "<Content-Length>18446744073709551616</Content-Length>" + end,
        blob + "<Content-Length>1x</Content-Length>" + end, std::string(1'000'000, '<')}) {
    const auto page = parse_blob_page(xml);
    ASSERT_FALSE(page) << xml.substr(0, 200);
    EXPECT_EQ(page.error().code, ErrorCode::kCorrupt);
  }
}

TEST(DelegationKey, MustBeWhole) {
  const std::string good =
      "<?xml version=\"1.0\"?><UserDelegationKey><SignedOid>o</SignedOid><SignedTid>t</SignedTid>"
      "<SignedStart>2024-01-01T00:00:00Z</SignedStart><SignedExpiry>2024-01-02T00:00:00Z</SignedExpiry>"
      "<SignedService>b</SignedService><SignedVersion>2023-11-03</SignedVersion><Value>a2V5</Value></"
      "UserDelegationKey>";
  EXPECT_EQ(parse_delegation_key(good).value().object_id, "o");
  for (const std::string& part : {std::string("SignedOid"), std::string("SignedExpiry"), std::string("Value")}) {
    std::string broken = good;
    broken.replace(broken.find("<" + part), part.size() + 1, "<Other");
    EXPECT_FALSE(parse_delegation_key(broken)) << part;
  }
}

TEST(AzureEndpoint, UrlsAreEscaped) {
  const auto endpoint = AzureEndpoint::parse("http://127.0.0.1:10000/acc/", "endpoint");
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(endpoint->url("/c/a/b", {{"comp", "list"}, {"marker", "a b&c=/"}}, "sig=x%3D"),
            "http://127.0.0.1:10000/acc/c/a/b?comp=list&marker=a%20b%26c%3D%2F&sig=x%3D");
  EXPECT_EQ(endpoint->path("/c"), "/acc/c");
  EXPECT_TRUE(endpoint->is_loopback());
  EXPECT_FALSE(AzureEndpoint::parse("https://127.0.0.1.example.com", "endpoint")->is_loopback());
  for (const char* bad : {"", "acc.blob.core.windows.net", "ftp://x", "http://", "http://a b", "http://u:p@host",
                          "https://x/?q", "https://x/a\nb"}) {
    EXPECT_FALSE(AzureEndpoint::parse(bad, "endpoint")) << bad;
  }
}

TEST(AzureStore, OptionsThatCannotBeAreRefused) {
  AzureStoreOptions good;
  good.account = {.name = "account", .credential = SharedKeyCredential{"a2V5"}};
  good.container = "container";
  EXPECT_TRUE(AzureStore::open(good));
  const auto refused = [&](const auto& change) {
    AzureStoreOptions options = good;
    change(options);
    const auto store = AzureStore::open(options);
    return !store && store.error().code == ErrorCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused([](AzureStoreOptions& o) { o.account.name = "A"; }));
  EXPECT_TRUE(refused([](AzureStoreOptions& o) { o.container = "../x"; }));
  EXPECT_TRUE(refused([](AzureStoreOptions& o) { o.container = "a--b"; }));
  EXPECT_TRUE(refused([](AzureStoreOptions& o) { o.account.endpoint = "nonsense"; }));
  EXPECT_TRUE(refused([](AzureStoreOptions& o) { o.account.secondary_endpoint = "nonsense"; }));
  EXPECT_TRUE(refused([](AzureStoreOptions& o) { o.account.credential = SharedKeyCredential{"no key!"}; }));
  EXPECT_TRUE(refused([](AzureStoreOptions& o) { o.account.credential = SasCredential{"sv=1"}; }));
  EXPECT_TRUE(refused([](AzureStoreOptions& o) { o.account.credential = SasCredential{"sig=a b"}; }));
  EXPECT_TRUE(refused([](AzureStoreOptions& o) { o.account.credential = WorkloadIdentityCredential{}; }));
  EXPECT_TRUE(refused([](AzureStoreOptions& o) { o.parallel_ranges = 0; }));
  EXPECT_TRUE(refused([](AzureStoreOptions& o) { o.retry.max_tries = 0; }));
  EXPECT_TRUE(refused([](AzureStoreOptions& o) { o.min_block_bytes = o.max_block_bytes + 1; }));
  // A token in clear text.
  EXPECT_TRUE(refused([](AzureStoreOptions& o) {
    o.account.credential = ManagedIdentityCredential{};
    o.account.endpoint = "http://account.blob.core.windows.net";
  }));
}

}  // namespace
}  // namespace samcache

// The small rules of headers: ranges, tags, codings, weights, file names, events, rate limits.
#include <gtest/gtest.h>

#include "http/byte_range.h"
#include "http/content_coding.h"
#include "http/entity_tag.h"
#include "http/event_stream.h"
#include "http/http_request.h"
#include "http/http_response.h"
#include "http/outgoing_queue.h"
#include "http/rate_limiter.h"
#include "http/tokens.h"

namespace samcache::http {
namespace {

std::string range(std::string_view header, std::uint64_t size) {
  const auto parsed = parse_range(header, size);
  if (const auto* part = std::get_if<ByteRange>(&parsed))
    return std::to_string(part->offset) + "+" + std::to_string(part->size_bytes);
  return std::holds_alternative<WholeBody>(parsed) ? "whole" : "416";
}

TEST(ByteRange, FollowsRfc9110) {
  EXPECT_EQ(range("bytes=0-0", 10), "0+1");
  EXPECT_EQ(range("bytes=5-", 10), "5+5");
  EXPECT_EQ(range("bytes=5-99", 10), "5+5");
  EXPECT_EQ(range("bytes=-3", 10), "7+3");
  EXPECT_EQ(range("bytes=-99", 10), "0+10");
  EXPECT_EQ(range("bytes=10-", 10), "416");
  EXPECT_EQ(range("bytes=-0", 10), "416");
  EXPECT_EQ(range("bytes=0-", 0), "416");
  EXPECT_EQ(range("bytes=18446744073709551616-", 10), "416");
  for (const char* ignored :
       {"bytes=5-4", "bytes=a-b", "bytes=-", "bytes=0-1,3-4", "lines=0-1", "bytes", "bytes=--1"}) {
    EXPECT_EQ(range(ignored, 10), "whole") << ignored;
  }
}

TEST(EntityTag, ComparesStronglyAndWeakly) {
  EXPECT_TRUE(any_tag_matches("\"a\", W/\"b,c\"", "\"b,c\"", TagComparison::kWeak));
  EXPECT_FALSE(any_tag_matches("W/\"b\"", "\"b\"", TagComparison::kStrong));
  EXPECT_TRUE(any_tag_matches("*", "\"b\"", TagComparison::kStrong));
  EXPECT_FALSE(any_tag_matches("\"ab\"", "\"a\"", TagComparison::kWeak));
}

TEST(Preconditions, GuardAgainstLostUpdates) {
  const auto with = [](std::string_view name, std::string_view value) {
    const HttpRequest::Field field{name, value};
    return HttpRequest::make("PUT", "/", std::span(&field, 1)).value();
  };
  EXPECT_EQ(if_precondition_failed(*with("If-Match", "\"old\""), "\"new\"")->status, 412);
  EXPECT_EQ(if_precondition_failed(*with("If-Match", "*"), "")->status, 412);
  EXPECT_FALSE(if_precondition_failed(*with("If-Match", "\"new\""), "\"new\""));
  EXPECT_EQ(if_precondition_failed(*with("If-None-Match", "*"), "\"new\"")->status, 412);
  EXPECT_FALSE(if_precondition_failed(*with("If-None-Match", "*"), ""));
}

TEST(ContentCoding, ChoosesWhatTheClientWantsMost) {
  EXPECT_EQ(choose_coding("gzip, deflate, br, zstd"), ContentCoding::kZstd);
  EXPECT_EQ(choose_coding("gzip;q=1.0, zstd;q=0.5"), ContentCoding::kGzip);
  EXPECT_EQ(choose_coding("zstd;q=0, *"), ContentCoding::kGzip);
  EXPECT_EQ(choose_coding("br"), ContentCoding::kIdentity);
  EXPECT_EQ(choose_coding(""), ContentCoding::kIdentity);
}

TEST(ContentCoding, ExpandsWithinItsLimitOnly) {
  for (const ContentCoding coding : {ContentCoding::kGzip, ContentCoding::kZstd}) {
    const std::string packed = compress(coding, std::string(1000, 'x'));
    EXPECT_EQ(expand(coding, packed, 1000).value(), std::string(1000, 'x'));
    EXPECT_EQ(expand(coding, packed, 999).error().code, ErrorCode::kTooLarge);
    EXPECT_EQ(expand(coding, packed + "x", 2000).error().code, ErrorCode::kCorrupt);
    for (std::size_t size = 0; size < packed.size(); ++size)
      EXPECT_FALSE(expand(coding, packed.substr(0, size), 2000)) << size;
  }
}

TEST(Weight, TakesTheClosestElement) {
  EXPECT_EQ(weight_of("text/*;q=0.3, text/html;q=0.7, */*;q=0.5", "text/html"), 700);
  EXPECT_EQ(weight_of("text/*;q=0.3, */*;q=0.5", "text/plain"), 300);
  EXPECT_EQ(weight_of("text/*;q=0.3, */*;q=0.5", "image/png"), 500);
  EXPECT_EQ(weight_of("application/json", "text/html"), 0);
}

TEST(ContentDisposition, TamesHostileNames) {
  EXPECT_EQ(content_disposition("attachment", "a.png"), "attachment; filename=\"a.png\"");
  EXPECT_EQ(content_disposition("attachment", "../../etc/passwd"), "attachment; filename=\"passwd\"");
  EXPECT_EQ(content_disposition("attachment", "C:\\x\\y.png"), "attachment; filename=\"y.png\"");
  EXPECT_EQ(content_disposition("attachment", "a\"\r\nX: y"), "attachment; filename=\"a___X: y\"");
  EXPECT_EQ(content_disposition("inline", "\xC3\xA9.png"), "inline; filename=\"__.png\"; filename*=UTF-8''%C3%A9.png");
  EXPECT_EQ(content_disposition("inline", ".."), "inline; filename=\"download\"");
  EXPECT_LT(content_disposition("inline", std::string(10'000, 'x')).size(), 300U);
}

TEST(HeaderList, LetsNoValueBreakTheHead) {
  HeaderList headers;
  for (const std::string& value : {std::string("a\r\nX: y"), std::string("a\n"), std::string("a\0b", 3)}) {
    EXPECT_THROW(headers.set("X", value), std::logic_error);
  }
  EXPECT_THROW(headers.set("X Y", "a"), std::logic_error);
  headers.add("Vary", "Origin");
  headers.add_to_list("vary", "Accept-Encoding");
  headers.add_to_list("vary", "origin");
  EXPECT_EQ(headers.find("VARY"), "Origin, Accept-Encoding");
}

TEST(Problem, IsValidJsonWhateverTheDetail) {
  const HttpResponse response = problem(400, "a \"quote\" \xff\n", {{"limit", "7"}});
  EXPECT_EQ(std::get<std::string>(response.body),
            "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,\"detail\":\"a \\\"quote\\\" "
            "\xEF\xBF\xBD\\n\",\"limit\":7}");
  const HttpResponse inside = problem(Error{ErrorCode::kIo, "/secret/path is gone"});
  EXPECT_EQ(inside.status, 500);
  EXPECT_EQ(std::get<std::string>(inside.body).find("secret"), std::string::npos);
}

TEST(ServerEvent, SplitsLinesAndRefusesForgedFields) {
  EXPECT_EQ(format_event({.data = "a\nb\r\nc", .event = "e", .id = "7"}),
            "id: 7\nevent: e\ndata: a\ndata: b\ndata: c\n\n");
  EXPECT_EQ(format_event({}), "data: \n\n");
  EXPECT_THROW(format_event({.event = "a\nid: 9"}), std::logic_error);
}

TEST(OutgoingQueue, ReplacesByKeyAndClosesWhenItIsFull) {
  OutgoingQueue queue(10);
  int woken = 0;
  queue.attach([&] { ++woken; });
  const auto text = [](std::string content) { return std::vector<OutgoingFrame>{{.text = std::move(content)}}; };
  EXPECT_TRUE(queue.push(text("11111"), "a"));
  EXPECT_TRUE(queue.push(text("22"), ""));
  EXPECT_TRUE(queue.push(text("3333333"), "a"));
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(queue.waiting_bytes(), 9U);
  EXPECT_EQ(queue.take().frames.at(0).text, "3333333");
  EXPECT_FALSE(queue.push(text(std::string(20, '4'))));
  const OutgoingQueue::Taken end = queue.take();
  EXPECT_TRUE(end.is_last);
  EXPECT_EQ(end.close_code, 1013);
  bool finished = false;
  queue.on_finished([&] { finished = true; });
  queue.finish();
  EXPECT_TRUE(finished);
}

TEST(RateLimiter, FillsWithTimeAndForgetsTheLeastRecentlyUsed) {
  RateLimiter limiter({.per_second = 2, .burst = 3, .max_keys = 2});
  auto now = RateLimiter::Clock::now();
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limiter.take("a", 1, now));
  EXPECT_EQ(limiter.take("a", 1, now), 1);
  EXPECT_EQ(limiter.take("a", 3, now), 2);
  now += std::chrono::milliseconds(500);
  EXPECT_FALSE(limiter.take("a", 1, now));
  EXPECT_TRUE(limiter.take("a", 1, now));
  EXPECT_FALSE(limiter.take("b", 1, now));
  EXPECT_FALSE(limiter.take("c", 1, now));
  EXPECT_EQ(limiter.key_count(), 2U);
  EXPECT_FALSE(limiter.take("a", 1, now)) << "a was forgotten";
}

}  // namespace
}  // namespace samcache::http

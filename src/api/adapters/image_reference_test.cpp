#include "api/adapters/image_reference.h"

#include <gtest/gtest.h>

namespace samcache {
namespace {

constexpr std::string_view kHost = "https://ls.example/base/";
using Urls = std::vector<std::string>;

ImageReference parsed(std::string_view text) {
  Result<ImageReference> reference = parse_image_reference(text, 7, kHost);
  EXPECT_TRUE(reference) << text << ": " << reference.error().message;
  return std::move(reference).value();
}

TEST(ImageReference, ADataUriIsThePicture) {
  const ImageReference reference = parsed("data:image/png;base64,aGVsbG8=");
  EXPECT_EQ(text_of(reference.bytes), "hello");
  EXPECT_TRUE(reference.urls.empty());
  for (const char* text : {"data:image/png,hello", "data:image/png;base64,a", "data:image/png;base64,a=b=", "data:"}) {
    const Result<ImageReference> wrong = parse_image_reference(text, 7, kHost);
    ASSERT_FALSE(wrong) << text;
    EXPECT_EQ(wrong.error().code, ErrorCode::kCorrupt) << text;
  }
}

TEST(ImageReference, WhatLabelStudioUploadedIsThereUnderEitherOfTwoPaths) {
  const Urls both = {"https://ls.example/base/data/upload/1/x.jpg",
                     "https://ls.example/base/storage-data/uploaded/?filepath=upload/1/x.jpg"};
  for (const char* text : {"/data/upload/1/x.jpg", "upload/1/x.jpg", "/upload/1/x.jpg"}) {
    EXPECT_EQ(parsed(text).urls, both) << text;
    EXPECT_EQ(parsed(text).filename, "x.jpg");
  }
}

TEST(ImageReference, WhatLabelStudioResolves) {
  EXPECT_EQ(parsed("/data/local-files/?d=folder/y.jpg").urls,
            Urls{"https://ls.example/base/data/local-files/?d=folder/y.jpg"});
  EXPECT_EQ(parsed("/data/local-files/?d=folder/y.jpg").filename, "y.jpg");
  EXPECT_EQ(parsed("s3://bucket/a b.jpg").urls,
            Urls{"https://ls.example/base/tasks/7/presign/?fileuri=s3%3A//bucket/a%20b.jpg"});
  EXPECT_EQ(parsed("https://elsewhere.example/z.jpg?x=1").urls, Urls{"https://elsewhere.example/z.jpg?x=1"});
  EXPECT_EQ(parsed("https://elsewhere.example/z.jpg?x=1").filename, "z.jpg");
}

TEST(ImageReference, WithoutLabelStudioItsReferencesAreRefused) {
  const Result<ImageReference> reference = parse_image_reference("/data/upload/1/x.jpg", 7, "");
  ASSERT_FALSE(reference);
  EXPECT_NE(reference.error().message.find("LABEL_STUDIO_URL"), std::string::npos);
}

TEST(ImageReference, NothingElseIsOne) {
  for (const char* text :
       {"", "x.jpg", "/etc/passwd", "/api/projects/", "file:///etc/passwd", "ftp://host/x", "../x"}) {
    EXPECT_FALSE(parse_image_reference(text, 7, kHost)) << text;
  }
}

}  // namespace
}  // namespace samcache

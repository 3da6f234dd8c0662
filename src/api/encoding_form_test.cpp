#include "api/encoding_form.h"

#include <gtest/gtest.h>

#include <vector>

namespace samcache {
namespace {

EncodingForm form(std::vector<http::HttpRequest::Field> headers, bool download = false) {
  return encoding_form(**http::HttpRequest::make("GET", "/api/v1/images/x/encoding", headers), download);
}

TEST(EncodingForm, IsJsonUnlessTheFileIsAskedFor) {
  EXPECT_EQ(form({}), EncodingForm::kState);
  EXPECT_EQ(form({{"Accept", "*/*"}}), EncodingForm::kState);  // curl
  EXPECT_EQ(form({{"Accept", "application/json"}}), EncodingForm::kState);
  EXPECT_EQ(form({{"Accept", "application/octet-stream"}}), EncodingForm::kFile);
  EXPECT_EQ(form({{"Accept", "application/json"}}, true), EncodingForm::kFile);
}

TEST(EncodingForm, WeightsDecide) {
  EXPECT_EQ(form({{"Accept", "application/json;q=0.5, application/octet-stream"}}), EncodingForm::kFile);
  EXPECT_EQ(form({{"Accept", "application/octet-stream;q=0.5, application/json"}}), EncodingForm::kState);
  EXPECT_EQ(form({{"Accept", "application/octet-stream, */*;q=0.1"}}), EncodingForm::kFile);
}

TEST(EncodingForm, APlainFetchGetsTheFile) {
  EXPECT_EQ(form({{"Accept", "*/*"}, {"Sec-Fetch-Mode", "cors"}}), EncodingForm::kFile);
  EXPECT_EQ(form({{"Accept", "application/json"}, {"Sec-Fetch-Mode", "cors"}}), EncodingForm::kState);
  EXPECT_EQ(form({{"Accept", "text/html,*/*;q=0.8"}, {"Sec-Fetch-Mode", "navigate"}}), EncodingForm::kState);
  EXPECT_EQ(form({{"Accept", "*/*"}, {"Sec-Fetch-Mode", "navigate"}}), EncodingForm::kState);
}

TEST(EncodingForm, NeitherIsNothing) {
  EXPECT_EQ(form({{"Accept", "image/png"}}), EncodingForm::kNone);
  EXPECT_EQ(form({{"Accept", "application/json;q=0, application/octet-stream;q=0"}}), EncodingForm::kNone);
}

}  // namespace
}  // namespace samcache

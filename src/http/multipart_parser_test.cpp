#include "http/multipart_parser.h"

#include <gtest/gtest.h>

namespace samcache::http {
namespace {

const std::string kForm =
    "preamble\r\n--b-1\r\nContent-Disposition: form-data; name=\"project\"\r\n\r\ncats\r\nand\r--b\r\n-\r\n"
    "--b-1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a%22\\\";b.png\"\r\nContent-Type: "
    "image/png\r\n\r\n"
    "\r\n--b-\r\n--b\r\n\r\n--b-1\r\ncontent-disposition: form-data; name=empty\r\n\r\n\r\n--b-1--\r\nepilogue";

MultipartLimits limits() { return {.folder = "/tmp"}; }

Result<std::unique_ptr<MultipartForm>> read_form(const std::string& text, std::size_t cut,
                                                 MultipartLimits with = limits()) {
  MultipartSink sink("b-1", std::move(with));
  for (const std::string_view piece : {std::string_view(text).substr(0, cut), std::string_view(text).substr(cut)}) {
    if (const Status status = sink.write(bytes_of(piece)); !status) return status.error();
  }
  if (const Status status = sink.finish(); !status) return status.error();
  return sink.take_form();
}

TEST(MultipartParser, GivesTheSameFormWhereverTheStreamIsCut) {
  for (std::size_t cut = 0; cut <= kForm.size(); ++cut) {
    auto read = read_form(kForm, cut);
    ASSERT_TRUE(read) << cut << ": " << read.error().message;
    MultipartForm& form = **read;
    EXPECT_EQ(form.field("project"), "cats\r\nand\r--b\r\n-") << cut;
    EXPECT_EQ(form.field("empty"), "") << cut;
    FormFile* file = form.file("file");
    ASSERT_NE(file, nullptr);
    EXPECT_EQ(file->file_name, "a\"\";b.png");
    EXPECT_EQ(file->content_type, "image/png");
    EXPECT_EQ(text_of(file->content->map().value()), "\r\n--b-\r\n--b\r\n") << cut;
  }
}

TEST(MultipartParser, RefusesEveryTruncation) {
  const std::size_t end = kForm.find("--\r\nepilogue") + 2;
  for (std::size_t size = 0; size < end; ++size) EXPECT_FALSE(read_form(kForm.substr(0, size), size / 2)) << size;
}

TEST(MultipartParser, HoldsItsLimits) {
  MultipartLimits few = limits();
  few.max_parts = 2;
  EXPECT_EQ(read_form(kForm, 0, few).error().code, ErrorCode::kTooLarge);
  MultipartLimits short_fields = limits();
  short_fields.max_field_bytes = 5;
  EXPECT_EQ(read_form(kForm, 0, short_fields).error().code, ErrorCode::kTooLarge);
  MultipartLimits small_files = limits();
  small_files.max_file_bytes = 5;
  EXPECT_EQ(read_form(kForm, 0, small_files).error().code, ErrorCode::kTooLarge);
  const std::string header = "--b-1\r\nX: " + std::string(10'000, 'x');
  EXPECT_EQ(read_form(header, 0).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(read_form(std::string(10'000, 'x'), 0).error().code, ErrorCode::kInvalidArgument);
}

TEST(MultipartParser, HoldsItsLimitsWhereverTheStreamIsCut) {
  const std::string name = "Content-Disposition: form-data; name=a";
  MultipartLimits exact = limits();
  exact.max_part_header_bytes = 2 + name.size();  // the line break after the boundary counts
  for (const bool is_over : {false, true}) {
    const std::string form =
        std::string(1022, 'x') + (is_over ? "x" : "") + "\r\n--b-1\r\n" + name + "\r\n\r\n1\r\n--b-1--";
    const std::string head = "--b-1\r\n" + name + (is_over ? " " : "") + "\r\n\r\n1\r\n--b-1--";
    for (std::size_t cut = 0; cut <= form.size(); ++cut) EXPECT_EQ(read_form(form, cut).ok(), !is_over) << cut;
    for (std::size_t cut = 0; cut <= head.size(); ++cut) EXPECT_EQ(read_form(head, cut, exact).ok(), !is_over) << cut;
  }
}

TEST(MultipartParser, RefusesPartsThatAreNotFormData) {
  const auto error_of = [](const std::string& header) {
    return read_form("--b-1\r\n" + header + "\r\n\r\nx\r\n--b-1--", 0).error().code;
  };
  EXPECT_EQ(error_of("Content-Type: text/plain"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of("Content-Disposition: attachment; name=\"a\""), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of("Content-Disposition: form-data"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of("Content-Disposition: form-data; name=\"\xff\""), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of("no colon"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of("Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64"),
            ErrorCode::kInvalidArgument);
}

TEST(MultipartBoundary, IsReadFromTheContentType) {
  EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=abc").value(), "abc");
  EXPECT_EQ(multipart_boundary("Multipart/Form-Data; charset=utf-8; boundary=\"a b;c\"").value(), "a b;c");
  EXPECT_EQ(multipart_boundary("text/plain; boundary=abc").error().code, ErrorCode::kUnsupported);
  EXPECT_FALSE(multipart_boundary("multipart/form-data"));
  EXPECT_FALSE(multipart_boundary("multipart/form-data; boundary=" + std::string(71, 'a')));
}

}  // namespace
}  // namespace samcache::http

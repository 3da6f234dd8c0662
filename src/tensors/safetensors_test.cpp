#include "tensors/safetensors.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <numeric>
#include <sstream>

#include "tensors/safetensors_header.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;

const SafetensorsLimits kLimits = SafetensorsLimits::for_checkpoints();

Tensor tensor_of(const std::string& name, DType dtype, std::vector<std::int64_t> shape, unsigned seed = 1) {
  const std::uint64_t size = tensor_size_bytes(dtype, shape).value();
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = std::byte{static_cast<unsigned char>(i * 7 + seed)};
  return {name, dtype, std::move(shape), SharedBytes(std::move(bytes))};
}

std::vector<Tensor> mixed_tensors() {
  return {tensor_of("odd", DType::kU8, {3}, 1),
          tensor_of("wide", DType::kI64, {5}, 2),
          tensor_of("lines", DType::kBF16, {2, 32}, 3),
          tensor_of("none", DType::kF32, {0, 7}, 4),
          tensor_of("scalar", DType::kF32, {}, 5),
          tensor_of("packed", DType::kF4, {2, 3}, 6),
          tensor_of("h\xC3\xA9 \"x\"\n", DType::kF16, {3}, 7),
          tensor_of("complex", DType::kC64, {2}, 8)};
}

const SafetensorsMetadata kMetadata = {{"format", "pt"}, {"note", "quotes \" and \\ and \xE2\x82\xAC\n"}};

std::string content_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

class SafetensorsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(::testing::TempDir()) / ("samcache_safetensors_" + std::string(info->name()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path folder_;
};

TEST_F(SafetensorsTest, WhatIsWrittenIsReadBack) {
  const fs::path path = folder_ / "mixed.safetensors";
  const std::vector<Tensor> tensors = mixed_tensors();
  const Status written = write_safetensors(path, tensors, kMetadata);
  ASSERT_TRUE(written) << written.error().message;

  const Result<SafetensorsFile> file = SafetensorsFile::open(path, kLimits);
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_EQ(file->tensors().size(), tensors.size());
  for (const Tensor& tensor : tensors) {
    const Tensor* found = file->find(tensor.name);
    ASSERT_NE(found, nullptr) << tensor.name;
    EXPECT_EQ(found->dtype, tensor.dtype) << tensor.name;
    EXPECT_EQ(found->shape, tensor.shape) << tensor.name;
    EXPECT_EQ(text_of(found->data), text_of(tensor.data)) << tensor.name;
  }
  EXPECT_EQ(file->find("absent"), nullptr);
  EXPECT_EQ(file->metadata().size(), kMetadata.size() + 1);
  EXPECT_EQ(file->metadata().at("note"), kMetadata.at("note"));
  EXPECT_TRUE(file->verify_digest());
}

TEST_F(SafetensorsTest, DataStartsAtAPageAndTensorsAtTheirAlignment) {
  const fs::path path = folder_ / "mixed.safetensors";
  ASSERT_TRUE(write_safetensors(path, mixed_tensors(), kMetadata));
  const Result<SafetensorsFile> file = SafetensorsFile::open(path, kLimits);
  ASSERT_TRUE(file);
  EXPECT_EQ((8 + file->header_size_bytes()) % 4096, 0U);
  for (const Tensor& tensor : file->tensors()) {
    const std::size_t alignment = tensor.data.size() % 64 == 0 ? 64 : dtype_alignment(tensor.dtype);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.data.data()) % alignment, 0U) << tensor.name;
  }
}

TEST_F(SafetensorsTest, FileAndMemoryGiveTheSameBytesWhateverThePieces) {
  const std::vector<Tensor> tensors = {tensor_of("a", DType::kF32, {64, 1000}), tensor_of("b", DType::kBF16, {31})};
  const Result<std::vector<std::byte>> memory = serialize_safetensors(tensors, kMetadata);
  ASSERT_TRUE(memory);
  ASSERT_TRUE(write_safetensors(folder_ / "whole", tensors, kMetadata));
  EXPECT_EQ(content_of(folder_ / "whole"), text_of(*memory));

  Result<SafetensorsWriter> writer = SafetensorsWriter::create(
      folder_ / "pieces", {{"a", DType::kF32, {64, 1000}}, {"b", DType::kBF16, {31}}}, kMetadata);
  ASSERT_TRUE(writer);
  const std::string data = std::string(text_of(tensors[0].data)) + std::string(text_of(tensors[1].data));
  for (std::size_t at = 0; at < data.size(); at += 1013) {
    ASSERT_TRUE(writer->append(bytes_of(std::string_view(data).substr(at, 1013))));
  }
  EXPECT_FALSE(fs::exists(folder_ / "pieces"));
  ASSERT_TRUE(writer->commit());
  EXPECT_EQ(content_of(folder_ / "pieces"), text_of(*memory));
}

TEST_F(SafetensorsTest, ADamagedByteFailsTheDigest) {
  const Result<std::vector<std::byte>> good = serialize_safetensors({tensor_of("a", DType::kF32, {100})}, {});
  ASSERT_TRUE(good);
  for (const std::size_t from_end : {1U, 200U, 400U}) {
    std::vector<std::byte> bad = *good;
    bad[bad.size() - from_end] ^= std::byte{0x10};
    const Result<SafetensorsFile> file = SafetensorsFile::parse(SharedBytes(std::move(bad)), kLimits, "bad");
    ASSERT_TRUE(file);
    const Status status = file->verify_digest();
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kCorrupt);
  }
}

TEST_F(SafetensorsTest, AMissingOrUnknownDigestIsToldApart) {
  const auto digest_error = [](const std::string& header) {
    std::string file(8, '\0');
    file[0] = static_cast<char>(header.size());
    const Result<SafetensorsFile> parsed =
        SafetensorsFile::parse(SharedBytes::copy_of(bytes_of(file + header)), kLimits, "x");
    return parsed.value().verify_digest().error().code;
  };
  EXPECT_EQ(digest_error("{}"), ErrorCode::kNotFound);
  EXPECT_EQ(digest_error(R"({"__metadata__":{"digest":"sha256:00"}})"), ErrorCode::kUnsupported);
  EXPECT_EQ(digest_error(R"({"__metadata__":{"digest":"xxh3-128:00"}})"), ErrorCode::kUnsupported);
  EXPECT_EQ(digest_error(R"({"__metadata__":{"digest":"xxh3-128:00000000000000000000000000000000"}})"),
            ErrorCode::kCorrupt);
}

TEST_F(SafetensorsTest, WriterRefusesWhatNoReaderCouldLoad) {
  const auto refusal = [&](const std::vector<TensorSpec>& specs, const SafetensorsMetadata& metadata = {}) {
    const Result<SafetensorsWriter> writer = SafetensorsWriter::create(folder_ / "bad", specs, metadata);
    return writer ? std::string("accepted") : writer.error().message;
  };
  EXPECT_NE(refusal({{"a", DType::kU8, {1}}, {"a", DType::kU8, {1}}}).find("two tensors"), std::string::npos);
  EXPECT_NE(refusal({{"__metadata__", DType::kU8, {1}}}).find("must not be called"), std::string::npos);
  EXPECT_NE(refusal({{"", DType::kU8, {1}}}).find("must not be called"), std::string::npos);
  EXPECT_NE(refusal({{"\xFF", DType::kU8, {1}}}).find("UTF-8"), std::string::npos);
  EXPECT_NE(refusal({{"a", DType::kU8, {-1}}}).find("overflows"), std::string::npos);
  EXPECT_NE(refusal({{"a", DType::kF64, {1LL << 61}}}).find("overflows"), std::string::npos);
  EXPECT_NE(refusal({{"a", DType::kU8, {1}}, {"b", DType::kF32, {1}}}).find("aligned_order"), std::string::npos);
  EXPECT_NE(refusal({}, {{"digest", "mine"}}).find("digest"), std::string::npos);
  EXPECT_NE(refusal({}, {{"k", "\xC0\x80"}}).find("UTF-8"), std::string::npos);
  EXPECT_TRUE(fs::is_empty(folder_)) << "nothing is left behind";
}

TEST_F(SafetensorsTest, WriterMisuseThrowsAndPublishesNothing) {
  {
    Result<SafetensorsWriter> writer = SafetensorsWriter::create(folder_ / "f", {{"a", DType::kU8, {4}}}, {});
    ASSERT_TRUE(writer && writer->append(bytes_of("abc")));
    EXPECT_THROW((void)writer->commit(), std::logic_error);
    EXPECT_THROW((void)writer->append(bytes_of("de")), std::logic_error);
  }
  EXPECT_TRUE(fs::is_empty(folder_));
  Tensor torn = tensor_of("a", DType::kF32, {4});
  torn.data = torn.data.slice(0, 12);
  EXPECT_THROW((void)serialize_safetensors({torn}, {}), std::logic_error);
}

TEST(AlignedOrder, PutsWholeCacheLinesFirstThenLargeElements) {
  const std::vector<TensorSpec> ordered = aligned_order({{"u8", DType::kU8, {3}},
                                                         {"f4", DType::kF4, {2}},
                                                         {"bf16 lines", DType::kBF16, {32}},
                                                         {"f32", DType::kF32, {3}},
                                                         {"u8 lines", DType::kU8, {64}},
                                                         {"f64", DType::kF64, {1}}});
  std::vector<std::string> names;
  for (const TensorSpec& spec : ordered) names.push_back(spec.name);
  EXPECT_EQ(names, (std::vector<std::string>{"bf16 lines", "u8 lines", "f64", "f32", "u8", "f4"}));
}

// Both files were written by Hugging Face's library.
TEST(HuggingFaceFiles, TheGoldensAreRead) {
  const fs::path path = fs::path(SAMCACHE_TEST_DATA) / "golden" / "golden_tiny.safetensors";
  const Result<SafetensorsFile> file = SafetensorsFile::open(path, kLimits);
  ASSERT_TRUE(file) << file.error().message;
  const Tensor* positions = file->find("const/abs_pos");
  ASSERT_NE(positions, nullptr);
  EXPECT_EQ(positions->dtype, DType::kF32);
  EXPECT_EQ(positions->shape, (std::vector<std::int64_t>{1, 12, 12, 64}));
  const Status digest = file->verify_digest();
  ASSERT_FALSE(digest);
  EXPECT_EQ(digest.error().code, ErrorCode::kNotFound);
}

TEST(HuggingFaceFiles, TheCheckpointIsReadAndItsNumbersAreSane) {
  const fs::path path = fs::path(SAMCACHE_TEST_DATA) / "tiny_hf" / "model.safetensors";
  const Result<SafetensorsFile> file = SafetensorsFile::open(path, kLimits);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->tensors().size(), 707U);
  for (const Tensor& tensor : file->tensors()) {
    ASSERT_EQ(file->find(tensor.name), &tensor);
    if (tensor.dtype != DType::kF32) continue;
    for (std::size_t i = 0; i < tensor.data.size(); i += sizeof(float)) {
      float value = 0;
      std::memcpy(&value, tensor.data.data() + i, sizeof(value));
      ASSERT_LT(std::abs(value), 1000.0F) << tensor.name;
    }
  }
}

TEST(HuggingFaceFiles, HeadersInAnyOrderAndWithEscapesAreRead) {
  const std::string header =
      R"({"b":{"data_offsets":[4,8],"dtype":"F32","shape":[]},"empty":{"shape":[0],"dtype":"U8","data_offsets":[4,4]},)"
      R"("\u00e9":{"shape":[2,2],"dtype":"U8","data_offsets":[0,4]},"__metadata__":{"format":"pt"}})"
      " \t\r\n ";
  std::string file(8, '\0');
  file[0] = static_cast<char>(header.size() & 0xFF);
  file[1] = static_cast<char>(header.size() >> 8);
  const Result<SafetensorsFile> parsed =
      SafetensorsFile::parse(SharedBytes::copy_of(bytes_of(file + header + "12345678")), kLimits, "x");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->tensors()[0].name, "\xC3\xA9");
  EXPECT_EQ(text_of(parsed->find("b")->data), "5678");
  EXPECT_EQ(parsed->metadata().at("format"), "pt");
}

// The rules of the other side, restated in Python (safetensors_rules.py), judge what the writer makes.
TEST_F(SafetensorsTest, FilesMeetTheRulesOfHuggingFacesReader) {
  if (std::system("python3 -c ''") != 0) GTEST_SKIP() << "python3 is not installed";
  const fs::path path = folder_ / "mixed.safetensors";
  const std::vector<Tensor> tensors = mixed_tensors();
  ASSERT_TRUE(write_safetensors(path, tensors, kMetadata));
  const fs::path listing = folder_ / "listing";
  const std::string command = "PYTHONIOENCODING=utf-8 python3 '" SAMCACHE_SAFETENSORS_RULES "' '" + path.string() +
                              "' > '" + listing.string() + "'";
  ASSERT_EQ(std::system(command.c_str()), 0);

  const std::string listed = content_of(listing);
  for (const Tensor& tensor : tensors) {
    std::string shape;
    for (const std::int64_t dimension : tensor.shape)
      shape.append(shape.empty() ? "" : "x").append(std::to_string(dimension));
    const std::uint64_t sum =
        std::accumulate(tensor.data.span().begin(), tensor.data.span().end(), std::uint64_t{0},
                        [](std::uint64_t s, std::byte b) { return s + std::to_integer<unsigned>(b); });
    const std::string line =
        tensor.name + " " + std::string(dtype_name(tensor.dtype)) + " " + shape + " " + std::to_string(sum) + "\n";
    EXPECT_NE(listed.find(line), std::string::npos) << line << "is not in\n" << listed;
  }
}

}  // namespace
}  // namespace samcache

#include "tensors/encoding_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <random>

#include "base/hashing.h"
#include "tensors/safetensors.h"

namespace samcache {
namespace {

namespace fs = std::filesystem;

Tensor tensor_of(const std::string& name, std::vector<std::int64_t> shape, DType dtype = DType::kBF16) {
  std::vector<std::byte> bytes(tensor_size_bytes(dtype, shape).value());
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::byte{static_cast<unsigned char>(i * 31 + name.size())};
  return {name, dtype, std::move(shape), SharedBytes(std::move(bytes))};
}

EncodingMetadata metadata_for(Profile profile) {
  return {.image_sha256 = std::string(64, 'a'),
          .image_id = "7f0c9a4e-0000-4000-8000-000000000001",
          .model = "facebook/sam3",
          .model_fingerprint = "0123456789abcdef0123456789abcdef",
          .preprocess = "1",
          .profile = profile,
          .original_height = 427,
          .original_width = 640,
          .created_at = "2025-01-31T23:59:59Z"};
}

Encoding encoding_of(Profile profile) {
  const std::vector<std::string>& names = profile_tensor_names(profile);
  if (profile == Profile::kTrunk) return {metadata_for(profile), {tensor_of(names[0], {1, 6, 3, 3})}};
  const bool is_interactive = profile == Profile::kInteractive;
  return {metadata_for(profile),
          {tensor_of(names[0], {1, is_interactive ? 1 : 4, 12, 12}),
           tensor_of(names[1], {1, is_interactive ? 2 : 4, 6, 6}), tensor_of(names[2], {1, 4, 3, 3})}};
}

void expect_same(const Encoding& a, const Encoding& b) {
  EXPECT_EQ(a.metadata.image_sha256, b.metadata.image_sha256);
  EXPECT_EQ(a.metadata.image_id, b.metadata.image_id);
  EXPECT_EQ(a.metadata.model, b.metadata.model);
  EXPECT_EQ(a.metadata.model_fingerprint, b.metadata.model_fingerprint);
  EXPECT_EQ(a.metadata.preprocess, b.metadata.preprocess);
  EXPECT_EQ(a.metadata.profile, b.metadata.profile);
  EXPECT_EQ(a.metadata.original_height, b.metadata.original_height);
  EXPECT_EQ(a.metadata.original_width, b.metadata.original_width);
  EXPECT_EQ(a.metadata.created_at, b.metadata.created_at);
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (std::size_t i = 0; i < a.tensors.size(); ++i) {
    EXPECT_EQ(a.tensors[i].name, b.tensors[i].name);
    EXPECT_EQ(a.tensors[i].dtype, b.tensors[i].dtype);
    EXPECT_EQ(a.tensors[i].shape, b.tensors[i].shape);
    EXPECT_EQ(text_of(a.tensors[i].data), text_of(b.tensors[i].data));
  }
}

class EncodingFileTest : public ::testing::TestWithParam<Profile> {
 protected:
  void TearDown() override { fs::remove_all(folder_); }
  const fs::path folder_ = fs::path(::testing::TempDir()) / "samcache_encoding_file";
};

TEST_P(EncodingFileTest, WhatIsWrittenIsReadBack) {
  const Encoding encoding = encoding_of(GetParam());
  const fs::path path = folder_ / "image.safetensors";
  const Status written = write_encoding(path, encoding);
  ASSERT_TRUE(written) << written.error().message;
  const Result<Encoding> read = read_encoding(path);
  ASSERT_TRUE(read) << read.error().message;
  expect_same(*read, encoding);
  EXPECT_EQ(read->size_bytes(), encoding.size_bytes());
  EXPECT_NE(read->find(profile_tensor_names(GetParam())[0]), nullptr);
  EXPECT_EQ(read->find("absent"), nullptr);

  const Result<std::vector<std::byte>> serialized = serialize_encoding(encoding);
  ASSERT_TRUE(serialized);
  std::ifstream file(path, std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), text_of(*serialized));
}

TEST_P(EncodingFileTest, CarriesTheMetadataOfTheContract) {
  const Result<std::vector<std::byte>> bytes = serialize_encoding(encoding_of(GetParam()));
  const Result<SafetensorsFile> file =
      SafetensorsFile::parse(SharedBytes(*bytes), SafetensorsLimits::for_encodings(), "x");
  ASSERT_TRUE(file);
  const SafetensorsMetadata& metadata = file->metadata();
  EXPECT_EQ(metadata.at("format"), "samcache.encoding");
  EXPECT_EQ(metadata.at("version"), "1");
  EXPECT_EQ(metadata.at("profile"), profile_name(GetParam()));
  EXPECT_EQ(metadata.at("original_height"), "427");
  EXPECT_EQ(metadata.at("original_width"), "640");
  for (const char* key : {"image_sha256", "image_id", "model", "model_fingerprint", "preprocess", "created_at"}) {
    EXPECT_TRUE(metadata.contains(key)) << key;
  }
  EXPECT_EQ(metadata.at("digest"), xxh3_digest(file->data()));
  EXPECT_EQ(metadata.at("chunk_digests"), xxh3_hex64(file->data()));
  std::string header(text_of(ByteSpan(*bytes).first(bytes->size() - file->data().size())));
  const std::string header_digest = metadata.at("header_digest");
  header.replace(header.find(header_digest) + kXxh3DigestPrefix.size(), 32, 32, '0');
  EXPECT_EQ(header_digest, xxh3_digest(bytes_of(header)));
  EXPECT_EQ((8 + file->header_size_bytes()) % 4096, 0U);
}

// Also where nothing is read: in the padding, in the name of an optional key, in a digest that is not checked.
TEST_P(EncodingFileTest, EveryFlippedBitShows) {
  std::vector<std::byte> file = *serialize_encoding(encoding_of(GetParam()));
  const SharedBytes view(nullptr, file);
  ASSERT_TRUE(check_encoding_file(view, "good"));
  for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
    file[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_FALSE(check_encoding_file(view, "flipped")) << "bit " << bit;
    file[bit / 8] ^= std::byte{1} << (bit % 8);
  }
}

// Runs of other bytes, pieces moved and pieces zeroed, as bad memory, bad disks and torn writes leave them.
TEST_P(EncodingFileTest, EveryOtherDamageShows) {
  const std::vector<std::byte> good = *serialize_encoding(encoding_of(GetParam()));
  std::mt19937 random(1);
  for (int i = 0; i < 4'000; ++i) {
    std::vector<std::byte> bad = good;
    const std::size_t begin = random() % bad.size();
    const std::size_t length = 1 + random() % std::min<std::size_t>(bad.size() - begin, 1U << (random() % 13));
    const auto first = bad.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto last = first + static_cast<std::ptrdiff_t>(length);
    switch (random() % 4) {
      case 0: std::fill(first, last, std::byte{0}); break;
      case 1: std::fill(first, last, std::byte{' '}); break;
      case 2: std::rotate(first, first + static_cast<std::ptrdiff_t>(length / 2), last); break;
      default: std::generate(first, last, [&] { return std::byte{static_cast<unsigned char>(random())}; });
    }
    if (bad == good) continue;
    EXPECT_FALSE(check_encoding_file(SharedBytes(std::move(bad)), "damaged")) << begin << " + " << length;
  }
}

TEST_P(EncodingFileTest, EveryTruncationIsRefused) {
  const Result<std::vector<std::byte>> good = serialize_encoding(encoding_of(GetParam()));
  ASSERT_TRUE(good);
  for (std::size_t size = 0; size < good->size(); ++size) {
    EXPECT_FALSE(parse_encoding(SharedBytes::copy_of(ByteSpan(*good).first(size)), "truncated")) << size;
  }
}

TEST_P(EncodingFileTest, VerifiedBytesAreParsedToTheSameWithoutALookAtTheData) {
  const Encoding encoding = encoding_of(GetParam());
  std::vector<std::byte> file = *serialize_encoding(encoding);
  const SharedBytes view(nullptr, file);
  const Result<Encoding> parsed = parse_verified_encoding(view, "x");
  ASSERT_TRUE(parsed) << parsed.error().message;
  expect_same(*parsed, encoding);
  file.back() ^= std::byte{1};
  EXPECT_TRUE(parse_verified_encoding(view, "x"));
  EXPECT_EQ(parse_encoding(view, "x").error().code, ErrorCode::kCorrupt);
  file[4000] = std::byte{'\t'};  // the header is looked at all the same
  EXPECT_EQ(parse_verified_encoding(view, "x").error().code, ErrorCode::kCorrupt);
}

INSTANTIATE_TEST_SUITE_P(Profiles, EncodingFileTest,
                         ::testing::Values(Profile::kTrunk, Profile::kInteractive, Profile::kDetector),
                         [](const auto& profile) { return std::string(profile_name(profile.param)); });

TEST(LargeEncoding, FlippedBitsShowAndNameTheirChunk) {
  const Encoding encoding{metadata_for(Profile::kTrunk), {tensor_of("trunk", {1, 1024, 72, 65})}};  // 9.14 MiB
  std::vector<std::byte> file = *serialize_encoding(encoding);
  const std::size_t data_begin = file.size() - encoding.size_bytes();
  const SharedBytes view(nullptr, file);
  ASSERT_TRUE(check_encoding_file(view, "good"));
  std::mt19937_64 random(7);
  for (int i = 0; i < 100; ++i) {
    const std::size_t bit = random() % (file.size() * 8);
    file[bit / 8] ^= std::byte{1} << (bit % 8);
    const Status status = check_encoding_file(view, "flipped");
    file[bit / 8] ^= std::byte{1} << (bit % 8);
    ASSERT_FALSE(status) << "bit " << bit;
    if (bit / 8 < data_begin) continue;
    const std::string chunk = std::to_string((bit / 8 - data_begin) / kDigestChunkBytes);
    EXPECT_EQ(status.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(status.error().message.find("flipped: chunk " + chunk + " of 0..2, bytes "), std::string::npos)
        << status.error().message;
  }
}

// Serializes a trunk encoding with other metadata or tensors than this library would write.
Result<Encoding> parse_foreign(const SafetensorsMetadata& changes, const std::vector<Tensor>& tensors) {
  SafetensorsMetadata metadata = {{"format", "samcache.encoding"},
                                  {"version", "1"},
                                  {"image_sha256", std::string(64, 'a')},
                                  {"model", "m"},
                                  {"model_fingerprint", "f"},
                                  {"preprocess", "1"},
                                  {"profile", "trunk"},
                                  {"original_height", "427"},
                                  {"original_width", "640"},
                                  {"created_at", "2025-01-31T23:59:59Z"}};
  for (const auto& [key, value] : changes) {
    value == "(absent)" ? (void)metadata.erase(key) : (void)metadata.insert_or_assign(key, value);
  }
  return parse_encoding(SharedBytes(*serialize_safetensors(tensors, metadata)), "foreign");
}

const std::vector<Tensor> kTrunk = {tensor_of("trunk", {1, 6, 3, 3})};

TEST(ForeignEncoding, IsAcceptedWithoutTheOptionalKeysAndWithUnknownOnes) {
  const Result<Encoding> read = parse_foreign({{"made_by", "a script"}}, kTrunk);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->metadata.image_id, "");
}

// What files had before there were chunk digests.
TEST(ForeignEncoding, AMetadataDigestOfTheOlderFormIsChecked) {
  const std::string text =
      "10:created_at,20:2025-01-31T23:59:59Z,6:format,17:samcache.encoding,12:image_sha256,64:" + std::string(64, 'a') +
      ",5:model,1:m,17:model_fingerprint,1:f,15:original_height,3:427,14:original_width,3:640,10:preprocess,1:1,"
      "7:profile,5:trunk,7:version,1:1,5:trunk,4:BF16,12:[1, 6, 3, 3],";
  const std::string digest = xxh3_digest(bytes_of(text));
  const Result<Encoding> read = parse_foreign({{"metadata_digest", digest}}, kTrunk);
  EXPECT_TRUE(read) << read.error().message;
  const Result<Encoding> changed = parse_foreign({{"metadata_digest", digest}, {"original_width", "641"}}, kTrunk);
  ASSERT_FALSE(changed);
  EXPECT_NE(changed.error().message.find("metadata does not match its digest"), std::string::npos);
}

TEST(ForeignEncoding, ChunkDigestsCountOnlyTogetherWithAHeaderDigest) {
  const Result<Encoding> read = parse_foreign({{"chunk_digests", xxh3_hex64(kTrunk[0].data)}}, kTrunk);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("no header_digest"), std::string::npos) << read.error().message;
}

TEST(ForeignEncoding, BadMetadataIsRefusedByName) {
  const std::vector<std::pair<std::string, std::string>> bad = {{"format", "(absent)"},
                                                                {"format", "pt"},
                                                                {"version", "2"},
                                                                {"version", "(absent)"},
                                                                {"profile", "(absent)"},
                                                                {"profile", "Trunk"},
                                                                {"profile", "trunk,detector"},
                                                                {"image_sha256", "(absent)"},
                                                                {"image_sha256", std::string(63, 'a')},
                                                                {"image_sha256", std::string(64, 'A')},
                                                                {"model", "(absent)"},
                                                                {"model", "a\nb"},
                                                                {"model", std::string(257, 'm')},
                                                                {"model_fingerprint", ""},
                                                                {"preprocess", "(absent)"},
                                                                {"original_height", "(absent)"},
                                                                {"original_height", "0"},
                                                                {"original_height", "-1"},
                                                                {"original_height", "65536"},
                                                                {"original_height", "427.0"},
                                                                {"original_height", "0427"},
                                                                {"original_width", "+640"},
                                                                {"original_width", " 640"},
                                                                {"original_width", "99999999999999999999"},
                                                                {"created_at", "yesterday"},
                                                                {"created_at", "(absent)"},
                                                                {"metadata_digest", "xxh3-128:00"},
                                                                {"header_digest", "xxh3-128:00"},
                                                                {"header_digest", ""},
                                                                {"chunk_digests", ""}};
  for (const auto& [key, value] : bad) {
    const Result<Encoding> read = parse_foreign({{key, value}}, kTrunk);
    ASSERT_FALSE(read) << key << "=" << value;
    const bool is_unsupported = key == "format" || key == "version";
    EXPECT_EQ(read.error().code, is_unsupported ? ErrorCode::kUnsupported : ErrorCode::kCorrupt) << key << "=" << value;
    EXPECT_EQ(read.error().message.rfind("foreign: ", 0), 0U) << read.error().message;
  }
}

TEST(ForeignEncoding, TensorsThatDoNotFitTheProfileAreRefused) {
  const std::vector<std::vector<Tensor>> bad = {{},
                                                {tensor_of("backbone", {1, 6, 3, 3})},
                                                {tensor_of("trunk", {1, 6, 3, 3}), tensor_of("more", {1, 6, 3, 3})},
                                                {tensor_of("trunk", {6, 3, 3})},
                                                {tensor_of("trunk", {2, 6, 3, 3})},
                                                {tensor_of("trunk", {1, 0, 3, 3})},
                                                {tensor_of("trunk", {1, 6, 3, 3}, DType::kI32)},
                                                {tensor_of("trunk", {1, 6, 3, 3}, DType::kF64)},
                                                {tensor_of("trunk", {1, 1, 1, 65537})}};
  for (const std::vector<Tensor>& tensors : bad) {
    const Result<Encoding> read = parse_foreign({}, tensors);
    ASSERT_FALSE(read) << (tensors.empty() ? "none" : shape_text(tensors[0].shape));
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  }
}

TEST(ForeignEncoding, LevelsMustHalve) {
  const auto levels = [](std::int64_t c0, std::int64_t h0, std::int64_t h1) {
    return std::vector<Tensor>{tensor_of("backbone_fpn_0", {1, c0, h0, 12}), tensor_of("backbone_fpn_1", {1, 4, h1, 6}),
                               tensor_of("backbone_fpn_2", {1, 4, 3, 3})};
  };
  const SafetensorsMetadata detector = {{"profile", "detector"}};
  EXPECT_TRUE(parse_foreign(detector, levels(4, 12, 6)));
  EXPECT_FALSE(parse_foreign(detector, levels(4, 6, 6)));
  EXPECT_FALSE(parse_foreign(detector, levels(4, 12, 3)));
  EXPECT_FALSE(parse_foreign(detector, levels(2, 12, 6))) << "the levels of a detector share their width";
  EXPECT_FALSE(parse_foreign({}, levels(4, 12, 6))) << "named a trunk";
}

TEST(ForeignEncoding, AnotherSafetensorsFileIsNoEncoding) {
  const Result<Encoding> read = read_encoding(fs::path(SAMCACHE_TEST_DATA) / "golden" / "golden_tiny.safetensors");
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().code, ErrorCode::kNotFound);
  const Result<Encoding> missing = read_encoding("/nonexistent/encoding.safetensors");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
}

TEST(ForeignEncoding, WithoutADigestIsRefused) {
  const std::vector<std::byte> good = *serialize_encoding(encoding_of(Profile::kTrunk));
  std::string text(text_of(good));
  for (const std::string key : {"\"digest\"", "\"chunk_digests\"", "\"header_digest\""}) {
    std::string renamed = key;
    std::swap(renamed[renamed.size() - 3], renamed[renamed.size() - 4]);
    text.replace(text.find(key), key.size(), renamed);
  }
  const Result<Encoding> read = parse_encoding(SharedBytes::copy_of(bytes_of(text)), "x");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(read.error().message.find("digest"), std::string::npos) << read.error().message;
}

TEST(WriteEncoding, RefusesWhatItWouldNotReadBack) {
  const fs::path path = fs::path(::testing::TempDir()) / "samcache_never_written.safetensors";
  Encoding no_size = encoding_of(Profile::kTrunk);
  no_size.metadata.original_width = 0;
  Encoding wrong_profile = encoding_of(Profile::kTrunk);
  wrong_profile.metadata.profile = Profile::kDetector;
  Encoding torn = encoding_of(Profile::kTrunk);
  torn.tensors[0].data = torn.tensors[0].data.slice(0, 10);
  for (const Encoding& bad : {no_size, wrong_profile, torn}) {
    const Status status = write_encoding(path, bad);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kInvalidArgument);
    EXPECT_FALSE(serialize_encoding(bad));
    EXPECT_FALSE(fs::exists(path));
  }
}

TEST(ReadEncoding, AHugeSparseFileIsRefusedUnread) {
  const fs::path path = fs::path(::testing::TempDir()) / "samcache_sparse.safetensors";
  std::ofstream(path) << "x";
  fs::resize_file(path, std::uintmax_t{1} << 36);
  const Result<Encoding> read = read_encoding(path);
  fs::remove(path);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kTooLarge);
}

TEST(Profiles, ParseByName) {
  EXPECT_EQ(*parse_profile("interactive"), Profile::kInteractive);
  EXPECT_FALSE(parse_profile("Interactive"));
  EXPECT_EQ(*parse_profiles("trunk,interactive"), (std::vector<Profile>{Profile::kTrunk, Profile::kInteractive}));
  for (const char* text : {"", ",", "trunk,", ",trunk", "trunk,trunk", "trunk detector", "all"}) {
    const Result<std::vector<Profile>> profiles = parse_profiles(text);
    ASSERT_FALSE(profiles) << text;
    EXPECT_EQ(profiles.error().code, ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace samcache

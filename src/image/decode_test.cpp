#include "image/decode.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <thread>

#include "image/encode.h"

namespace samcache {
namespace {

using Pixel = std::array<int, 3>;
using Picture = std::function<Pixel(int x, int y)>;

const std::string kImages = SAMCACHE_TEST_DATA "/images/";

// What tests/data/images/make_images.py draws.
constexpr int kWidth = 40;
constexpr int kHeight = 24;
constexpr std::uint64_t kPixels = 960;
Pixel rgb_picture(int x, int y) { return {6 * x, 10 * y, x * y % 256}; }
Pixel grey_picture(int x, int) { return {6 * x, 6 * x, 6 * x}; }
Pixel bilevel_picture(int x, int y) { return (x + y) % 3 == 0 ? Pixel{255, 255, 255} : Pixel{0, 0, 0}; }
Pixel palette_picture(int x, int y) {
  constexpr Pixel kColours[] = {{10, 20, 30}, {40, 50, 60}, {70, 80, 90}, {255, 128, 0}};
  return kColours[(x + y) % 4];
}

std::vector<std::byte> file_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

Pixel pixel_at(const RgbImage& image, int x, int y) {
  const std::size_t at = (static_cast<std::size_t>(y) * image.width + x) * 3;
  return {image.pixels[at], image.pixels[at + 1], image.pixels[at + 2]};
}

RgbImage must_decode(const std::string& file) {
  Result<DecodedImage> image = decode_image_file(kImages + file);
  EXPECT_TRUE(image.ok()) << image.error().message;
  return image.ok() ? image->rgb : RgbImage{};
}

struct LosslessCase {
  const char* file;
  const char* format;
  Picture picture;
};

TEST(Decode, GivesTheVeryPixelsOfLosslessFiles) {
  const LosslessCase cases[] = {
      {"rgb.png", "png", rgb_picture},
      {"rgba.png", "png", rgb_picture},  // also where it is transparent
      {"rgb16.png", "png", rgb_picture},
      {"grey.png", "png", grey_picture},
      {"grey_alpha.png", "png", grey_picture},
      {"grey16.png", "png", grey_picture},
      {"grey1.png", "png", bilevel_picture},
      {"palette.png", "png", palette_picture},
      {"palette_transparent.png", "png", palette_picture},
      {"frames.gif", "gif", palette_picture},
      {"rgb.webp", "webp", rgb_picture},
      {"rgb.tif", "tiff", rgb_picture},
      {"pages.tif", "tiff", grey_picture},
      {"grey16.tif", "tiff", grey_picture},
      {"bilevel.tif", "tiff", bilevel_picture},
  };
  for (const LosslessCase& c : cases) {
    SCOPED_TRACE(c.file);
    const Result<DecodedImage> image = decode_image_file(kImages + c.file);
    ASSERT_TRUE(image.ok()) << image.error().message;
    EXPECT_EQ(image->format, c.format);
    EXPECT_EQ(image->sha256.size(), 64U);
    ASSERT_EQ(image->rgb.width, kWidth);
    ASSERT_EQ(image->rgb.height, kHeight);
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) ASSERT_EQ(pixel_at(image->rgb, x, y), c.picture(x, y)) << x << "," << y;
    }
  }
}

// The expected files are what Pillow's convert("RGB") gave.
TEST(Decode, GivesPillowsPixelsOfLossyAndCmykFiles) {
  for (const std::string file : {"photo.jpg", "progressive.jpg", "grey.jpg", "cmyk.jpg", "cmyk.tif", "photo.webp"}) {
    SCOPED_TRACE(file);
    EXPECT_EQ(must_decode(file).pixels, must_decode(file + ".expected.png").pixels);
  }
}

TEST(Decode, ReadsHeicAndAvif) {
  for (const auto& [file, format] : {std::pair{"photo.heic", "heic"}, std::pair{"photo.avif", "avif"}}) {
    SCOPED_TRACE(file);
    const Result<DecodedImage> image = decode_image_file(kImages + file);
    if (!image && image.error().message.find("not an image this build reads") != std::string::npos) {
      GTEST_SKIP() << "this libvips has no " << format;
    }
    ASSERT_TRUE(image.ok()) << image.error().message;
    EXPECT_EQ(image->format, format);
    ASSERT_EQ(image->rgb.width, 64);
    ASSERT_EQ(image->rgb.height, 48);
    // The picture of the lossy files, 1.6 and 2 times as large.
    const Pixel middle = pixel_at(image->rgb, 32, 24);
    EXPECT_NEAR(middle[0], 6 * 20, 12);
    EXPECT_NEAR(middle[1], 10 * 12, 12);
    EXPECT_NEAR(middle[2], 3 * 20 + 5 * 12, 12);
  }
}

// Sets the orientation in the EXIF block of oriented.jpg.
std::vector<std::byte> oriented_jpeg(int orientation) {
  std::vector<std::byte> bytes = file_bytes(kImages + "oriented.jpg");
  const std::string entry("\x01\x12\x00\x03\x00\x00\x00\x01\x00", 9);
  const std::string little_entry("\x12\x01\x03\x00\x01\x00\x00\x00", 8);
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (const auto at = text.find(entry); at != std::string::npos) {
    bytes[at + 9] = static_cast<std::byte>(orientation);
  } else {
    const auto little_at = text.find(little_entry);
    EXPECT_NE(little_at, std::string::npos);
    bytes[little_at + 8] = static_cast<std::byte>(orientation);
  }
  return bytes;
}

TEST(Decode, AppliesTheEightExifOrientations) {
  const RgbImage stored = decode_image(oriented_jpeg(1), "upright")->rgb;
  ASSERT_EQ(stored.width, kWidth);
  const int w = kWidth - 1;
  const int h = kHeight - 1;
  struct Turn {
    bool swaps_axes;
    std::function<Pixel(int, int)> source;
  };
  const auto at = [&](int x, int y) { return pixel_at(stored, x, y); };
  const Turn turns[] = {
      {false, [&](int x, int y) { return at(x, y); }},         {false, [&](int x, int y) { return at(w - x, y); }},
      {false, [&](int x, int y) { return at(w - x, h - y); }}, {false, [&](int x, int y) { return at(x, h - y); }},
      {true, [&](int x, int y) { return at(y, x); }},          {true, [&](int x, int y) { return at(y, h - x); }},
      {true, [&](int x, int y) { return at(w - y, h - x); }},  {true, [&](int x, int y) { return at(w - y, x); }},
  };
  for (int orientation = 1; orientation <= 8; ++orientation) {
    SCOPED_TRACE(orientation);
    const Turn& turn = turns[orientation - 1];
    const RgbImage image = decode_image(oriented_jpeg(orientation), "turned")->rgb;
    ASSERT_EQ(image.width, turn.swaps_axes ? kHeight : kWidth);
    ASSERT_EQ(image.height, turn.swaps_axes ? kWidth : kHeight);
    for (int y = 0; y < image.height; ++y) {
      for (int x = 0; x < image.width; ++x) ASSERT_EQ(pixel_at(image, x, y), turn.source(x, y)) << x << "," << y;
    }
  }
  for (const int nonsense : {0, 9, 255})
    EXPECT_EQ(decode_image(oriented_jpeg(nonsense), "x")->rgb.pixels, stored.pixels);
}

TEST(Decode, AppliesTheOrientationOfTiff) {
  const RgbImage image = must_decode("turned.tif");
  ASSERT_EQ(image.width, kHeight);
  ASSERT_EQ(image.height, kWidth);
  EXPECT_EQ(pixel_at(image, 0, 0), rgb_picture(0, kHeight - 1));
  EXPECT_EQ(pixel_at(image, kHeight - 1, 5), rgb_picture(5, 0));
}

TEST(Decode, RefusesWhatIsNotAnAllowedImage) {
  for (const char* file : {"picture.svg", "picture.pdf", "picture.bmp", "picture.ppm", "text.txt"}) {
    SCOPED_TRACE(file);
    const Result<DecodedImage> image = decode_image_file(kImages + file);
    ASSERT_FALSE(image.ok());
    EXPECT_EQ(image.error().code, ErrorCode::kUnsupported);
    EXPECT_NE(image.error().message.find(file), std::string::npos);
    EXPECT_NE(image.error().message.find("not an image this build reads (JPEG, PNG"), std::string::npos)
        << image.error().message;
  }
}

TEST(Decode, RefusesKindsOfPixelsWithoutAPlainMeaning) {
  const Result<DecodedImage> image = decode_image_file(kImages + "float.tif");
  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(image.error().message.find("float"), std::string::npos) << image.error().message;
}

TEST(Decode, RefusesNoBytes) {
  const Result<DecodedImage> image = decode_image({}, "nothing.jpg");
  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().message, "nothing.jpg: the file is empty");
}

TEST(Decode, AFileCutShortIsAnErrorWhereverItIsCut) {
  for (const std::string file : {"photo.jpg", "progressive.jpg", "cmyk.jpg", "rgb.png", "rgb16.png", "rgb.webp",
                                 "photo.webp", "rgb.tif", "frames.gif", "photo.heic", "photo.avif"}) {
    const std::vector<std::byte> whole = file_bytes(kImages + file);
    if (!decode_image(whole, file)) continue;  // HEIC and AVIF, where libvips has none
    // The end marks of PNG and GIF (12 bytes, and the second frame), and the orderly layout of TIFF after its data,
    // hold nothing of the picture.
    const std::size_t needed = file == "frames.gif"     ? 146
                               : file.ends_with(".png") ? whole.size() - 12
                               : file.ends_with(".jpg") ? whole.size() - 2
                                                        : whole.size();
    for (std::size_t size = 0; size < needed; size += size < 64 ? 1 : 7) {
      SCOPED_TRACE(file + " cut to " + std::to_string(size));
      const std::vector<std::byte> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      const Result<DecodedImage> image = decode_image(cut, file);
      EXPECT_FALSE(image.ok());
      if (!image) {
        EXPECT_EQ(image.error().message.find(file + ": "), 0U);
        EXPECT_EQ(image.error().message.find('\n'), std::string::npos);
      }
    }
  }
}

TEST(Decode, DamagedBytesDoNoHarm) {
  unsigned random = 12345;
  for (const std::string file : {"photo.jpg", "progressive.jpg", "cmyk.jpg", "oriented.jpg", "rgb.png", "palette.png",
                                 "photo.webp", "rgb.tif", "bilevel.tif", "frames.gif"}) {
    const std::vector<std::byte> whole = file_bytes(kImages + file);
    for (int i = 0; i < 60; ++i) {
      std::vector<std::byte> damaged = whole;
      for (int k = 0; k < 3; ++k) {
        random = random * 1664525 + 1013904223;
        damaged[(random >> 8) % damaged.size()] = static_cast<std::byte>(random >> 24);
      }
      const Result<DecodedImage> image = decode_image(damaged, file, {.max_pixels = 1'000'000, .timeout_ms = 5000});
      if (image) {
        EXPECT_EQ(image->rgb.pixels.size(), static_cast<std::size_t>(image->rgb.width) * image->rgb.height * 3);
      }
    }
  }
}

std::uint32_t crc32_of(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
  }
  return ~crc;
}

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xFF);
  return bytes;
}

TEST(Decode, RefusesAPictureThatClaimsTooManyPixelsBeforeDecodingIt) {
  // rgb.png with the header of a picture of 60000x60000.
  std::vector<std::byte> bytes = file_bytes(kImages + "rgb.png");
  const std::string header =
      std::string("IHDR") + big_endian(60000) + big_endian(60000) + std::string("\x08\x02\0\0\0", 5);
  const std::string chunk = header + big_endian(crc32_of(header));
  std::memcpy(bytes.data() + 12, chunk.data(), chunk.size());
  const Result<DecodedImage> image = decode_image(bytes, "bomb.png");
  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(image.error().message, "bomb.png: 60000x60000 = 3600 megapixels, over the limit of 100");
}

TEST(Decode, HoldsTheLimitsItIsGiven) {
  const std::vector<std::byte> bytes = file_bytes(kImages + "photo.jpg");
  EXPECT_TRUE(decode_image(bytes, "x", {.max_bytes = bytes.size(), .max_pixels = kPixels}).ok());
  EXPECT_EQ(decode_image(bytes, "x", {.max_bytes = bytes.size() - 1}).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(decode_image(bytes, "x", {.max_pixels = kPixels - 1}).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(decode_image_file(kImages + "photo.jpg", {.max_bytes = 100}).error().code, ErrorCode::kTooLarge);
  const Result<DecodedImage> late = decode_image(bytes, "slow.jpg", {.timeout_ms = -1});
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, ErrorCode::kCancelled);
}

TEST(Decode, RefusesAJpegOfEndlessScans) {
  std::vector<std::byte> bytes = file_bytes(kImages + "progressive.jpg");
  // The last scan, again and again.
  std::size_t scan = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
    if (bytes[i] == std::byte{0xFF} && bytes[i + 1] == std::byte{0xDA}) scan = i;
  }
  const std::vector<std::byte> last_scan(bytes.begin() + static_cast<std::ptrdiff_t>(scan), bytes.end() - 2);
  for (int i = 0; i < 200; ++i) bytes.insert(bytes.end() - 2, last_scan.begin(), last_scan.end());
  const Result<DecodedImage> image = decode_image(bytes, "scans.jpg");
  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().code, ErrorCode::kTooLarge);
}

TEST(Decode, SaysWhatIsWrongWithAPath) {
  EXPECT_EQ(decode_image_file("/nonexistent/photo.jpg").error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(decode_image_file("/").ok());
  EXPECT_FALSE(decode_image_file("/dev/zero").ok());
  char folder[] = "/tmp/samcache-decode-XXXXXX";
  ASSERT_NE(::mkdtemp(folder), nullptr);
  const std::string pipe = std::string(folder) + "/pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(decode_image_file(pipe).error().code, ErrorCode::kInvalidArgument) << "and does not wait for a writer";
  ::unlink(pipe.c_str());
  ::rmdir(folder);
}

TEST(Decode, ManyThreadsAtOnceGetTheirOwnPicturesAndErrors) {
  const std::vector<std::byte> good = file_bytes(kImages + "photo.jpg");
  const std::vector<std::byte> cut(good.begin(), good.begin() + 500);
  const RgbImage expected = decode_image(good, "alone")->rgb;
  std::vector<std::thread> threads;
  threads.reserve(8);
  std::atomic<int> wrong{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {
        const Result<DecodedImage> image = decode_image(t % 2 == 0 ? good : cut, "photo" + std::to_string(t));
        if (t % 2 == 0) {
          if (!image || image->rgb.pixels != expected.pixels) ++wrong;
        } else if (image || image.error().message.find("photo" + std::to_string(t) + ": damaged or cut short") != 0) {
          ++wrong;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace samcache

#include "image/vips_reader.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <string_view>

#include "image/image_library.h"

namespace samcache {
namespace {

using Clock = std::chrono::steady_clock;

// HEIC and AVIF share a loader; which of the two a file is, is in its header.
constexpr std::array<ImageFormat, 7> kFormats{{
    {"VipsForeignLoadJpeg", "jpegload_buffer", "jpeg", "JPEG"},
    {"VipsForeignLoadPng", "pngload_buffer", "png", "PNG"},
    {"VipsForeignLoadWebp", "webpload_buffer", "webp", "WebP"},
    {"VipsForeignLoadTiff", "tiffload_buffer", "tiff", "TIFF"},
    {"VipsForeignLoadNsgif", "gifload_buffer", "gif", "GIF"},
    {"VipsForeignLoadHeif", "heifload_buffer", "heic", "HEIC"},
    {"VipsForeignLoadHeif", "heifload_buffer", "avif", "AVIF"},
}};
constexpr const ImageFormat* kAvif = &kFormats.back();

std::string with_detail(std::string message) {
  const std::string detail = take_vips_error();
  if (!detail.empty()) message += " (" + detail + ")";
  return message;
}

const ImageFormat* find_format(const char* loader) {
  for (const ImageFormat& format : kFormats) {
    if (std::string_view(loader).starts_with(format.loader_class)) return &format;
  }
  return nullptr;
}

// How often a progressive JPEG goes over all of its pixels. Files with thousands of scans exist for no other purpose
// than to keep a decoder busy for hours, and libvips decodes all of them before the first row.
int count_jpeg_scans(std::span<const std::byte> bytes) {
  const auto byte_at = [&](std::size_t at) { return std::to_integer<unsigned>(bytes[at]); };
  int scans = 0;
  std::size_t at = 2;
  while (at + 4 <= bytes.size()) {
    const void* found = std::memchr(bytes.data() + at, 0xFF, bytes.size() - at);
    if (found == nullptr) break;
    at = static_cast<std::size_t>(static_cast<const std::byte*>(found) - bytes.data()) + 1;
    if (at + 3 > bytes.size()) break;
    const unsigned marker = byte_at(at);
    const bool is_bare = marker <= 0x01 || (marker >= 0xD0 && marker <= 0xD9);
    if (marker == 0xFF) continue;  // padding
    ++at;
    if (is_bare) continue;
    if (marker == 0xDA) ++scans;
    at += byte_at(at) << 8 | byte_at(at + 1);
  }
  return scans;
}

Status check_pixel_kind(const OpenImage& image, const std::string& name) {
  const std::string start = name + ": " + image.format->title + " ";
  const VipsBandFormat sample = vips_image_get_format(image.vips.get());
  if (sample != VIPS_FORMAT_UCHAR && sample != VIPS_FORMAT_USHORT) {
    return Error{ErrorCode::kUnsupported, start + "with samples of the type " +
                                              vips_enum_nick(VIPS_TYPE_BAND_FORMAT, sample) +
                                              "; convert it to 8 or 16 bits a channel"};
  }
  const VipsInterpretation colours = vips_image_get_interpretation(image.vips.get());
  const bool is_known = colours == VIPS_INTERPRETATION_sRGB || colours == VIPS_INTERPRETATION_RGB ||
                        colours == VIPS_INTERPRETATION_RGB16 || colours == VIPS_INTERPRETATION_GREY16 ||
                        colours == VIPS_INTERPRETATION_B_W || colours == VIPS_INTERPRETATION_MULTIBAND ||
                        colours == VIPS_INTERPRETATION_CMYK;
  const bool fits = image.is_cmyk ? image.bands >= 4 : image.bands >= 1 && image.bands <= 4;
  if (!is_known || !fits || vips_image_get_coding(image.vips.get()) != VIPS_CODING_NONE) {
    return Error{ErrorCode::kUnsupported, start + "with " + std::to_string(image.bands) + " channels of " +
                                              vips_enum_nick(VIPS_TYPE_INTERPRETATION, colours) +
                                              "; convert it to RGB, grey or CMYK"};
  }
  return {};
}

Status check_size(const OpenImage& image, const std::string& name, std::uint64_t max_pixels) {
  const int width = vips_image_get_width(image.vips.get());
  const int height = vips_image_get_height(image.vips.get());
  const std::uint64_t pixels = static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height);
  if (width < 1 || height < 1) return Error{ErrorCode::kCorrupt, name + ": an image without pixels"};
  if (pixels <= max_pixels) return {};
  const auto megapixels = [](std::uint64_t count) {
    const std::uint64_t tenths = (count + 50'000) / 100'000;
    const std::string whole = std::to_string(tenths / 10);
    return tenths % 10 == 0 ? whole : whole + '.' + std::to_string(tenths % 10);
  };
  return Error{ErrorCode::kTooLarge, name + ": " + std::to_string(width) + "x" + std::to_string(height) + " = " +
                                         megapixels(pixels) + " megapixels, over the limit of " +
                                         megapixels(max_pixels)};
}

struct RowReading {
  const RowSink& sink;
  int width_bytes;
  Clock::time_point deadline;
  int rows_read = 0;
  bool out_of_time = false;
};

int write_region(VipsRegion* region, VipsRect* area, void* state) {
  auto* reading = static_cast<RowReading*>(state);
  if (Clock::now() > reading->deadline) {
    reading->out_of_time = true;
    return -1;
  }
  for (int y = area->top; y < area->top + area->height; ++y) {
    reading->sink(y, VIPS_REGION_ADDR(region, 0, y));
    ++reading->rows_read;
  }
  return 0;
}

}  // namespace

std::span<const ImageFormat> image_formats() { return kFormats; }

std::string take_vips_error() {
  const std::unique_ptr<char, decltype(&g_free)> text(vips_error_buffer_copy(), &g_free);
  constexpr std::size_t kMaxLength = 160;
  std::string_view first_line(text.get());
  first_line = first_line.substr(0, std::min(first_line.find('\n'), kMaxLength));
  std::string printable(first_line);
  for (char& c : printable) {
    if (c < ' ' || c > '~') c = '?';
  }
  return printable;
}

Result<OpenImage> open_image(std::span<const std::byte> bytes, const std::string& name, const DecodeLimits& limits) {
  constexpr int kMaxJpegScans = 100;
  if (bytes.empty()) return Error{ErrorCode::kCorrupt, name + ": the file is empty"};
  if (bytes.size() > limits.max_bytes) {
    return Error{ErrorCode::kTooLarge, name + ": " + std::to_string(bytes.size()) + " bytes, over the limit of " +
                                           std::to_string(limits.max_bytes)};
  }
  OpenImage image;
  const char* loader = vips_foreign_find_load_buffer(bytes.data(), bytes.size());
  image.format = loader != nullptr ? find_format(loader) : nullptr;
  if (image.format == nullptr) {
    take_vips_error();
    return Error{ErrorCode::kUnsupported,
                 name + ": not an image this build reads (" + ImageLibrary::readable_formats() + ")"};
  }
  if (image.format->name == std::string_view("jpeg") && count_jpeg_scans(bytes) > kMaxJpegScans) {
    return Error{ErrorCode::kTooLarge, name + ": a JPEG with more than " + std::to_string(kMaxJpegScans) + " scans"};
  }
  image.vips.reset(vips_image_new_from_buffer(bytes.data(), bytes.size(), "", "access", VIPS_ACCESS_SEQUENTIAL,
                                              "fail_on", VIPS_FAIL_ON_ERROR, nullptr));
  if (image.vips == nullptr) {
    return Error{ErrorCode::kCorrupt, with_detail(name + ": damaged or cut short " + image.format->title)};
  }
  const char* compression = nullptr;
  if (vips_image_get_typeof(image.vips.get(), "heif-compression") != 0 &&
      vips_image_get_string(image.vips.get(), "heif-compression", &compression) == 0 &&
      compression == std::string_view("av1")) {
    image.format = kAvif;
  }
  image.bands = vips_image_get_bands(image.vips.get());
  image.is_16_bit = vips_image_get_format(image.vips.get()) == VIPS_FORMAT_USHORT;
  image.is_cmyk = vips_image_get_interpretation(image.vips.get()) == VIPS_INTERPRETATION_CMYK;
  if (Status size = check_size(image, name, limits.max_pixels); !size) return size.error();
  if (Status kind = check_pixel_kind(image, name); !kind) return kind.error();
  return image;
}

Status read_rows(const OpenImage& image, const std::string& name, int timeout_ms, const RowSink& sink) {
  RowReading reading{sink, 0, Clock::now() + std::chrono::milliseconds(timeout_ms)};
  const int failed = vips_sink_disc(image.vips.get(), write_region, &reading);
  if (reading.out_of_time) {
    take_vips_error();
    return Error{ErrorCode::kCancelled, name + ": decoding took longer than " + std::to_string(timeout_ms) + " ms"};
  }
  if (failed != 0 || reading.rows_read != vips_image_get_height(image.vips.get())) {
    return Error{ErrorCode::kCorrupt, with_detail(name + ": damaged or cut short " + image.format->title)};
  }
  return {};
}

}  // namespace samcache

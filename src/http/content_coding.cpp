#include "http/content_coding.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

#include "http/tokens.h"

namespace samcache::http {
namespace {

constexpr int kGzipWindow = 15 + 16;   // 32 KiB, with gzip's header and not zlib's
constexpr int kZstdMaxWindowLog = 23;  // 8 MiB: what RFC 8878 asks decoders to bear, and no more
constexpr std::size_t kPieceBytes = 64 << 10;

Error damaged(ContentCoding coding) {
  return {ErrorCode::kCorrupt, "the body is not valid " + std::string(coding_name(coding)) + "; send it whole"};
}

Error too_large(std::size_t max_bytes) {
  return {ErrorCode::kTooLarge, "the body expands to more than " + std::to_string(max_bytes) + " bytes"};
}

std::string compress_gzip(std::string_view text) {
  z_stream stream{};
  check(deflateInit2(&stream, 1, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK,
        "compress: zlib has no memory");
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int done = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  check(done == Z_STREAM_END, "compress: zlib did not finish");
  return out;
}

std::string compress_zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 1);
  check(ZSTD_isError(size) == 0, "compress: zstd failed");
  out.resize(size);
  return out;
}

Result<std::string> expand_gzip(std::string_view bytes, std::size_t max_bytes) {
  z_stream stream{};
  check(inflateInit2(&stream, kGzipWindow) == Z_OK, "expand: zlib has no memory");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> closer(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  int state = Z_OK;
  while (state != Z_STREAM_END) {
    const std::size_t filled = out.size();
    out.resize(std::min(filled + kPieceBytes, max_bytes + 1));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + filled);
    stream.avail_out = static_cast<uInt>(out.size() - filled);
    state = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (out.size() > max_bytes) return too_large(max_bytes);
    if (state != Z_OK && state != Z_STREAM_END) return damaged(ContentCoding::kGzip);
  }
  if (stream.avail_in != 0) return damaged(ContentCoding::kGzip);
  return out;
}

Result<std::string> expand_zstd(std::string_view bytes, std::size_t max_bytes) {
  const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  check(context != nullptr, "expand: zstd has no memory");
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kZstdMaxWindowLog);
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  std::string out;
  std::size_t rest = 1;  // 0: a frame has ended
  while (rest != 0) {
    const std::size_t filled = out.size();
    out.resize(std::min(filled + kPieceBytes, max_bytes + 1));
    ZSTD_outBuffer piece{out.data() + filled, out.size() - filled, 0};
    rest = ZSTD_decompressStream(context.get(), &piece, &in);
    if (ZSTD_isError(rest) != 0) return damaged(ContentCoding::kZstd);
    const bool starved = in.pos == in.size && piece.pos < piece.size;
    out.resize(filled + piece.pos);
    if (out.size() > max_bytes) return too_large(max_bytes);
    if (rest != 0 && starved) return damaged(ContentCoding::kZstd);
  }
  if (in.pos != in.size) return damaged(ContentCoding::kZstd);
  return out;
}

}  // namespace

std::string_view coding_name(ContentCoding coding) {
  switch (coding) {
    case ContentCoding::kGzip: return "gzip";
    case ContentCoding::kZstd: return "zstd";
    case ContentCoding::kIdentity: break;
  }
  return "identity";
}

std::optional<ContentCoding> coding_from_name(std::string_view name) {
  if (name.empty() || same_token(name, "identity")) return ContentCoding::kIdentity;
  if (same_token(name, "gzip") || same_token(name, "x-gzip")) return ContentCoding::kGzip;
  if (same_token(name, "zstd")) return ContentCoding::kZstd;
  return std::nullopt;
}

ContentCoding choose_coding(std::string_view accept_encoding) {
  const int gzip = weight_of(accept_encoding, "gzip");
  const int zstd = weight_of(accept_encoding, "zstd");
  if (gzip == 0 && zstd == 0) return ContentCoding::kIdentity;
  return zstd >= gzip ? ContentCoding::kZstd : ContentCoding::kGzip;
}

bool is_compressible(std::string_view content_type) {
  const std::string_view type = media_type_of(content_type);
  if (type == "text/event-stream") return false;
  if (type.starts_with("text/") || type.ends_with("+json") || type.ends_with("+xml") || type.ends_with("yaml"))
    return true;
  return type == "application/json" || type == "application/xml" || type == "application/javascript" ||
         type == "application/wasm";
}

std::string compress(ContentCoding coding, std::string_view text) {
  check(coding != ContentCoding::kIdentity, "compress: no coding was named");
  return coding == ContentCoding::kGzip ? compress_gzip(text) : compress_zstd(text);
}

Result<std::string> expand(ContentCoding coding, std::string_view bytes, std::size_t max_bytes) {
  if (coding == ContentCoding::kGzip) return expand_gzip(bytes, max_bytes);
  if (coding == ContentCoding::kZstd) return expand_zstd(bytes, max_bytes);
  if (bytes.size() > max_bytes) return too_large(max_bytes);
  return std::string(bytes);
}

}  // namespace samcache::http

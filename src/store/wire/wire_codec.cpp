#include "store/wire/wire_codec.h"

// For ZSTD_c_literalCompressionMode, which every build of the library has but its stable interface does not name.
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/hashing.h"
#include "store/wire/wire_frame.h"
#include "store/wire/wire_planes.h"

namespace samcache {
namespace {

// Small enough for a block, its planes and its content to stay in a core's cache from the one step to the next.
constexpr std::uint32_t kBlockBytes = 512 * 1024;

struct ZstdDeleter {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// Huffman alone: the fast strategy with the longest steps finds next to no matches and takes no time for it.
class PlaneEncoder {
 public:
  PlaneEncoder() : context_(ZSTD_createCCtx()) {
    check(context_ != nullptr, "zstd cannot make a context");
    set(ZSTD_c_strategy, ZSTD_fast);
    set(ZSTD_c_targetLength, ZSTD_BLOCKSIZE_MAX);
    set(ZSTD_c_literalCompressionMode, ZSTD_ps_enable);
    set(ZSTD_c_hashLog, ZSTD_HASHLOG_MIN);
    set(ZSTD_c_windowLog, ZSTD_WINDOWLOG_MIN + 7);  // one zstd block
  }

  // The size of the zstd frame at `to`; 0 when it would not be shorter than the plane.
  std::size_t encode(ByteSpan plane, std::byte* to) {
    const std::size_t size = ZSTD_compress2(context_.get(), to, plane.size(), plane.data(), plane.size());
    return ZSTD_isError(size) != 0 ? 0 : size;
  }

 private:
  void set(ZSTD_cParameter parameter, int value) {
    const std::size_t result = ZSTD_CCtx_setParameter(context_.get(), parameter, value);
    check(ZSTD_isError(result) == 0, "zstd refuses a parameter");
  }
  std::unique_ptr<ZSTD_CCtx, ZstdDeleter> context_;
};

SharedBytes encode_plain(ByteSpan original) {
  AlignedBuffer frame(kWireHeaderBytes + original.size());
  write_wire_header({.transform = WireTransform::kPlain,
                     .block_bytes = 0,
                     .original_bytes = original.size(),
                     .frame_bytes = frame.size(),
                     .digest = digest_of_hex(xxh3_hex(original))},
                    frame.data());
  if (!original.empty()) std::memcpy(frame.data() + kWireHeaderBytes, original.data(), original.size());
  return std::move(frame).share();
}

// Writes one block to `to`, where there is room for block.size() bytes. The size of its zstd frame, 0 when the block
// was written as it is.
std::uint32_t encode_block(WireTransform transform, ByteSpan block, PlaneEncoder& encoder,
                           std::vector<std::byte>& plane, std::byte* to) {
  const WireBlockShape shape = wire_block_shape(transform, block.size());
  std::size_t entropy_bytes = 0;
  if (shape.words > 0) {
    split_words(transform, block.data(), shape.words, plane.data(), to);
    std::memcpy(to + shape.rest_bytes, block.data() + block.size() - shape.tail_bytes, shape.tail_bytes);
    entropy_bytes = encoder.encode(ByteSpan(plane).first(shape.words), to + shape.rest_bytes + shape.tail_bytes);
  }
  if (entropy_bytes == 0) std::memcpy(to, block.data(), block.size());
  return static_cast<std::uint32_t>(entropy_bytes);
}

// `to`: the original size of the block. False when the zstd frame does not hold what it must.
bool decode_block(WireTransform transform, const WireBlockShape& shape, ByteSpan block, ZSTD_DCtx* context,
                  std::vector<std::byte>& plane, std::byte* to) {
  const ByteSpan entropy = block.subspan(shape.rest_bytes + shape.tail_bytes);
  const std::size_t plane_bytes =
      ZSTD_decompressDCtx(context, plane.data(), shape.words, entropy.data(), entropy.size());
  if (ZSTD_isError(plane_bytes) != 0 || plane_bytes != shape.words) return false;
  join_words(transform, plane.data(), block.data(), shape.words, to);
  const std::size_t whole_words_bytes = shape.words + shape.rest_bytes;
  std::memcpy(to + whole_words_bytes, block.data() + shape.rest_bytes, shape.tail_bytes);
  return true;
}

Error wrong_digest() { return {ErrorCode::kCorrupt, "not a sound wire frame: its content does not have its digest"}; }

Result<SharedBytes> decode_blocks(const WireHeader& header, ByteSpan frame) {
  const std::unique_ptr<ZSTD_DCtx, ZstdDeleter> context(ZSTD_createDCtx());
  check(context != nullptr, "zstd cannot make a context");
  AlignedBuffer original(header.original_bytes);
  std::vector<std::byte> plane(wire_block_shape(header.transform, header.block_bytes).words);
  Xxh3Hasher hasher;
  const std::size_t blocks = wire_block_count(header);
  std::size_t from = kWireHeaderBytes + blocks * kWireTableEntryBytes;
  std::byte* to = original.data();
  for (std::size_t i = 0; i < blocks; ++i) {
    const std::size_t original_bytes = wire_block_bytes(header, i);
    const std::uint32_t entropy_bytes = read_wire_table_entry(frame.data(), i);
    std::size_t block_bytes = original_bytes;
    if (entropy_bytes == 0) {
      std::memcpy(to, frame.data() + from, original_bytes);
    } else {
      const WireBlockShape shape = wire_block_shape(header.transform, original_bytes);
      block_bytes = shape.rest_bytes + shape.tail_bytes + entropy_bytes;
      if (!decode_block(header.transform, shape, frame.subspan(from, block_bytes), context.get(), plane, to)) {
        return Error{ErrorCode::kCorrupt, "not a sound wire frame: block " + std::to_string(i) + " is damaged"};
      }
    }
    hasher.update({to, original_bytes});  // now, while they are in the cache
    from += block_bytes;
    to += original_bytes;
  }
  if (digest_of_hex(hasher.hex()) != header.digest) return wrong_digest();
  return std::move(original).share();
}

}  // namespace

SharedBytes encode_wire(ByteSpan original, WireTransform transform) {
  if (transform == WireTransform::kPlain || original.empty()) return encode_plain(original);
  WireHeader header{.transform = transform, .block_bytes = kBlockBytes, .original_bytes = original.size()};
  const std::size_t blocks = wire_block_count(header);
  const std::size_t blocks_at = kWireHeaderBytes + blocks * kWireTableEntryBytes;
  AlignedBuffer frame(blocks_at + original.size());
  std::vector<std::byte> plane(wire_block_shape(transform, kBlockBytes).words);
  PlaneEncoder encoder;
  Xxh3Hasher hasher;
  std::size_t at = blocks_at;
  for (std::size_t i = 0; i < blocks; ++i) {
    const ByteSpan block = original.subspan(i * kBlockBytes, wire_block_bytes(header, i));
    hasher.update(block);
    const std::uint32_t entropy_bytes = encode_block(transform, block, encoder, plane, frame.data() + at);
    write_wire_table_entry(frame.data(), i, entropy_bytes);
    const WireBlockShape shape = wire_block_shape(transform, block.size());
    at += entropy_bytes == 0 ? block.size() : shape.rest_bytes + shape.tail_bytes + entropy_bytes;
  }
  if (at >= kWireHeaderBytes + original.size()) return encode_plain(original);
  header.frame_bytes = at;
  header.digest = digest_of_hex(hasher.hex());
  write_wire_header(header, frame.data());
  return std::move(frame).share().slice(0, at);
}

Result<SharedBytes> decode_wire(const SharedBytes& frame, std::uint64_t max_original_bytes) {
  const Result<WireHeader> header = read_wire_header(frame);
  if (!header) return header.error();
  if (header->original_bytes > max_original_bytes) {
    return Error{ErrorCode::kTooLarge, "the content of a wire frame has " + std::to_string(header->original_bytes) +
                                           " bytes; the limit is " + std::to_string(max_original_bytes)};
  }
  if (header->transform != WireTransform::kPlain) return decode_blocks(*header, frame);
  const SharedBytes original = frame.slice(kWireHeaderBytes, header->original_bytes);
  if (digest_of_hex(xxh3_hex(original)) != header->digest) return wrong_digest();
  return original;
}

}  // namespace samcache

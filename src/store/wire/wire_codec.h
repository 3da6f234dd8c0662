// Lossless compression of feature maps for slow links: blob storage, a browser.
//
// What it uses: in maps of bf16, fp16 and fp32 values the exponents take few values and the mantissas are noise. So the
// words are cut into an exponent plane, which stock zstd codes with Huffman alone (no matches: there are none to find),
// and the rest, which is kept raw. About a third is saved for bf16, a sixth for fp16 and fp32. Nothing here knows what
// the bytes are: which cut pays is told by a sample, and where none does the content is kept as it is.
//
// A frame, version 1 (integers little endian, no padding but what is named; a decoder must check all of it):
//
//   offset size
//        0    8  magic: 0x93 'S' 'C' 'W' 'I' 'R' 'E' '\n'
//        8    1  version: 1
//        9    1  transform: 0 plain, 1 bf16, 2 fp16, 3 fp32 (below)
//       10    2  zero
//       12    4  block size: bytes of original content in each block but the last, which has what is left (1 byte or
//                more). A multiple of 4 from 4096 to 16777216; zero with transform 0
//       16    8  original size in bytes
//       24    8  frame size in bytes: all of it, this header, too
//       32   16  XXH3-128 (seed 0) of the original content in its canonical form: most significant byte first
//       48   16  zero
//       64  4*n  block table: for each of the n = ceil(original size / block size) blocks the size of its zstd frame;
//                zero: this block holds its original content as it is. With transform 0 there is no table, and the
//                original content follows at once
//                the blocks, one after the other, nothing between them and nothing after the last
//
// A block with W = (its original size / word size, rounded down) words; the words are little endian, W is at least 1:
//
//   transform  word size  plane coded by zstd (1 byte a word)  rest, raw, in this order
//   1 bf16     2 bytes    bits 14..7 (exponent)                W bytes: bit 15 as bit 7, bits 6..0 as they are
//   2 fp16     2 bytes    bits 15..8                           W bytes: bits 7..0
//   3 fp32     4 bytes    bits 30..23 (exponent)               W bytes: bit 31 as bit 7, bits 22..16 as bits 6..0;
//                                                              then W words of 2 bytes: bits 15..0
//
//   rest | the bytes of the original after its last whole word (0..3) | zstd frame (RFC 8878), which holds W bytes
//
// So a block takes at most its original size, the content is at most about twice as large as its frame, and each block
// can be decoded alone. (fp16 cuts in the middle of the mantissa: the exponent has 5 bits only, and to pack the other
// 11 would save nothing more.)
//
// Functions without state: any thread. Encoding cannot fail; decoding may be given anything.
#pragma once

#include "base/bytes.h"
#include "base/error.h"

namespace samcache {

enum class WireTransform : std::uint8_t { kPlain = 0, kBf16 = 1, kFp16 = 2, kFp32 = 3 };

inline constexpr std::uint64_t kDefaultMaxWireOriginalBytes = std::uint64_t{1} << 30;

// Whether `bytes` begin with the magic: a frame, though perhaps a broken one.
bool is_wire_frame(ByteSpan bytes);

// What a sample spread over the content recommends; kPlain where less than 8 % would be saved. Takes about as long
// whatever the size.
WireTransform choose_wire_transform(ByteSpan original);

// A frame with the content, at most 64 bytes larger than it. Where `transform` turns out not to pay the frame is plain.
SharedBytes encode_wire(ByteSpan original, WireTransform transform);
inline SharedBytes encode_wire(ByteSpan original) { return encode_wire(original, choose_wire_transform(original)); }

// The original content, its digest checked: of a plain frame a view of it, without a copy. kCorrupt for whatever is no
// frame or a damaged one, kUnsupported for a later version, kTooLarge when the content is larger than
// `max_original_bytes`. All sizes are checked before memory is taken.
Result<SharedBytes> decode_wire(const SharedBytes& frame,
                                std::uint64_t max_original_bytes = kDefaultMaxWireOriginalBytes);

}  // namespace samcache

// Words cut into the plane that is entropy coded and the rest, and put together again (wire_codec.h has the format).
//
// Simple loops on bytes, of which the compiler makes vector code with the instructions that every x86-64 and ARMv8 has:
// 12 to 45 GB/s each way, several times what the entropy coder does, so there are no versions for particular CPUs.
// Internal to wire/. The pointers need no alignment; inputs and outputs must not overlap.
#pragma once

#include <cstddef>

#include "store/wire/wire_codec.h"

namespace samcache {

// `rest`: as many bytes as wire_block_shape says. Requires a transform other than kPlain.
void split_words(WireTransform transform, const std::byte* from, std::size_t words, std::byte* plane, std::byte* rest);
void join_words(WireTransform transform, const std::byte* plane, const std::byte* rest, std::size_t words,
                std::byte* to);

}  // namespace samcache

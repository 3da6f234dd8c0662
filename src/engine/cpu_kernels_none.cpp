// For processors without hand-written kernels: everything goes through libtorch.
#include <stdexcept>

#include "engine/cpu_kernels.h"

namespace samcache::cpu {
namespace {

[[noreturn]] void unavailable() { throw std::logic_error("kernels called on a processor that has none"); }

}  // namespace

bool has_kernels() { return false; }
bool attention_supports(int) { return false; }
void gelu_bf16(Bf16*, std::size_t) { unavailable(); }
void relu_bf16(Bf16*, std::size_t) { unavailable(); }
void add_bf16(const float*, const Bf16*, float*, std::size_t) { unavailable(); }
void add_channel_sums(const Bf16*, std::size_t, int, float*, float*) { unavailable(); }
void scale_channels(const Bf16*, std::size_t, int, const float*, const float*, bool, Bf16*) { unavailable(); }
bool small_mlp_supports(int, int, int) { return false; }
void run_small_mlp(const SmallMlp&, const float*, std::size_t, float*) { unavailable(); }
std::size_t packed_size(int, int) { unavailable(); }
void pack_keys_values(const AttentionHead&, Bf16*, Bf16*) { unavailable(); }
std::size_t attention_scratch_size(int) { unavailable(); }
void attend_block(const AttentionHead&, const Bf16*, const Bf16*, int, float*) { unavailable(); }
bool thin_attention_supports(int) { return false; }
void attend_few_keys(const ThinHead&) { unavailable(); }
void attend_few_queries(const ThinHead&, float*) { unavailable(); }

}  // namespace samcache::cpu

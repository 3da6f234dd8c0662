#include "model/text_encoder.h"

#include <limits>

namespace samcache {
namespace {

std::vector<float> causal_bias(int tokens) {
  std::vector<float> bias(static_cast<std::size_t>(tokens) * tokens);
  for (int query = 0; query < tokens; ++query) {
    for (int key = query + 1; key < tokens; ++key) {
      bias[static_cast<std::size_t>(query) * tokens + key] = -std::numeric_limits<float>::infinity();
    }
  }
  return bias;
}

}  // namespace

TextEncoder::Block::Block(const WeightScope& scope)
    : ln_1(scope["ln_1"]),
      ln_2(scope["ln_2"]),
      in_proj(scope["attn"], "in_proj_"),
      out_proj(scope["attn"]["out_proj"]),
      c_fc(scope["mlp"]["c_fc"]),
      c_proj(scope["mlp"]["c_proj"]) {}

TextEncoder::TextEncoder(Ops& ops, const TextConfig& config, const WeightScope& scope)
    : heads_(config.heads),
      width_(config.hidden),
      token_embedding_(scope["encoder"]["token_embedding"].get("weight", WeightRole::kLookup)),
      positional_embedding_(scope["encoder"].get("positional_embedding", WeightRole::kTable)),
      causal_(ops.constant({1, 1, config.context, config.context}, causal_bias(config.context))),
      ln_final_(scope["encoder"]["ln_final"]),
      resizer_(scope["resizer"].exact()) {
  for (int i = 0; i < config.layers; ++i) blocks_.emplace_back(scope["encoder"]["transformer"]["resblocks"][i]);
}

Value TextEncoder::operator()(Ops& ops, const Value& ids, int tokens) const {
  const Ops::TapScope scope(ops, "text/");
  const Value embedded = ops.embedding(token_embedding_, ids);
  ops.tap("tok_emb", embedded);
  Value x = ops.widen(ops.add(embedded, ops.slice(positional_embedding_, 0, 0, tokens)));
  const Value causal = ops.slice(ops.slice(causal_, 2, 0, tokens), 3, 0, tokens);
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    x = run_block(ops, blocks_[i], x, causal);
    ops.tap(("block" + std::to_string(i)).c_str(), x);
  }
  x = ln_final_(ops, x);
  ops.tap("ln_final", x);
  x = resizer_(ops, x);
  ops.tap("language_features", x);
  return x;
}

Value TextEncoder::run_block(Ops& ops, const Block& block, const Value& x, const Value& causal) const {
  const Value qkv = ops.widen(block.in_proj(ops, block.ln_1(ops, x)));  // few tokens: attend at full precision
  const auto part = [&](int i) {
    return ops.slice(qkv, -1, static_cast<std::int64_t>(i) * width_, static_cast<std::int64_t>(i + 1) * width_);
  };
  const Value attended = ops.attention(part(0), part(1), part(2), heads_, width_ / heads_, causal);
  const Value mixed = ops.add(x, block.out_proj(ops, attended));
  return ops.add(mixed, block.c_proj(ops, block.c_fc(ops, block.ln_2(ops, mixed), Activation::kGelu)));
}

}  // namespace samcache

#include "model/neck.h"

#include "base/error.h"

namespace samcache {
namespace {

Conv2d conv1x1(const WeightScope& level) { return {level["conv_1x1"], 1, 0}; }
Conv2d conv3x3(const WeightScope& level) { return {level["conv_3x3"], 1, 1}; }

bool has_convolutions(const WeightScope& level) {
  for (const char* convolution : {"conv_1x1", "conv_3x3"}) {
    if (!level[convolution].has("weight") || !level[convolution].has("bias")) return false;
  }
  return true;
}

}  // namespace

Neck::Neck(const WeightScope& scope, std::string name)
    : fine_{ConvTranspose2x2(scope[0]["dconv_2x2_0"]), ConvTranspose2x2(scope[0]["dconv_2x2_1"]), conv1x1(scope[0]),
            conv3x3(scope[0])},
      middle_{ConvTranspose2x2(scope[1]["dconv_2x2"]), conv1x1(scope[1]), conv3x3(scope[1])},
      coarse_{conv1x1(scope[2].exact()), conv3x3(scope[2].exact())},
      name_(std::move(name)) {
  if (has_convolutions(scope[3])) dropped_ = Dropped{conv1x1(scope[3].exact()), conv3x3(scope[3].exact())};
}

FeaturePyramid Neck::operator()(Ops& ops, const Value& trunk) const {
  const Ops::TapScope scope(ops, "neck/" + name_);
  FeaturePyramid levels;
  {
    const Value up = fine_.dconv0(ops, trunk);
    ops.tap("0.dconv0", up);
    const Value narrow = fine_.conv1x1(ops, fine_.dconv1(ops, ops.gelu(up)));
    ops.tap("0.conv1x1", narrow);
    levels[0] = fine_.conv3x3(ops, narrow);
  }
  levels[1] = middle_.conv3x3(ops, middle_.conv1x1(ops, middle_.dconv(ops, trunk)));
  levels[2] = coarse_.conv3x3(ops, coarse_.conv1x1(ops, trunk));
  for (std::size_t i = 0; i < levels.size(); ++i) ops.tap(std::to_string(i).c_str(), levels[i]);
  return levels;
}

Value Neck::dropped_level(Ops& ops, const Value& pooled) const {
  check(has_dropped_level(), "Neck::dropped_level: the checkpoint has no weights for it");
  const Ops::TapScope scope(ops, "neck/" + name_);
  const Value level = dropped_->conv3x3(ops, dropped_->conv1x1(ops, pooled));
  ops.tap("3", level);
  return level;
}

}  // namespace samcache

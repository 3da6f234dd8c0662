#include "eval_demo/scene_set.h"

#include <array>

namespace samcache::eval {

scenes::Scene scene_of_set(int number) {
  constexpr std::uint64_t kFirstSeed = 1'000'000;
  struct Size {
    int width, height;
  };
  constexpr std::array<Size, 5> kSizes = {{{256, 256}, {320, 240}, {240, 320}, {384, 288}, {400, 320}}};
  const Size size = kSizes[static_cast<std::size_t>(number) % kSizes.size()];
  return scenes::make_scene(kFirstSeed + static_cast<std::uint64_t>(number),
                            {.width = size.width, .height = size.height});
}

}  // namespace samcache::eval

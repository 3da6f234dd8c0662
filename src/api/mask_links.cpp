#include "api/mask_links.h"

#include <sys/random.h>

#include <array>
#include <cstdint>

namespace samcache {
namespace {

std::string random_name() {
  std::array<unsigned char, 16> random{};
  // Up to 256 bytes come whole or not at all (getrandom(2)).
  check(getrandom(random.data(), random.size(), 0) == static_cast<ssize_t>(random.size()), "getrandom failed");
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string name;
  for (const unsigned char byte : random) name += {kDigits[byte >> 4], kDigits[byte & 15]};
  return name;
}

}  // namespace

Result<std::string> MaskLinks::add(SharedBytes png) {
  const std::size_t size = png.size();
  if (size > budget_bytes_) {
    return Error{ErrorCode::kTooLarge, "the mask has " + std::to_string(size) +
                                           " bytes, more than are kept for URLs: ask for mask_format rle"};
  }
  std::string name = random_name();
  masks_.insert(name, std::make_shared<const Mask>(Mask{std::move(png), std::chrono::steady_clock::now() + lifetime_}),
                size);
  return name;
}

SharedBytes MaskLinks::find(const std::string& name) {
  const std::shared_ptr<const Mask> mask = masks_.find(name);
  if (mask == nullptr || std::chrono::steady_clock::now() >= mask->ends) return {};
  return mask->png;
}

}  // namespace samcache

#include "scenes/composition.h"

#include <algorithm>
#include <cmath>

namespace samcache::scenes {
namespace {

constexpr float kLeastArea = 0.004F;    // of the picture, of what is visible of an object
constexpr float kLeastVisible = 0.55F;  // of an object's pixels in the picture
// Distances of colours, from 0 to 441. Lighting and shadows bring colours closer, hence more than the eye needs.
constexpr float kDistinct = 62;
constexpr float kAlike = 48;
constexpr float kMostAlike = 0.4F;    // of what is around an object
constexpr float kRimIfAlike = 0.08F;  // then an object gets a rim whatever chance says
constexpr float kRimChance = 0.27F;

// Calls visit(x, y, coverage) for each pixel of the window.
template <typename Visit>
void for_each_pixel(const Coverage& coverage, const Visit& visit) {
  for (int y = coverage.y0; y < coverage.y0 + coverage.height; ++y) {
    for (int x = coverage.x0; x < coverage.x0 + coverage.width; ++x) {
      visit(x, y, coverage.at(x, y));
    }
  }
}

bool is_covered(float coverage) { return coverage >= 0.5F; }

Rgb tone_colour(Tone tone, Rgb ground, Rgb around) {
  switch (tone) {
    case Tone::kMark: return mark_on(ground);
    case Tone::kShade: return shade_of(ground);
    case Tone::kTyre: return lightness(around) > 75 ? Rgb{30, 30, 34} : Rgb{150, 150, 155};
    case Tone::kPale: return {235, 235, 232};
    case Tone::kAccent: {
      const Rgb orange = {240, 150, 30};
      return distance(orange, ground) > 110 && distance(orange, around) > 80 ? orange : shade_of(ground);
    }
  }
  return ground;
}

}  // namespace

Composition::Composition(const Canvas& canvas, Picture background, const Shadow& shadow)
    : canvas_(canvas), picture_(std::move(background)), shadow_(shadow), owner_(picture_.pixels.size(), -1) {}

std::vector<Contour> Composition::in_pixels(std::vector<Contour> contours, const Draft& draft) const {
  for (Contour& contour : contours) {
    for (Point& p : contour) {
      p = canvas_.to_pixels({draft.centre.x + p.x * draft.size, draft.centre.y + p.y * draft.size});
    }
  }
  return contours;
}

bool Composition::leaves_enough(const Coverage& coverage) const {
  const float least_area = kLeastArea * static_cast<float>(owner_.size());
  int own = 0;
  std::vector<int> lost(objects_.size());
  for_each_pixel(coverage, [&](int x, int y, float c) {
    if (is_covered(c)) {
      ++own;
      const int owner = owner_[static_cast<std::size_t>(y) * canvas_.width + x];
      if (owner >= 0) {
        ++lost[owner];
      }
    }
  });
  if (static_cast<float>(own) < least_area) {
    return false;
  }
  for (std::size_t i = 0; i < lost.size(); ++i) {
    const auto left = static_cast<float>(visible_[i] - lost[i]);
    if (lost[i] > 0 && (left < kLeastVisible * static_cast<float>(whole_[i]) || left < least_area)) {
      return false;
    }
  }
  return true;
}

Composition::Surroundings Composition::around(const Coverage& coverage, Rgb ground) const {
  const int margin_x = 2 + coverage.width / 8;
  const int margin_y = 2 + coverage.height / 8;
  const int stride = 1 + std::max(coverage.width, coverage.height) / 64;  // a sample is enough of a large one
  Rgb sum;
  int count = 0;
  int alike = 0;
  for (int y = std::max(coverage.y0 - margin_y, 0);
       y < std::min(coverage.y0 + coverage.height + margin_y, canvas_.height); y += stride) {
    for (int x = std::max(coverage.x0 - margin_x, 0);
         x < std::min(coverage.x0 + coverage.width + margin_x, canvas_.width); x += stride) {
      if (coverage.at_or_zero(x, y) < 0.05F) {
        const Rgb& pixel = picture_.at(x, y);
        sum = sum + pixel;
        ++count;
        alike += distance(pixel, ground) < kAlike ? 1 : 0;
      }
    }
  }
  const float share = 1.0F / static_cast<float>(std::max(count, 1));
  return {sum * share, static_cast<float>(alike) * share};
}

bool Composition::add(const Draft& draft, bool must, Random& random) {
  const Coverage coverage = rasterise(in_pixels(draft.outline.contours, draft), canvas_.width, canvas_.height);
  if (!must && !leaves_enough(coverage)) {
    return false;
  }
  const Surface surface(draft.colour, draft.pattern, draft.outline.contours, canvas_.pixel_size() / draft.size, random);
  const Surroundings surroundings = around(coverage, surface.ground());
  if (surroundings.alike > kMostAlike || distance(surroundings.mean, surface.ground()) < kDistinct ||
      distance(surroundings.mean, surface.mean()) < kDistinct) {
    return false;
  }
  throw_shadow(coverage);
  paint(draft, coverage, surface);
  paint_details(draft, coverage, surface.ground(), surroundings.mean);
  const bool rimmed = random.chance(kRimChance);
  if (rimmed || surroundings.alike > kRimIfAlike) {
    paint_rim(coverage, surface.ground(), surroundings.mean, random);
  }
  claim(coverage);
  objects_.push_back({.kind = draft.kind, .colour = draft.colour, .pattern = draft.pattern, .mask = {}});
  return true;
}

void Composition::claim(const Coverage& coverage) {
  const int index = static_cast<int>(objects_.size());
  int own = 0;
  for_each_pixel(coverage, [&](int x, int y, float c) {
    if (is_covered(c)) {
      ++own;
      int& owner = owner_[static_cast<std::size_t>(y) * canvas_.width + x];
      if (owner >= 0) {
        --visible_[owner];
      }
      owner = index;
    }
  });
  whole_.push_back(own);
  visible_.push_back(own);
}

void Composition::throw_shadow(const Coverage& coverage) {
  if (shadow_.strength <= 0) {
    return;
  }
  Coverage shade = softened(coverage, std::max(2, static_cast<int>(shadow_.softness / canvas_.pixel_size())));
  const Point offset = canvas_.to_pixels(shadow_.offset);
  shade.x0 += static_cast<int>(std::lround(offset.x));
  shade.y0 += static_cast<int>(std::lround(offset.y));
  for_each_pixel(shade, [&](int x, int y, float c) {
    if (x >= 0 && y >= 0 && x < canvas_.width && y < canvas_.height) {
      picture_.at(x, y) = picture_.at(x, y) * (1 - shadow_.strength * c);
    }
  });
}

void Composition::paint(const Draft& draft, const Coverage& coverage, const Surface& surface) {
  for_each_pixel(coverage, [&](int x, int y, float c) {
    if (c > 0) {
      const Point p = canvas_.to_units(x, y);
      const Rgb colour = surface.at({(p.x - draft.centre.x) / draft.size, (p.y - draft.centre.y) / draft.size});
      picture_.at(x, y) = mix(picture_.at(x, y), colour, std::min(c, 1.0F));
    }
  });
}

void Composition::paint_details(const Draft& draft, const Coverage& coverage, Rgb ground, Rgb around) {
  for (const Detail& detail : draft.outline.details) {
    const Rgb colour = tone_colour(detail.tone, ground, around);
    const Coverage part = rasterise(in_pixels(detail.contours, draft), canvas_.width, canvas_.height);
    for_each_pixel(part, [&](int x, int y, float c) {
      picture_.at(x, y) = mix(picture_.at(x, y), colour, std::min(c, coverage.at_or_zero(x, y)));
    });
  }
}

void Composition::paint_rim(const Coverage& coverage, Rgb ground, Rgb around, Random& random) {
  constexpr float kWidth = 0.007F;  // in units
  const int width = std::max(1, static_cast<int>(std::lround(kWidth / canvas_.pixel_size())));
  const Rgb dark = mix(ground, kBlackTint, 0.8F);
  const Rgb light = mix(ground, kWhiteTint, 0.8F);
  // A rim like the background would only make the object look smaller than its mask.
  const auto shows = [&](Rgb rim) { return distance(rim, around) > kDistinct && distance(rim, ground) > kDistinct; };
  const bool prefers_dark = random.chance(0.6F);
  const Rgb first = prefers_dark ? dark : light;
  const Rgb second = prefers_dark ? light : dark;
  if (!shows(first) && !shows(second)) {
    return;
  }
  const Rgb rim = shows(first) ? first : second;
  const Coverage inside = eroded(coverage, width);
  for_each_pixel(coverage, [&](int x, int y, float c) {
    picture_.at(x, y) = mix(picture_.at(x, y), rim, std::clamp(c - inside.at(x, y), 0.0F, 1.0F));
  });
}

std::vector<SceneObject> Composition::take_objects() {
  for (SceneObject& object : objects_) {
    object.mask = {canvas_.width, canvas_.height, std::vector<std::uint8_t>(owner_.size())};
    object.box = {canvas_.width, canvas_.height, 0, 0};
  }
  for (int y = 0; y < canvas_.height; ++y) {
    for (int x = 0; x < canvas_.width; ++x) {
      const std::size_t pixel = static_cast<std::size_t>(y) * canvas_.width + x;
      if (owner_[pixel] >= 0) {
        SceneObject& object = objects_[owner_[pixel]];
        object.mask.pixels[pixel] = 1;
        object.box = {std::min(object.box[0], x), std::min(object.box[1], y), std::max(object.box[2], x + 1),
                      std::max(object.box[3], y + 1)};
      }
    }
  }
  return std::move(objects_);
}

}  // namespace samcache::scenes

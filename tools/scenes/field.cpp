#include "scenes/field.h"

#include <algorithm>
#include <cmath>

namespace samcache::scenes {
namespace {

template <typename Value>
Field field_of(const Canvas& canvas, const Value& value) {
  Field field(static_cast<std::size_t>(canvas.width) * canvas.height);
  for (int y = 0; y < canvas.height; ++y) {
    for (int x = 0; x < canvas.width; ++x) {
      field[static_cast<std::size_t>(y) * canvas.width + x] = value(canvas.to_units(x, y));
    }
  }
  return field;
}

float eased(float t) { return t * t * (3 - 2 * t); }

struct Step {
  int cell = 0;
  float t = 0;
};

// Where each of `count` pixels lies in a row of `cells` cells.
std::vector<Step> steps(int count, float cells) {
  std::vector<Step> result(count);
  for (int i = 0; i < count; ++i) {
    const float at = (static_cast<float>(i) + 0.5F) * cells / static_cast<float>(count);
    const int cell = static_cast<int>(at);
    result[i] = {cell, eased(at - static_cast<float>(cell))};
  }
  return result;
}

// 0 in the first half of a period, 1 in the second, with soft edges.
float soft_wave(float t, float softness) {
  const float triangle = std::abs(t - std::floor(t) - 0.5F) * 4 - 1;  // -1 to 1
  return std::clamp(0.5F + triangle / softness, 0.0F, 1.0F);
}

// A fixed value from 0 to 1 for a cell.
float cell_value(float column, float row, std::uint64_t salt) {
  Random random(salt ^ (static_cast<std::uint64_t>(static_cast<std::int64_t>(column)) * 0x9E3779B1U) ^
                (static_cast<std::uint64_t>(static_cast<std::int64_t>(row)) << 32));
  return random.uniform();
}

}  // namespace

void add_noise(Field& field, const Canvas& canvas, float bumps_x, float bumps_y, float amplitude, Random& random) {
  // Finer than two pixels would only be drawn, not seen.
  const float cells_x = std::min(bumps_x * canvas.units_wide, static_cast<float>(canvas.width) / 2);
  const float cells_y = std::min(bumps_y * canvas.units_high, static_cast<float>(canvas.height) / 2);
  const int columns = static_cast<int>(cells_x) + 2;
  const int rows = static_cast<int>(cells_y) + 2;
  std::vector<float> lattice(static_cast<std::size_t>(columns) * rows);
  for (float& value : lattice) {
    value = random.range(-amplitude, amplitude);
  }
  const std::vector<Step> across = steps(canvas.width, cells_x);
  const std::vector<Step> down = steps(canvas.height, cells_y);
  std::vector<float> line(columns);
  for (int y = 0; y < canvas.height; ++y) {
    const float* upper = lattice.data() + static_cast<std::size_t>(down[y].cell) * columns;
    for (int c = 0; c < columns; ++c) {
      line[c] = upper[c] + (upper[c + columns] - upper[c]) * down[y].t;
    }
    float* out = field.data() + static_cast<std::size_t>(y) * canvas.width;
    for (int x = 0; x < canvas.width; ++x) {
      const float* at = line.data() + across[x].cell;
      out[x] += at[0] + (at[1] - at[0]) * across[x].t;
    }
  }
}

void add_octaves(Field& field, const Canvas& canvas, float bumps, int octaves, float amplitude, Random& random) {
  for (int octave = 0; octave < octaves; ++octave) {
    add_noise(field, canvas, bumps, bumps, amplitude, random);
    bumps *= 2.1F;
    amplitude *= 0.55F;
  }
}

Field plain_field(const Canvas& canvas) { return Field(static_cast<std::size_t>(canvas.width) * canvas.height, 0.5F); }

Field linear_field(const Canvas& canvas, Random& random) {
  const float angle = random.range(0, 2 * kPi);
  const Point axis = {std::cos(angle), std::sin(angle)};
  return field_of(canvas, [&](Point p) {
    return 0.5F + 0.8F * ((p.x - canvas.units_wide / 2) * axis.x + (p.y - canvas.units_high / 2) * axis.y);
  });
}

Field radial_field(const Canvas& canvas, Random& random) {
  const float x = random.range(0, canvas.units_wide);
  const float y = random.range(0, canvas.units_high);
  const float reach = random.range(0.7F, 1.2F);
  return field_of(canvas, [&](Point p) { return std::sqrt((p.x - x) * (p.x - x) + (p.y - y) * (p.y - y)) / reach; });
}

Field cloud_field(const Canvas& canvas, Random& random) {
  Field field = plain_field(canvas);
  const float bumps = random.range(1.5F, 9.0F);
  add_octaves(field, canvas, bumps, 3 + random.pick(3), random.range(0.3F, 0.6F), random);
  return field;
}

Field stripe_field(const Canvas& canvas, Random& random) {
  const float angle = random.range(0, 2 * kPi);
  const float per_unit = random.range(4.0F, 16.0F);
  const Point axis = {std::cos(angle) * per_unit, std::sin(angle) * per_unit};
  const float softness = random.range(0.3F, 2.0F);
  return field_of(canvas, [&](Point p) { return soft_wave(p.x * axis.x + p.y * axis.y, softness); });
}

Field check_field(const Canvas& canvas, Random& random) {
  const float angle = random.chance(0.5F) ? 0.0F : random.range(0, kPi);
  const float per_unit = random.range(3.0F, 9.0F);
  const Point axis = {std::cos(angle) * per_unit, std::sin(angle) * per_unit};
  return field_of(canvas, [&](Point p) {
    const float u = soft_wave(p.x * axis.x + p.y * axis.y, 0.3F);
    const float v = soft_wave(p.y * axis.x - p.x * axis.y, 0.3F);
    return u + v - 2 * u * v;
  });
}

Field brick_field(const Canvas& canvas, Random& random) {
  const float rows = random.range(7.0F, 16.0F);
  const float columns = rows * random.range(0.35F, 0.6F);
  const float mortar = random.range(0.08F, 0.14F);  // of a row
  const std::uint64_t salt = random.bits();
  return field_of(canvas, [&](Point p) {
    const float v = p.y * rows;
    const float row = std::floor(v);
    const float u = p.x * columns + row * 0.5F;
    const float column = std::floor(u);
    if (v - row < mortar || u - column < mortar * columns / rows) {
      return 1.0F;
    }
    return 0.45F * cell_value(column, row, salt);
  });
}

Field wood_field(const Canvas& canvas, Random& random) {
  Field field(static_cast<std::size_t>(canvas.width) * canvas.height);
  const bool upright = random.chance(0.3F);
  const float along = random.range(0.6F, 1.5F);
  const float across = random.range(4.0F, 7.0F);
  add_noise(field, canvas, upright ? across : along, upright ? along : across, 1.2F, random);
  const float rings = random.range(6.0F, 16.0F);
  for (int y = 0; y < canvas.height; ++y) {
    for (int x = 0; x < canvas.width; ++x) {
      const Point p = canvas.to_units(x, y);
      float& value = field[static_cast<std::size_t>(y) * canvas.width + x];
      const float ring = (upright ? p.x : p.y) * rings + value;
      const float t = ring - std::floor(ring);
      value = t < 0.8F ? t * 0.9F : (1 - t) * 3.6F;
    }
  }
  add_noise(field, canvas, upright ? 90.0F : 5.0F, upright ? 5.0F : 90.0F, 0.25F, random);
  return field;
}

Field grass_field(const Canvas& canvas, Random& random) {
  Field field = plain_field(canvas);
  add_octaves(field, canvas, random.range(2.0F, 5.0F), 2, 0.25F, random);
  const float blades = random.range(50.0F, 90.0F);
  add_noise(field, canvas, blades, blades * 0.3F, 0.4F, random);
  add_noise(field, canvas, blades * 1.3F, blades * 0.6F, 0.3F, random);
  return field;
}

}  // namespace samcache::scenes

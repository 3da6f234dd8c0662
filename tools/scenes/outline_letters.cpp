// Block capitals from straight strokes.
#include "scenes/contours.h"
#include "scenes/outline.h"

namespace samcache::scenes {
namespace {

// Writes into a box of that width and height 1. `weight` is how thick a stroke is.
class Pen {
 public:
  Pen(float width, float weight) : width_(width), weight_(weight) {}

  void upright(float x) { box(x, 0, x + weight_, 1); }
  void bar(float y, float from, float to) { box(from, y, to, y + weight_); }
  // A slanting stroke with level ends; x is where its left edge is.
  void slant(float x0, float y0, float x1, float y1) {
    const float across = weight_ * 1.12F;  // level, so wider than the stroke is thick
    contours_.push_back(polygon({{x0, y0}, {x0 + across, y0}, {x1 + across, y1}, {x1, y1}}));
  }

  float left() const { return 0; }
  float right() const { return width_ - weight_; }  // left edge of an upright at the right
  float slant_right() const { return width_ - weight_ * 1.12F; }
  float slant_middle() const { return slant_right() / 2; }
  float bottom() const { return 1 - weight_; }
  float middle() const { return (1 - weight_) / 2; }
  float weight() const { return weight_; }
  float width() const { return width_; }

  std::vector<Contour> take() { return std::move(contours_); }

 private:
  void box(float x0, float y0, float x1, float y1) {
    contours_.push_back(polygon({{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}));
  }

  float width_;
  float weight_;
  std::vector<Contour> contours_;
};

void write(char letter, Pen& pen) {
  switch (letter) {
    case 'A':
      pen.slant(pen.left(), 1, pen.slant_middle(), 0);
      pen.slant(pen.slant_right(), 1, pen.slant_middle(), 0);
      pen.bar(0.6F, pen.width() * 0.25F, pen.width() * 0.75F);
      break;
    case 'E': pen.bar(pen.bottom(), 0, pen.width()); [[fallthrough]];
    case 'F':
      pen.upright(pen.left());
      pen.bar(0, 0, pen.width());
      pen.bar(pen.middle(), 0, pen.width() * 0.85F);
      break;
    case 'H':
      pen.upright(pen.left());
      pen.upright(pen.right());
      pen.bar(pen.middle(), 0, pen.width());
      break;
    case 'K':
      pen.upright(pen.left());
      pen.slant(pen.weight() * 0.6F, 0.5F, pen.slant_right(), 0);
      pen.slant(pen.weight() * 0.6F, 0.5F, pen.slant_right(), 1);
      break;
    case 'L':
      pen.upright(pen.left());
      pen.bar(pen.bottom(), 0, pen.width());
      break;
    case 'M':
      pen.upright(pen.left());
      pen.upright(pen.right());
      pen.slant(pen.left(), 0, pen.slant_middle(), 0.75F);
      pen.slant(pen.slant_right(), 0, pen.slant_middle(), 0.75F);
      break;
    case 'N':
      pen.upright(pen.left());
      pen.upright(pen.right());
      pen.slant(pen.left(), 0, pen.slant_right(), 1);
      break;
    case 'T':
      pen.upright(pen.right() / 2);
      pen.bar(0, 0, pen.width());
      break;
    case 'V':
      pen.slant(pen.left(), 0, pen.slant_middle(), 1);
      pen.slant(pen.slant_right(), 0, pen.slant_middle(), 1);
      break;
    case 'X':
      pen.slant(pen.left(), 0, pen.slant_right(), 1);
      pen.slant(pen.slant_right(), 0, pen.left(), 1);
      break;
    case 'Z':
      pen.bar(0, 0, pen.width());
      pen.bar(pen.bottom(), 0, pen.width());
      pen.slant(pen.slant_right(), pen.weight() / 2, pen.left(), 1 - pen.weight() / 2);
      break;
    default: break;
  }
}

}  // namespace

Outline letter_outline(Random& random) {
  constexpr char kLetters[] = {'A', 'E', 'F', 'H', 'K', 'L', 'M', 'N', 'T', 'V', 'X', 'Z'};
  const char letter = kLetters[random.pick(static_cast<int>(sizeof kLetters))];
  const float weight = random.range(0.2F, 0.25F);
  // Three uprights need room to stay apart.
  Pen pen(letter == 'M' ? random.range(0.98F, 1.1F) : random.range(0.72F, 0.88F), weight);
  write(letter, pen);
  return {pen.take(), {}};
}

}  // namespace samcache::scenes

// The geometry encoder: exemplar boxes and points become prompt tokens.
//
// A token a shape: where it is, what the image shows there, whether it is positive. They attend to each other and to
// the image. A class token that stands for the whole prompt comes last and is always there, so that a prompt without
// exemplars is one token, which depends on the image alone. Source: facebookresearch/sam3,
// sam3/model/geometry_encoders.py.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "model/encoder_layer.h"
#include "model/position_encoding.h"

namespace samcache {

// In units of the picture's sides.
struct GeometryPrompt {
  struct Box {
    std::array<float, 4> cxcywh{};
    bool positive = true;
  };
  struct Point {
    std::array<float, 2> xy{};
    bool positive = true;
  };
  std::vector<Box> boxes;
  std::vector<Point> points;

  bool empty() const { return boxes.empty() && points.empty(); }
};

// Exemplar boxes as values of the runner, for a graph that is made before there are any.
struct ExemplarBoxes {
  Value cxcywh;   // [1, N, 4] in units of the picture's sides
  Value labels;   // [1, N] integers: 1 positive, 0 negative
  Value regions;  // [N, d, roi, roi]: what RoIAlign (region_sampling.h) reads off ImagePart::pooled_from
};

class GeometryEncoder {
 public:
  // Weights come from "detector.geometry_encoder.".
  GeometryEncoder(Ops& ops, const Sam3Config& config, const WeightScope& scope);

  // Points need three projections that only checkpoints in Meta's naming hold.
  bool takes_points() const { return points_.has_value(); }

  // What depends on the image alone.
  struct ImagePart {
    Value pooled_from;                    // [1, C, G, G]: the map that boxes and points are read off
    std::vector<KeysValues> keys_values;  // of the image, a pair for each layer
    Value no_exemplars;                   // [1, 1, d]: the tokens of an empty prompt
  };
  // image [1, G*G, d]: the detector's coarsest level, raw; positions [1, G*G, d]
  ImagePart prepare(Ops& ops, const Value& image, const Value& positions) const;

  // -> [1, points + boxes + 1, d]. Requires takes_points() if there are points.
  Value operator()(Ops& ops, const ImagePart& image, const GeometryPrompt& prompt) const;
  // The same for boxes alone, of which there may be none -> [1, N + 1, d].
  Value operator()(Ops& ops, const ImagePart& image, const ExemplarBoxes& boxes) const;

 private:
  struct PointProjections {
    Linear direct, pool, position;
  };
  Value box_tokens(Ops& ops, const ExemplarBoxes& boxes) const;
  Value point_tokens(Ops& ops, const Value& map, const std::vector<GeometryPrompt::Point>& points) const;
  // tokens [1, N, d] with the class token last
  Value encode(Ops& ops, const ImagePart& image, const Value& tokens) const;

  int grid_;
  int width_;
  int roi_size_;
  SineEncoding sine_;
  Value label_embed_;  // [2, d]: negative, positive
  Value cls_embed_;    // [1, 1, d]
  Linear boxes_direct_, boxes_position_;
  Conv2d boxes_pool_;
  std::optional<PointProjections> points_;
  Linear final_proj_;
  LayerNorm norm_, image_norm_, encode_norm_;
  std::vector<EncoderLayer> layers_;
};

}  // namespace samcache

// Sine position codes of the detector: of grids, boxes and points.
//
// With F = width / 2 features for a coordinate, feature i is sin (i even) or cos (i odd) of
// coordinate / 10000^(2 floor(i / 2) / F). Source: facebookresearch/sam3, sam3/model/position_encoding.py.
#pragma once

#include "model/ops.h"

namespace samcache {

class SineEncoding {
 public:
  // width: of a whole position code, two coordinates.
  SineEncoding(Ops& ops, int width);

  // coordinates [B, N, K] in units of the picture's side -> [B, N, K, F]; angles are coordinate * 2 pi.
  Value operator()(Ops& ops, const Value& coordinates) const;

 private:
  Value frequencies_;  // [F / 2], 2 pi included
};

// Position code of every cell of a grid, row by row, the row's half first: [1, side * side, width]. Rows and columns
// count from 1 to `side`, which is (nearly) 2 pi.
Value grid_positions(Ops& ops, int side, int width);

}  // namespace samcache

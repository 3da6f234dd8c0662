// What this machine could do at best: the limits that measured times are held against.
#pragma once

#include "engine/engine.h"

namespace samcache {

// Operations (a multiply and an add are two) of one encode of one picture: the trunk's products, attention included.
double trunk_operations(const Sam3Config& config);
// The same for deriving an interactive encoding from a trunk, as the official code computes it.
double neck_operations(const Sam3Config& config);

// Operations of a concept prompt by part, as this engine computes them: of two ways to the same result the one with
// fewer counts.
struct ConceptOperations {
  double prepare = 0;  // once per image, from a detector encoding
  double text = 0;     // once per text, of a few words
  double fusion = 0;
  double decoder = 0;
  double masks = 0;     // what all masks share
  double per_mask = 0;  // at low resolution

  double prompt(int masks_found) const { return fusion + decoder + masks + masks_found * per_mask; }
};
ConceptOperations concept_operations(const Sam3Config& config);
// Bytes of the matrices that one text is multiplied with: with a few tokens, reading them takes longer than
// multiplying.
double text_matrix_bytes(const EngineInfo& info);

// Operations per second of plain matrix products of the trunk's four sizes, in the precision and with the threads of
// `info`, weighted as the trunk uses them: the best of `rounds` rounds.
double measure_matrix_rate(const EngineInfo& info, int rounds);

// Bytes per second of one thread reading memory that is in no cache: the best of `rounds` rounds.
double measure_read_bandwidth(int rounds);

}  // namespace samcache

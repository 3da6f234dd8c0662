/**
 * From the decoder's candidates to the masks an annotator sees: choice, cleaning, enlargement. The same rules as the
 * server's (src/model/mask_selection), so that both give the same masks.
 */

/** When the first candidate gives way to the best of the others; `GET /models/current` says it. */
export interface StabilityRule {
  fallback: boolean;
  delta: number;
  threshold: number;
}

const filledLogit = 10;

/** |{logit > delta}| / |{logit > -delta}|, 1 when both are empty. */
export function stabilityScore(logits: Float32Array, delta: number): number {
  let inner = 0;
  let outer = 0;
  for (let i = 0; i < logits.length; ++i) {
    const logit = logits[i];
    if (logit > delta) ++inner;
    if (logit > -delta) ++outer;
  }
  return outer === 0 ? 1 : inner / outer;
}

/**
 * Which candidates to answer with, best first. `scores` are of the candidates; the first one answers an unambiguous
 * prompt, the others are the alternatives of an ambiguous one.
 */
export function selectCandidates(
  rule: StabilityRule,
  firstMask: Float32Array,
  scores: Float32Array,
  multimask: boolean,
): number[] {
  const alternatives = Array.from(scores.keys())
    .slice(1)
    .sort((a, b) => scores[b] - scores[a]);
  if (multimask) return alternatives;
  if (!rule.fallback || alternatives.length === 0) return [0];
  const delta = Math.fround(rule.delta);
  return stabilityScore(firstMask, delta) >= rule.threshold ? [0] : [alternatives[0]];
}

/** The official limit is meant for masks of 288 x 288 pixels: here the same part of a mask of side x side. */
export function maxHoleArea(side: number): number {
  return Math.floor((256 * side * side) / (288 * 288));
}

/** Fills regions of background of up to `maxArea` pixels, 8-connected, in place. */
export function fillHoles(logits: Float32Array, side: number, maxArea: number): void {
  const regions = labelBackground(logits, side);
  const areas = new Int32Array(logits.length);
  for (let i = 0; i < logits.length; ++i) {
    const label = regions[i];
    if (label >= 0) ++areas[label];
  }
  for (let i = 0; i < logits.length; ++i) {
    const label = regions[i];
    if (label >= 0 && areas[label] <= maxArea) logits[i] = filledLogit;
  }
}

/** Of each pixel its region's first pixel; -1 in the foreground. Union-find over one scan. */
function labelBackground(logits: Float32Array, side: number): Int32Array {
  const parent = new Int32Array(logits.length).fill(-1);
  const root = (of: number): number => {
    let at = of;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]];
      at = parent[at];
    }
    return at;
  };
  const join = (i: number, neighbour: number) => {
    if (parent[neighbour] < 0) return;
    const a = root(i);
    const b = root(neighbour);
    if (a < b) parent[b] = a;
    else parent[a] = b;
  };
  for (let y = 0, i = 0; y < side; ++y) {
    for (let x = 0; x < side; ++x, ++i) {
      if (logits[i] > 0) continue;
      parent[i] = i;
      if (x > 0) join(i, i - 1);
      if (y === 0) continue;
      join(i, i - side);
      if (x > 0) join(i, i - side - 1);
      if (x + 1 < side) join(i, i - side + 1);
    }
  }
  for (let i = 0; i < parent.length; ++i) {
    if (parent[i] >= 0) parent[i] = root(i);
  }
  return parent;
}

/**
 * Masks as polygons and back. Coordinates are those of pixel corners: the pixel (x, y) is the square from (x, y) to
 * (x + 1, y + 1). A ring closes by itself: its first point is not repeated.
 */
import type { Mask } from './mask';
import { rowRange } from './row-spans';
import type { RowSpans } from './row-spans';
import { simplified } from './simplify';
import type { Point } from './types';

export type Ring = Point[];

/** One region of pixels that touch, corners included. */
export interface Polygon {
  /** Clockwise as seen on the screen. */
  outer: Ring;
  /** The other way round. */
  holes: Ring[];
}

/**
 * The regions in the order of their topmost, then leftmost pixels. Corners no further than `tolerance` pixels from the
 * simplified outline are left out; 0 keeps the pixel outline, which gives the mask back exactly.
 */
export function polygons(mask: Mask, tolerance = 0): Polygon[] {
  const spans = mask.rowSpans();
  const next = linkEdges(spans);
  const regionOf = new Int32Array(spans.ends.length).fill(-1);
  const found: Polygon[] = [];
  for (let y = 0; y < spans.height; ++y) {
    const [begin, end] = rowRange(spans, y);
    for (let edge = begin; edge < end; ++edge) {
      if (regionOf[edge] >= 0) continue;
      // An outline is met first in its topmost row. Where it leaves a stretch there it is a hole's, in the region of
      // that stretch, whose other end has been visited.
      const isHole = isRight(edge);
      const region = isHole ? regionOf[edge - 1] : found.length;
      const ring = simplified(followEdges(spans, next, edge, y, region, regionOf), tolerance);
      if (isHole) found[region].holes.push(ring);
      else found.push({ outer: ring, holes: [] });
    }
  }
  return found;
}

export function ringsOf(regions: readonly Polygon[]): Ring[] {
  return regions.flatMap((region) => [region.outer, ...region.holes]);
}

// The ends of all stretches are the vertical edges of the outline, one row high. With the inside on the right hand, an
// edge at a left end leads up, one at a right end down; stretches begin at even places.
function isRight(edge: number): boolean {
  return edge % 2 === 1;
}

/**
 * Which vertical edge follows each one. On the line between two rows, the ends of both rows together, from left to
 * right, are paired: between the two of a pair the rows differ, so the outline runs along the line. Where they meet at
 * one place, left ends come first, which joins regions that touch by a corner.
 */
function linkEdges(spans: RowSpans): Uint32Array {
  const next = new Uint32Array(spans.ends.length);
  for (let line = 0; line <= spans.height; ++line) {
    let [above, aboveEnd] = rowRange(spans, line - 1);
    let [below, belowEnd] = rowRange(spans, line);
    let waiting = -1;
    let waitingArrives = false;
    while (above < aboveEnd || below < belowEnd) {
      const isAbove = below === belowEnd || (above < aboveEnd && comesFirst(spans.ends, above, below));
      const edge = isAbove ? above++ : below++;
      const arrives = isAbove === isRight(edge);
      if (waiting < 0) {
        waiting = edge;
        waitingArrives = arrives;
      } else {
        if (waitingArrives) next[waiting] = edge;
        else next[edge] = waiting;
        waiting = -1;
      }
    }
  }
  return next;
}

function comesFirst(ends: Uint32Array, a: number, b: number): boolean {
  return ends[a] !== ends[b] ? ends[a] < ends[b] : !isRight(a);
}

function followEdges(
  spans: RowSpans,
  next: Uint32Array,
  start: number,
  startRow: number,
  region: number,
  regionOf: Int32Array,
): Ring {
  const ring: Ring = [];
  let edge = start;
  let row = startRow;
  do {
    regionOf[edge] = region;
    const following = next[edge];
    const line = isRight(edge) ? row + 1 : row;
    const [x, toX] = [spans.ends[edge], spans.ends[following]];
    if (x !== toX) ring.push({ x, y: line }, { x: toX, y: line });
    row = isRight(following) ? line : line - 1;
    edge = following;
  } while (edge !== start);
  return ring;
}

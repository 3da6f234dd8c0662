import type { Point } from './types';

/** Beyond this many comparisons a bridge starts anywhere: a short one only looks better. */
const maxComparisons = 16_000_000;

/**
 * One ring for several, for formats that know neither holes nor parts: each further ring hangs on the first by a
 * bridge that is walked in both directions, which fills to the same pixels in every reader.
 */
export function joinedRing(rings: readonly (readonly Point[])[]): Point[] {
  const [first, ...others] = rings;
  const search = others.length < maxComparisons / Math.max(first.length, 1);
  const hanging = new Map<number, (readonly Point[])[]>();
  for (const ring of others) {
    const at = search ? nearestIndex(first, ring[0]) : 0;
    hanging.set(at, [...(hanging.get(at) ?? []), ring]);
  }
  return first.flatMap((point, i) => [point, ...(hanging.get(i) ?? []).flatMap((ring) => [...ring, ring[0], point])]);
}

function nearestIndex(ring: readonly Point[], to: Point): number {
  let nearest = 0;
  let nearest2 = Infinity;
  ring.forEach((point, i) => {
    const distance2 = (point.x - to.x) ** 2 + (point.y - to.y) ** 2;
    if (distance2 < nearest2) {
      nearest2 = distance2;
      nearest = i;
    }
  });
  return nearest;
}

import type { Point } from './types';

/** Douglas-Peucker is quadratic on outlines that are made to be so; corners kept at this distance bound it. */
const maxSpan = 4096;

/** The ring without the corners that lie within `tolerance` of it. One that would collapse stays as it is. */
export function simplified(ring: Point[], tolerance: number): Point[] {
  if (tolerance <= 0 || ring.length <= 4) return ring;
  const anchors = [0, farthestFromFirst(ring), ring.length];
  for (let i = maxSpan; i < ring.length; i += maxSpan) anchors.push(i);
  anchors.sort((a, b) => a - b);
  const keep = new Uint8Array(ring.length);
  for (let i = 0; i + 1 < anchors.length; ++i) {
    keep[anchors[i]] = 1;
    keepFarCorners(ring, anchors[i], anchors[i + 1], tolerance, keep);
  }
  const kept = ring.filter((_, i) => keep[i] === 1);
  return kept.length >= 3 ? kept : ring;
}

/** Between the corners `begin` and `end`; the ring's length as an index means its first corner again. */
function keepFarCorners(ring: Point[], begin: number, end: number, tolerance: number, keep: Uint8Array): void {
  const spans: [number, number][] = [[begin, end]];
  for (let span = spans.pop(); span !== undefined; span = spans.pop()) {
    const [from, to] = span;
    let farthest = to;
    let farthest2 = tolerance * tolerance;
    for (let i = from + 1; i < to; ++i) {
      const distance2 = squaredDistance(ring[i], ring[from], ring[to % ring.length]);
      if (distance2 > farthest2) {
        farthest2 = distance2;
        farthest = i;
      }
    }
    if (farthest === to) continue;
    keep[farthest] = 1;
    spans.push([from, farthest], [farthest, to]);
  }
}

/** Of a point from the segment between a and b. */
function squaredDistance(point: Point, a: Point, b: Point): number {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const px = point.x - a.x;
  const py = point.y - a.y;
  const length2 = dx * dx + dy * dy;
  const along = length2 > 0 ? Math.min(Math.max((px * dx + py * dy) / length2, 0), 1) : 0;
  return (px - along * dx) ** 2 + (py - along * dy) ** 2;
}

function farthestFromFirst(ring: Point[]): number {
  let farthest = 0;
  let farthest2 = 0;
  ring.forEach((point, i) => {
    const distance2 = (point.x - ring[0].x) ** 2 + (point.y - ring[0].y) ** 2;
    if (distance2 > farthest2) {
      farthest2 = distance2;
      farthest = i;
    }
  });
  return farthest;
}

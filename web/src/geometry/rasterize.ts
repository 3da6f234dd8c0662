import { Mask } from './mask';
import { firstCentre } from './pixel-centre';
import { RunBuilder } from './runs';
import type { Point } from './types';

/** More than any real outline asks for. */
const maxCrossings = 20_000_000;

/**
 * Fills rings by the even-odd rule: a pixel is inside when its centre is. Rings may lie outside of the image in part.
 * Throws a RangeError for coordinates that are not finite and for rings that ask for too much work.
 */
export function rasterize(rings: readonly (readonly Point[])[], width: number, height: number): Mask {
  const rows = new CrossingRows(height);
  for (const ring of rings) forEachEdge(ring, (a, b) => rows.count(a, b));
  rows.reserve();
  for (const ring of rings) forEachEdge(ring, (a, b) => rows.add(a, b));
  const out = new RunBuilder();
  for (let y = 0; y < height; ++y) {
    const crossings = rows.sorted(y);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      out.add(y * width + firstCentre(crossings[i], width), y * width + firstCentre(crossings[i + 1], width));
    }
  }
  return Mask.fromRuns(width, height, out.finish(width * height));
}

function forEachEdge(ring: readonly Point[], visit: (a: Point, b: Point) => void): void {
  ring.forEach((a, i) => {
    if (!Number.isFinite(a.x) || !Number.isFinite(a.y)) {
      throw new RangeError(`point ${i} of a polygon is (${a.x}, ${a.y})`);
    }
    visit(a, ring[(i + 1) % ring.length]);
  });
}

/** Where the edges cross the centre line of each row. */
class CrossingRows {
  private readonly first: Uint32Array;
  private readonly filled: Uint32Array;
  private crossings = new Float64Array(0);
  private total = 0;

  constructor(private readonly height: number) {
    this.first = new Uint32Array(height + 1);
    this.filled = new Uint32Array(height);
  }

  count(a: Point, b: Point): void {
    const [begin, end] = this.rowsOf(a, b);
    this.total += end - begin;
    if (this.total > maxCrossings) throw new RangeError('the polygon crosses too many rows: simplify it');
    for (let y = begin; y < end; ++y) ++this.first[y + 1];
  }

  reserve(): void {
    for (let y = 0; y < this.height; ++y) this.first[y + 1] += this.first[y];
    this.crossings = new Float64Array(this.total);
  }

  add(a: Point, b: Point): void {
    const [begin, end] = this.rowsOf(a, b);
    const slope = (b.x - a.x) / (b.y - a.y);
    for (let y = begin; y < end; ++y) {
      this.crossings[this.first[y] + this.filled[y]++] = a.x + (y + 0.5 - a.y) * slope;
    }
  }

  sorted(y: number): Float64Array {
    return this.crossings.subarray(this.first[y], this.first[y + 1]).sort();
  }

  private rowsOf(a: Point, b: Point): [number, number] {
    return [firstCentre(Math.min(a.y, b.y), this.height), firstCentre(Math.max(a.y, b.y), this.height)];
  }
}

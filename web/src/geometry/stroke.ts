/** What a round brush covers, as run lengths. */
import { afterLastCentre, firstCentre } from './pixel-centre';
import { RunBuilder } from './runs';
import type { Runs } from './runs';
import type { Point } from './types';

/**
 * All pixels whose centre is at most `radius` from the path. Costs time by the rows that the brush passes, never by the
 * size of the image.
 */
export function strokeRuns(path: readonly Point[], radius: number, width: number, height: number): Runs {
  const points = path.filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y));
  const stroke = new StrokeRows(points, radius, width, height);
  points.forEach((point, i) => stroke.addSegment(points[Math.max(i - 1, 0)], point));
  return stroke.finish();
}

class StrokeRows {
  /** Rows that the stroke can touch. */
  private readonly y0: number;
  private readonly y1: number;
  /**
   * The stretch of each of these rows that is being made longer. A stroke goes on where it was, so nearly every new
   * stretch of a row overlaps the one before; the few that do not are put aside.
   */
  private readonly from: Int32Array;
  private readonly to: Int32Array;
  /** Each as one number: `first pixel * (width + 1) + length`. */
  private readonly aside: number[] = [];
  /** Of the segment in hand, in the row in hand. */
  private left = 0;
  private right = 0;

  constructor(
    points: readonly Point[],
    private readonly radius: number,
    private readonly width: number,
    private readonly height: number,
  ) {
    let top = Infinity;
    let bottom = -Infinity;
    for (const { y } of points) {
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
    this.y0 = firstCentre(top - radius, height);
    this.y1 = Math.max(this.y0, afterLastCentre(bottom + radius, height));
    this.from = new Int32Array(this.y1 - this.y0);
    this.to = new Int32Array(this.y1 - this.y0);
  }

  /** A capsule: both ends are discs, and two parallel sides join them. */
  addSegment(a: Point, b: Point): void {
    const length = Math.hypot(b.x - a.x, b.y - a.y);
    const acrossX = length > 0 ? (-(b.y - a.y) / length) * this.radius : 0;
    const acrossY = length > 0 ? ((b.x - a.x) / length) * this.radius : 0;
    const end = afterLastCentre(Math.max(a.y, b.y) + this.radius, this.height);
    for (let y = firstCentre(Math.min(a.y, b.y) - this.radius, this.height); y < end; ++y) {
      this.left = Infinity;
      this.right = -Infinity;
      this.widenByDisc(a, y + 0.5);
      this.widenByDisc(b, y + 0.5);
      this.widenBySide(a.x + acrossX, a.y + acrossY, b.x + acrossX, b.y + acrossY, y + 0.5);
      this.widenBySide(a.x - acrossX, a.y - acrossY, b.x - acrossX, b.y - acrossY, y + 0.5);
      this.addStretch(y, firstCentre(this.left, this.width), afterLastCentre(this.right, this.width));
    }
  }

  finish(): Runs {
    for (let y = this.y0; y < this.y1; ++y) this.putAside(y);
    const stretches = Float64Array.from(this.aside).sort();
    const out = new RunBuilder(2 * stretches.length + 2);
    let covered = 0;
    for (const stretch of stretches) {
      const start = Math.floor(stretch / (this.width + 1));
      const end = start + (stretch % (this.width + 1));
      out.add(Math.max(start, covered), end);
      covered = Math.max(covered, end);
    }
    return out.finish(this.width * this.height);
  }

  private widenByDisc(centre: Point, y: number): void {
    const half = this.radius * this.radius - (y - centre.y) * (y - centre.y);
    if (half < 0) return;
    this.left = Math.min(this.left, centre.x - Math.sqrt(half));
    this.right = Math.max(this.right, centre.x + Math.sqrt(half));
  }

  private widenBySide(x0: number, y0: number, x1: number, y1: number, y: number): void {
    if (y0 <= y === y1 <= y) return;
    const x = x0 + ((y - y0) / (y1 - y0)) * (x1 - x0);
    this.left = Math.min(this.left, x);
    this.right = Math.max(this.right, x);
  }

  private addStretch(y: number, from: number, to: number): void {
    if (from >= to) return;
    const row = y - this.y0;
    const empty = this.from[row] === this.to[row];
    if (!empty && from <= this.to[row] && to >= this.from[row]) {
      this.from[row] = Math.min(this.from[row], from);
      this.to[row] = Math.max(this.to[row], to);
      return;
    }
    this.putAside(y);
    this.from[row] = from;
    this.to[row] = to;
  }

  private putAside(y: number): void {
    const row = y - this.y0;
    const length = this.to[row] - this.from[row];
    if (length > 0) this.aside.push((y * this.width + this.from[row]) * (this.width + 1) + length);
  }
}

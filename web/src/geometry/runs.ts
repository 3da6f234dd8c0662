/**
 * Run lengths: how many pixels are outside, inside, outside … in turn, beginning outside, in reading order.
 *
 * They are canonical: no run but the first is empty, and they add up to all pixels, so that equal masks have equal
 * runs. Everything here costs time by the runs, not by the pixels.
 */
import type { RowSpans } from './row-spans';
import { rowSpans, visitChanges } from './row-spans';

export type Runs = Uint32Array;

/** A mask of so many is noise, or was made to fill the memory: a few run lengths can stand for columns of stripes. */
const maxEdges = 1 << 25;

/** Collects stretches of inside pixels in order, and joins those that touch. */
export class RunBuilder {
  private runs: Uint32Array;
  private count = 0;
  private end = 0;

  constructor(capacity = 64) {
    this.runs = new Uint32Array(Math.max(capacity, 4));
  }

  /** The pixels from `start` up to `end`; `start` must not lie before the end of the stretch before. */
  add(start: number, end: number): void {
    if (start >= end) return;
    if (start === this.end && this.count > 0) {
      this.runs[this.count - 1] += end - start;
    } else {
      if (this.count + 3 > this.runs.length) this.grow();
      this.runs[this.count++] = start - this.end;
      this.runs[this.count++] = end - start;
    }
    this.end = end;
  }

  /** The runs of all `total` pixels. */
  finish(total: number): Runs {
    if (this.end < total) this.runs[this.count++] = total - this.end;
    return this.runs.slice(0, this.count);
  }

  private grow(): void {
    const larger = new Uint32Array(this.runs.length * 2);
    larger.set(this.runs);
    this.runs = larger;
  }
}

/** Which pixels of two masks are kept: bit `inA + 2 inB` says it. */
export const Keep = { union: 0b1110, difference: 0b0010 } as const;

export function combineRuns(a: Runs, b: Runs, total: number, keep: number): Runs {
  const out = new RunBuilder(a.length + b.length + 2);
  visitBoth(a, b, total, (start, end, state) => {
    if ((keep >> state) & 1) out.add(start, end);
  });
  return out.finish(total);
}

export function commonArea(a: Runs, b: Runs, total: number): number {
  let area = 0;
  visitBoth(a, b, total, (start, end, state) => {
    if (state === 3) area += end - start;
  });
  return area;
}

/** Calls `visit` for every stretch in which neither mask changes; `state` is `inA + 2 inB`. */
function visitBoth(a: Runs, b: Runs, total: number, visit: (start: number, end: number, state: number) => void): void {
  let i = 0;
  let j = 0;
  let endA = a[0];
  let endB = b[0];
  for (let at = 0; at < total;) {
    const end = Math.min(endA, endB);
    visit(at, end, (i & 1) | ((j & 1) << 1));
    at = end;
    if (endA === end) endA += a[++i];
    if (endB === end) endB += b[++j];
  }
}

/** The runs of the mirrored mask, `height` wide and `width` high: rows have become columns. */
export function transposeRuns(runs: Runs, width: number, height: number): Runs {
  const spans = rowSpans(runs, width, height);
  const { first, rows } = changesByColumn(spans, width);
  const out = new RunBuilder(rows.length + 2);
  for (let x = 0; x < width; ++x) {
    for (let i = first[x]; i < first[x + 1]; i += 2) {
      out.add(x * height + rows[i], x * height + rows[i + 1]);
    }
  }
  return out.finish(width * height);
}

/** Column by column the rows at which it changes, from the top: those of x are `rows[first[x]]` to `rows[first[x+1]]`. */
function changesByColumn(spans: RowSpans, width: number): { first: Uint32Array; rows: Uint32Array } {
  const steps = new Int32Array(width + 1);
  visitChanges(spans, (_, x0, x1) => {
    ++steps[x0];
    --steps[x1];
  });
  const first = new Uint32Array(width + 1);
  for (let x = 0, here = 0; x < width; ++x) {
    here += steps[x];
    first[x + 1] = first[x] + here;
  }
  if (first[width] > maxEdges)
    throw new RangeError(`the mask has ${first[width]} edges, over the limit of ${maxEdges}`);
  const rows = new Uint32Array(first[width]);
  const next = first.slice();
  visitChanges(spans, (y, x0, x1) => {
    for (let x = x0; x < x1; ++x) rows[next[x]++] = y;
  });
  return { first, rows };
}

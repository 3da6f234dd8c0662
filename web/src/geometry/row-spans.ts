/** A mask row by row: where each row enters and leaves the mask. */

export interface RowSpans {
  readonly height: number;
  /** The ends of row y are `ends[first[y]]` up to `ends[first[y + 1]]`. */
  readonly first: Uint32Array;
  /** In each row x of the first pixel inside, x of the first one outside again, and so on. */
  readonly ends: Uint32Array;
}

export function rowSpans(runs: Uint32Array, width: number, height: number): RowSpans {
  const first = new Uint32Array(height + 1);
  const ends = new Uint32Array(2 * countSpans(runs, width));
  let filled = 0;
  let row = 0;
  visitSpans(runs, width, (y, x0, x1) => {
    while (row < y) first[++row] = filled;
    ends[filled++] = x0;
    ends[filled++] = x1;
  });
  while (row < height) first[++row] = filled;
  return { height, first, ends };
}

/** Calls `visit` for every stretch of inside pixels in every row, in reading order. */
export function visitSpans(runs: Uint32Array, width: number, visit: (y: number, x0: number, x1: number) => void): void {
  let y = 0;
  let rowEnd = width;
  for (let i = 1, at = runs[0]; i < runs.length; i += 2) {
    let left = runs[i];
    if (at >= rowEnd) {
      y = Math.floor(at / width);
      rowEnd = (y + 1) * width;
    }
    while (left > 0) {
      const length = Math.min(left, rowEnd - at);
      const x = at - rowEnd + width;
      visit(y, x, x + length);
      at += length;
      left -= length;
      if (left > 0) {
        ++y;
        rowEnd += width;
      }
    }
    at += i + 1 < runs.length ? runs[i + 1] : 0;
  }
}

function countSpans(runs: Uint32Array, width: number): number {
  let count = 0;
  visitSpans(runs, width, () => ++count);
  return count;
}

/**
 * Calls `visit` for every stretch of columns in which row y differs from the row above it; the mask is surrounded by
 * empty rows, so y goes from 0 to the height.
 */
export function visitChanges(spans: RowSpans, visit: (y: number, x0: number, x1: number) => void): void {
  const { height, ends } = spans;
  for (let y = 0; y <= height; ++y) {
    let [above, aboveEnd] = rowRange(spans, y - 1);
    let [below, belowEnd] = rowRange(spans, y);
    let start = -1;
    while (above < aboveEnd || below < belowEnd) {
      const fromAbove = below === belowEnd || (above < aboveEnd && ends[above] <= ends[below]);
      const x = fromAbove ? ends[above++] : ends[below++];
      if (start < 0) {
        start = x;
      } else {
        if (start < x) visit(y, start, x);
        start = -1;
      }
    }
  }
}

/** Where the ends of a row begin and end; no row lies above the first and below the last one. */
export function rowRange(spans: RowSpans, y: number): [number, number] {
  return y < 0 || y >= spans.height ? [0, 0] : [spans.first[y], spans.first[y + 1]];
}

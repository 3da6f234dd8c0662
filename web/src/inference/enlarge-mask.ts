/**
 * Logits at the model's size -> the mask at the image's size: bilinear (torch's, align_corners=False), then > 0.
 *
 * The answer is run lengths, and the work is little more than the outline's: between two neighbouring source columns of
 * one sign the interpolated logits have that sign too, so only where the sign changes pixels are looked at one by one. A
 * mask of 24 megapixels takes milliseconds.
 */
import { RunBuilder } from '../geometry/runs';
import type { Runs } from '../geometry/runs';

/** Where each target pixel falls between two source pixels. */
interface Positions {
  first: Int32Array;
  weight: Float32Array; // of the second
}

function positionsOf(sourceSize: number, targetSize: number): Positions {
  const first = new Int32Array(targetSize);
  const weight = new Float32Array(targetSize);
  const scale = Math.fround(sourceSize / targetSize);
  for (let i = 0; i < targetSize; ++i) {
    const at = Math.max(Math.fround(Math.fround(scale * (i + 0.5)) - 0.5), 0);
    first[i] = Math.min(Math.trunc(at), sourceSize - 1);
    weight[i] = Math.min(Math.max(at - first[i], 0), 1);
  }
  return { first, weight };
}

/** Of each source column the first target column that lies between it and the next; one more at the end. */
function cellStarts(columns: Positions, sourceSize: number): Int32Array {
  const starts = new Int32Array(sourceSize + 1).fill(columns.first.length);
  for (let x = columns.first.length - 1; x >= 0; --x) starts[columns.first[x]] = x;
  for (let cell = sourceSize - 1; cell >= 0; --cell) {
    starts[cell] = Math.min(starts[cell], starts[cell + 1]);
  }
  return starts;
}

export function enlargeToRuns(logits: Float32Array, side: number, width: number, height: number): Runs {
  const columns = positionsOf(side, width);
  const rows = positionsOf(side, height);
  const starts = cellStarts(columns, side);
  const row = new Float32Array(side + 1); // one more: the last column has itself as its neighbour
  const runs = new RunBuilder(4 * height);
  for (let y = 0; y < height; ++y) {
    const rowStart = y * width;
    blendRow(logits, side, rows.first[y], rows.weight[y], row);
    for (let cell = 0; cell < side; ++cell) {
      const begin = starts[cell];
      const end = starts[cell + 1];
      const left = row[cell];
      const right = row[cell + 1];
      if (left > 0 === right > 0) {
        if (left > 0) runs.add(rowStart + begin, rowStart + end);
        continue;
      }
      for (let x = begin; x < end; ++x) {
        const weight = columns.weight[x];
        if ((1 - weight) * left + weight * right > 0) runs.add(rowStart + x, rowStart + x + 1);
      }
    }
  }
  return runs.finish(width * height);
}

/** The row of the source's width that lies `weight` below source row `first`. */
function blendRow(logits: Float32Array, side: number, first: number, weight: number, out: Float32Array): void {
  const upper = first * side;
  const lower = Math.min(first + 1, side - 1) * side;
  for (let x = 0; x < side; ++x) {
    out[x] = (1 - weight) * logits[upper + x] + weight * logits[lower + x];
  }
  out[side] = out[side - 1];
}

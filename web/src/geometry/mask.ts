import { rowSpans, visitSpans } from './row-spans';
import type { RowSpans } from './row-spans';
import { combineRuns, commonArea, Keep, RunBuilder } from './runs';
import type { Runs } from './runs';
import { strokeRuns } from './stroke';
import type { Box, Point } from './types';

/** The server takes no larger pictures either. */
export const maxMaskPixels = 100_000_000;

/**
 * Which pixels belong to an object. Immutable, and kept as run lengths in reading order (see runs.ts), so that a mask of
 * a large photo takes some kilobytes and can stay in the history.
 */
export class Mask {
  private knownArea = -1;
  private knownBox: Box | null | undefined;

  private constructor(
    readonly width: number,
    readonly height: number,
    readonly runs: Runs,
  ) {}

  static empty(width: number, height: number): Mask {
    return new Mask(width, height, Uint32Array.of(checkedArea(width, height)));
  }

  /** Takes runs of any origin: they must add up to the size; empty ones are joined. */
  static fromRuns(width: number, height: number, runs: ArrayLike<number>): Mask {
    const total = checkedArea(width, height);
    const out = new RunBuilder(runs.length + 2);
    let at = 0;
    for (let i = 0; i < runs.length; ++i) {
      const run = runs[i];
      if (!Number.isInteger(run) || run < 0 || run > total - at) {
        throw new RangeError(`run ${i} of a mask of ${width} x ${height} is ${run}, with ${total - at} pixels left`);
      }
      if (i % 2 === 1) out.add(at, at + run);
      at += run;
    }
    if (at !== total) throw new RangeError(`the runs add up to ${at} pixels, the mask has ${width} x ${height}`);
    return new Mask(width, height, out.finish(total));
  }

  /** One byte a pixel, row by row; whatever is not 0 is inside. */
  static fromPixels(width: number, height: number, pixels: Uint8Array): Mask {
    const total = checkedArea(width, height);
    if (pixels.length !== total) {
      throw new RangeError(`${pixels.length} pixels for a mask of ${width} x ${height}`);
    }
    const out = new RunBuilder(4 * height);
    for (let at = 0; at < total;) {
      const start = endOfRun(pixels, at, false);
      at = endOfRun(pixels, start, true);
      out.add(start, at);
    }
    return new Mask(width, height, out.finish(total));
  }

  /** One byte a pixel, 0 or 1, row by row. */
  toPixels(): Uint8Array {
    const pixels = new Uint8Array(this.width * this.height);
    this.forEachRun((start, end) => pixels.fill(1, start, end));
    return pixels;
  }

  get isEmpty(): boolean {
    return this.runs.length < 2;
  }

  /** Pixels inside. */
  get area(): number {
    if (this.knownArea < 0) {
      this.knownArea = 0;
      for (let i = 1; i < this.runs.length; i += 2) this.knownArea += this.runs[i];
    }
    return this.knownArea;
  }

  /** The smallest box around all pixels inside. */
  box(): Box | null {
    this.knownBox ??= this.findBox();
    return this.knownBox && { ...this.knownBox };
  }

  contains(point: Point): boolean {
    const x = Math.floor(point.x);
    const y = Math.floor(point.y);
    const box = (this.knownBox ??= this.findBox());
    if (box === null || x < box.x0 || y < box.y0 || x >= box.x1 || y >= box.y1) return false;
    const pixel = y * this.width + x;
    let i = 0;
    for (let end = this.runs[0]; end <= pixel; end += this.runs[i]) ++i;
    return i % 2 === 1;
  }

  union(other: Mask): Mask {
    return this.combined(other, Keep.union);
  }

  subtract(other: Mask): Mask {
    return this.combined(other, Keep.difference);
  }

  /** What a round brush of this radius adds or takes along a path: all pixels whose centre it covers. */
  withStroke(path: readonly Point[], radius: number, mode: 'add' | 'erase'): Mask {
    const stroke = strokeRuns(path, radius, this.width, this.height);
    return new Mask(
      this.width,
      this.height,
      combineRuns(this.runs, stroke, this.pixelCount, mode === 'add' ? Keep.union : Keep.difference),
    );
  }

  /** Intersection over union; two empty masks agree. */
  iou(other: Mask): number {
    this.requireSameSize(other);
    const common = commonArea(this.runs, other.runs, this.pixelCount);
    const together = this.area + other.area - common;
    return together === 0 ? 1 : common / together;
  }

  equals(other: Mask): boolean {
    return (
      this.width === other.width &&
      this.height === other.height &&
      this.runs.length === other.runs.length &&
      this.runs.every((run, i) => run === other.runs[i])
    );
  }

  /** Every stretch of pixels inside, in every row: how to draw a mask without its pixels. */
  forEachSpan(visit: (y: number, x0: number, x1: number) => void): void {
    visitSpans(this.runs, this.width, visit);
  }

  rowSpans(): RowSpans {
    return rowSpans(this.runs, this.width, this.height);
  }

  private get pixelCount(): number {
    return this.width * this.height;
  }

  private forEachRun(visit: (start: number, end: number) => void): void {
    let at = 0;
    for (let i = 0; i < this.runs.length; ++i) {
      if (i % 2 === 1) visit(at, at + this.runs[i]);
      at += this.runs[i];
    }
  }

  private combined(other: Mask, keep: number): Mask {
    this.requireSameSize(other);
    return new Mask(this.width, this.height, combineRuns(this.runs, other.runs, this.pixelCount, keep));
  }

  private requireSameSize(other: Mask): void {
    if (this.width !== other.width || this.height !== other.height) {
      throw new RangeError(
        `masks of ${this.width} x ${this.height} and ${other.width} x ${other.height} do not fit together`,
      );
    }
  }

  private findBox(): Box | null {
    if (this.isEmpty) return null;
    let x0 = this.width;
    let x1 = 0;
    let y0 = this.height;
    let y1 = 0;
    this.forEachRun((start, end) => {
      const firstRow = Math.floor(start / this.width);
      const lastRow = Math.floor((end - 1) / this.width);
      const oneRow = firstRow === lastRow;
      x0 = Math.min(x0, oneRow ? start - firstRow * this.width : 0);
      x1 = Math.max(x1, oneRow ? end - firstRow * this.width : this.width);
      y0 = Math.min(y0, firstRow);
      y1 = lastRow + 1;
    });
    return { x0, y0, x1, y1 };
  }
}

function checkedArea(width: number, height: number): number {
  const whole = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  if (!whole || width * height > maxMaskPixels) {
    throw new RangeError(`a mask cannot be ${width} x ${height}: 1 to ${maxMaskPixels} pixels`);
  }
  return width * height;
}

/** The first pixel from `at` on that is not like `inside` says. */
function endOfRun(pixels: Uint8Array, at: number, inside: boolean): number {
  if (!inside) {
    // Most of a mask is 0: look at four pixels at once.
    while (at < pixels.length && (pixels.byteOffset + at) % 4 !== 0 && pixels[at] === 0) ++at;
    if (at < pixels.length && pixels[at] === 0) {
      const words = new Uint32Array(pixels.buffer, pixels.byteOffset + at, (pixels.length - at) >> 2);
      let word = 0;
      while (word < words.length && words[word] === 0) ++word;
      at += 4 * word;
    }
  }
  while (at < pixels.length && (pixels[at] !== 0) === inside) ++at;
  return at;
}

import { describe, expect, it } from 'vitest';
import { Mask, maxMaskPixels } from './mask';
import { boxMask, drawn, randomMask, randomNumbers, randomPixels, seeds } from './testing/sample-masks';

function pixelwise(a: Mask, b: Mask, keep: (inA: number, inB: number) => boolean): Mask {
  const [left, right] = [a.toPixels(), b.toPixels()];
  return Mask.fromPixels(
    a.width,
    a.height,
    left.map((pixel, i) => (keep(pixel, right[i]) ? 1 : 0)),
  );
}

describe('Mask', () => {
  it('gives back the pixels it was made of', () => {
    for (const seed of seeds) {
      const random = randomNumbers(seed);
      const [width, height] = [1 + Math.floor(random() * 30), 1 + Math.floor(random() * 30)];
      const pixels = randomPixels(width, height, random);
      expect(Mask.fromPixels(width, height, pixels).toPixels()).toEqual(pixels);
    }
  });

  it('takes any value but 0 for inside, wherever the bytes lie in their buffer', () => {
    const bytes = Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 255, 1, 7, 0, 0, 0, 0, 2);
    expect(Mask.fromPixels(7, 2, bytes.subarray(1)).runs).toEqual(Uint32Array.of(6, 3, 4, 1));
  });

  it('is canonical: equal masks have equal runs', () => {
    const mask = Mask.fromRuns(4, 2, [0, 0, 2, 1, 0, 2, 3, 0]);
    expect(mask.runs).toEqual(Uint32Array.of(2, 3, 3));
    expect(mask.equals(drawn('..##', '#...'))).toBe(true);
    expect(mask.equals(drawn('..##', '##..'))).toBe(false);
    expect(Mask.fromRuns(4, 2, [8]).equals(Mask.empty(4, 2))).toBe(true);
  });

  it.each([[[1, 2]], [[1, 2, 6]], [[-1, 2, 7]], [[1.5, 2.5, 4]], [[NaN, 8]], [[4294967296 + 8]]])(
    'refuses the runs %j for eight pixels',
    (runs) => {
      expect(() => Mask.fromRuns(4, 2, runs)).toThrow(RangeError);
    },
  );

  it.each([
    [0, 5],
    [5, -1],
    [2.5, 2],
    [maxMaskPixels, 2],
    [NaN, 1],
  ])('cannot be %d x %d', (width, height) => {
    expect(() => Mask.empty(width, height)).toThrow(RangeError);
  });

  it('adds, takes away and compares as pixels do', () => {
    for (const seed of seeds) {
      const a = randomMask(seed);
      const random = randomNumbers(seed + 1000);
      const b = Mask.fromPixels(a.width, a.height, randomPixels(a.width, a.height, random));
      expect(a.union(b).equals(pixelwise(a, b, (x, y) => x + y > 0))).toBe(true);
      expect(a.subtract(b).equals(pixelwise(a, b, (x, y) => x > y))).toBe(true);
      const common = pixelwise(a, b, (x, y) => x + y === 2).area;
      const together = a.union(b).area;
      expect(a.iou(b)).toBe(together === 0 ? 1 : common / together);
    }
  });

  it('does not mix masks of different sizes', () => {
    expect(() => Mask.empty(4, 2).union(Mask.empty(2, 4))).toThrow(/4 x 2 and 2 x 4/);
    expect(() => Mask.empty(4, 2).iou(Mask.empty(2, 4))).toThrow(RangeError);
  });

  it('knows its area, its box and what it contains', () => {
    for (const seed of seeds) {
      const mask = randomMask(seed);
      const pixels = mask.toPixels();
      const inside = Array.from(pixels.keys()).filter((i) => pixels[i] === 1);
      const xs = inside.map((i) => i % mask.width);
      const ys = inside.map((i) => Math.floor(i / mask.width));
      expect(mask.area).toBe(inside.length);
      expect(mask.isEmpty).toBe(inside.length === 0);
      expect(mask.box()).toEqual(
        inside.length === 0
          ? null
          : { x0: Math.min(...xs), y0: Math.min(...ys), x1: Math.max(...xs) + 1, y1: Math.max(...ys) + 1 },
      );
      pixels.forEach((pixel, i) => {
        const centre = { x: (i % mask.width) + 0.5, y: Math.floor(i / mask.width) + 0.5 };
        expect(mask.contains(centre)).toBe(pixel === 1);
      });
    }
  });

  it('contains nothing outside of the image', () => {
    const full = drawn('##', '##');
    for (const [x, y] of [
      [-0.1, 1],
      [2, 1],
      [1, 2],
      [1, -0.1],
      [NaN, 1],
      [Infinity, 1],
    ]) {
      expect(full.contains({ x, y })).toBe(false);
    }
  });

  it('lists its spans row by row, also those of a run over several rows', () => {
    const spans: number[][] = [];
    drawn('..##', '####', '#..#').forEachSpan((...span) => spans.push(span));
    expect(spans).toEqual([
      [0, 2, 4],
      [1, 0, 4],
      [2, 0, 1],
      [2, 3, 4],
    ]);
  });

  it('keeps the mask of a large photo in little memory', () => {
    const mask = boxMask(6000, 4000, { x0: 100, y0: 100, x1: 5000, y1: 3900 });
    expect(mask.runs.byteLength).toBeLessThan(32_000);
  });
});

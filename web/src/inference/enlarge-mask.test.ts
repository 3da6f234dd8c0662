import { describe, expect, it } from 'vitest';
import { Mask } from '../geometry/mask';
import { enlargeToRuns } from './enlarge-mask';

/** torch's bilinear interpolation, pixel by pixel. */
function enlarged(logits: Float32Array, side: number, width: number, height: number): Uint8Array {
  const at = (i: number, size: number) => Math.max((side / size) * (i + 0.5) - 0.5, 0);
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; ++y) {
    for (let x = 0; x < width; ++x) {
      const [sx, sy] = [at(x, width), at(y, height)];
      const [x0, y0] = [Math.floor(sx), Math.floor(sy)];
      const [x1, y1] = [Math.min(x0 + 1, side - 1), Math.min(y0 + 1, side - 1)];
      const [fx, fy] = [sx - x0, sy - y0];
      const row = (line: number) => (1 - fx) * logits[line * side + x0] + fx * logits[line * side + x1];
      pixels[y * width + x] = (1 - fy) * row(y0) + fy * row(y1) > 0 ? 1 : 0;
    }
  }
  return pixels;
}

function noise(side: number): Float32Array {
  let state = 7;
  return Float32Array.from({ length: side * side }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 30 - 1;
  });
}

describe('enlargeToRuns', () => {
  it.each([
    [16, 16, 16],
    [16, 1, 1],
    [16, 5, 3],
    [16, 333, 17],
    [16, 80, 120],
    [9, 640, 427],
  ])('enlarges %i x %i logits to %i x %i as torch does', (side, width, height) => {
    const logits = noise(side);
    const runs = enlargeToRuns(logits, side, width, height);
    const pixels = Mask.fromRuns(width, height, runs).toPixels();
    const expected = enlarged(logits, side, width, height);
    // Where the interpolation is all but zero, rounding may fall either way.
    const differing = pixels.reduce((count, pixel, i) => count + Number(pixel !== expected[i]), 0);
    expect(differing).toBeLessThanOrEqual(pixels.length * 1e-4);
  });

  it('gives all or nothing for logits of one sign', () => {
    expect(enlargeToRuns(new Float32Array(16).fill(-1), 4, 10, 10)).toEqual(Uint32Array.of(100));
    expect(enlargeToRuns(new Float32Array(16).fill(1), 4, 10, 10)).toEqual(Uint32Array.of(0, 100));
    expect(enlargeToRuns(new Float32Array(16), 4, 10, 10)).toEqual(Uint32Array.of(100));
  });

  it('enlarges to 24 megapixels without a thought', () => {
    const logits = Float32Array.from({ length: 288 * 288 }, (_, i) => 100 - Math.hypot((i % 288) - 144, i / 288 - 144));
    const start = performance.now();
    const mask = Mask.fromRuns(6000, 4000, enlargeToRuns(logits, 288, 6000, 4000));
    expect(performance.now() - start).toBeLessThan(500);
    expect(mask.area / (6000 * 4000)).toBeCloseTo((Math.PI * 100 ** 2) / 288 ** 2, 2);
  });
});

/** Masks for tests, the same in every run. */
import { Mask } from '../mask';
import { rasterize } from '../rasterize';
import type { Box } from '../types';

/** Numbers from 0 to 1 (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Any size and any density, from nothing to everything, with long runs and short ones. */
export function randomMask(seed: number): Mask {
  const random = randomNumbers(seed);
  const width = 1 + Math.floor(random() * 24);
  const height = 1 + Math.floor(random() * 24);
  return Mask.fromPixels(width, height, randomPixels(width, height, random));
}

export function randomPixels(width: number, height: number, random: () => number): Uint8Array {
  const density = [0, 0.1, 0.5, 0.9, 1][Math.floor(random() * 5)];
  const change = random();
  let value = 0;
  return Uint8Array.from({ length: width * height }, () => {
    if (random() < change) value = random() < density ? 1 : 0;
    return value;
  });
}

/** `#` is inside; the lines are the rows. */
export function drawn(...rows: string[]): Mask {
  const pixels = rows.flatMap((row) => Array.from(row, (character) => (character === '#' ? 1 : 0)));
  return Mask.fromPixels(rows[0].length, rows.length, Uint8Array.from(pixels));
}

export function drawing(mask: Mask): string[] {
  const pixels = mask.toPixels();
  return Array.from({ length: mask.height }, (_, y) =>
    Array.from(pixels.subarray(y * mask.width, (y + 1) * mask.width), (pixel) => (pixel ? '#' : '.')).join(''),
  );
}

/** A rectangle of whole pixels. */
export function boxMask(width: number, height: number, box: Box): Mask {
  return rasterize(
    [
      [
        { x: box.x0, y: box.y0 },
        { x: box.x1, y: box.y0 },
        { x: box.x1, y: box.y1 },
        { x: box.x0, y: box.y1 },
      ],
    ],
    width,
    height,
  );
}

/** A round thing with a wavy rim, as objects in photos have: about as many runs as rows. */
export function blob(width: number, height: number, waves = 24): Mask {
  const pixels = new Uint8Array(width * height);
  const [cx, cy] = [width / 2, height / 2];
  const radius = Math.min(width, height) * 0.4;
  for (let y = 0; y < height; ++y) {
    for (let x = 0; x < width; ++x) {
      const rim = radius * (1 + 0.1 * Math.sin(waves * Math.atan2(y - cy, x - cx)));
      if (Math.hypot(x - cx, y - cy) < rim) pixels[y * width + x] = 1;
    }
  }
  return Mask.fromPixels(width, height, pixels);
}

export const seeds = Array.from({ length: 200 }, (_, seed) => seed);

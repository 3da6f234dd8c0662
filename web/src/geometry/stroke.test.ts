import { describe, expect, it } from 'vitest';
import { Mask } from './mask';
import { drawing, drawn, randomNumbers } from './testing/sample-masks';
import type { Point } from './types';

function distanceToSegment(p: Point, a: Point, b: Point): number {
  const length2 = (b.x - a.x) ** 2 + (b.y - a.y) ** 2;
  const along = length2 === 0 ? 0 : ((p.x - a.x) * (b.x - a.x) + (p.y - a.y) * (b.y - a.y)) / length2;
  const at = Math.min(Math.max(along, 0), 1);
  return Math.hypot(p.x - a.x - at * (b.x - a.x), p.y - a.y - at * (b.y - a.y));
}

/** Pixel by pixel, the slow way. */
function covered(path: Point[], radius: number, width: number, height: number): Mask {
  const pixels = Uint8Array.from({ length: width * height }, (_, i) => {
    const centre = { x: (i % width) + 0.5, y: Math.floor(i / width) + 0.5 };
    const distances = path.map((point, j) => distanceToSegment(centre, path[Math.max(j - 1, 0)], point));
    return Math.min(...distances) <= radius ? 1 : 0;
  });
  return Mask.fromPixels(width, height, pixels);
}

describe('a stroke', () => {
  it('of one point is a disc', () => {
    const mask = Mask.empty(7, 5).withStroke([{ x: 3.5, y: 2.5 }], 2, 'add');
    expect(drawing(mask)).toEqual(['...#...', '..###..', '.#####.', '..###..', '...#...']);
  });

  it('covers all pixels whose centre is near the path, however the path goes', () => {
    for (let seed = 0; seed < 100; ++seed) {
      const random = randomNumbers(seed);
      const path = Array.from({ length: 1 + Math.floor(random() * 8) }, () => ({
        x: random() * 50 - 10,
        y: random() * 40 - 10,
      }));
      const radius = 0.3 + random() * 9;
      const mask = Mask.empty(30, 20).withStroke(path, radius, 'add');
      expect(drawing(mask)).toEqual(drawing(covered(path, radius, 30, 20)));
    }
  });

  it('adds to a mask and erases from it', () => {
    const mask = drawn('##......', '##......', '##......');
    const path = [
      { x: 1.5, y: 1.5 },
      { x: 6.5, y: 1.5 },
    ];
    expect(drawing(mask.withStroke(path, 0.5, 'add'))).toEqual(['##......', '#######.', '##......']);
    expect(drawing(mask.withStroke(path, 0.5, 'erase'))).toEqual(['##......', '#.......', '##......']);
    expect(drawing(mask)).toEqual(['##......', '##......', '##......']);
  });

  it('that comes back over itself counts once', () => {
    const there = [
      { x: 2, y: 2 },
      { x: 25, y: 2 },
    ];
    const mask = Mask.empty(30, 20);
    const once = mask.withStroke(there, 2, 'add');
    expect(mask.withStroke([...there, there[0], there[1]], 2, 'add').equals(once)).toBe(true);
  });

  it('beside the image, without points or with nonsense in it changes nothing', () => {
    const mask = drawn('#..', '.#.');
    for (const path of [[], [{ x: NaN, y: 1 }], [{ x: 1, y: Infinity }], [{ x: 100, y: 1 }], [{ x: 1, y: -100 }]]) {
      expect(mask.withStroke(path, 3, 'add').equals(mask)).toBe(true);
    }
  });
});

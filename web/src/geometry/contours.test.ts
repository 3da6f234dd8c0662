import { describe, expect, it } from 'vitest';
import { polygons, ringsOf } from './contours';
import { joinedRing } from './join-rings';
import { Mask } from './mask';
import { rasterize } from './rasterize';
import { blob, drawn, randomMask, seeds } from './testing/sample-masks';
import type { Point } from './types';

function signedArea(ring: readonly Point[]): number {
  return ring.reduce((sum, a, i) => {
    const b = ring[(i + 1) % ring.length];
    return sum + (a.x * b.y - b.x * a.y) / 2;
  }, 0);
}

describe('polygons of a mask', () => {
  it('run along pixel edges, clockwise, and only through corners', () => {
    expect(polygons(drawn('....', '.##.', '.##.'))).toEqual([
      {
        outer: [
          { x: 1, y: 1 },
          { x: 3, y: 1 },
          { x: 3, y: 3 },
          { x: 1, y: 3 },
        ],
        holes: [],
      },
    ]);
  });

  it('have holes, the other way round, that belong to their region', () => {
    const found = polygons(drawn('#####', '#.#.#', '#####', '.....', '.###.', '.#.#.', '.###.'));
    expect(found.map((region) => region.holes.length)).toEqual([2, 1]);
    expect(found.map((region) => signedArea(region.outer))).toEqual([15, 9]);
    expect(found.flatMap((region) => region.holes.map(signedArea))).toEqual([-1, -1, -1]);
  });

  it('join regions that touch by a corner', () => {
    expect(polygons(drawn('#.', '.#'))).toHaveLength(1);
    expect(polygons(drawn('.#', '#.'))).toHaveLength(1);
    expect(polygons(drawn('#..', '..#'))).toHaveLength(2);
  });

  it('give every mask back, holes and all', () => {
    for (const seed of seeds) {
      const mask = randomMask(seed);
      const rings = ringsOf(polygons(mask));
      expect(rasterize(rings, mask.width, mask.height).equals(mask)).toBe(true);
      expect(rings.map(signedArea).reduce((a, b) => a + b, 0)).toBe(mask.area);
    }
  });

  it('give every mask back from one joined ring', () => {
    for (const seed of seeds) {
      const mask = randomMask(seed);
      const rings = ringsOf(polygons(mask));
      if (rings.length === 0) continue;
      expect(rasterize([joinedRing(rings)], mask.width, mask.height).equals(mask)).toBe(true);
    }
  });

  it('are much simpler with a tolerance, and hardly different', () => {
    const mask = blob(400, 300);
    const [exact, simple] = [0, 1].map((tolerance) => ringsOf(polygons(mask, tolerance)));
    expect(simple[0].length).toBeLessThan(exact[0].length / 4);
    expect(rasterize(simple, 400, 300).iou(mask)).toBeGreaterThan(0.99);
  });

  it('never collapse: a single pixel keeps its corners', () => {
    expect(polygons(drawn('...', '.#.', '...'), 5)[0].outer).toHaveLength(4);
  });

  it('of an empty mask are none', () => {
    expect(polygons(Mask.empty(5, 4))).toEqual([]);
  });
});

describe('filling polygons', () => {
  it('takes the pixels whose centre is inside', () => {
    const triangle = [
      { x: 0, y: 0 },
      { x: 4, y: 0 },
      { x: 0, y: 4 },
    ];
    expect(rasterize([triangle], 4, 4).equals(drawn('####', '###.', '##..', '#...'))).toBe(false);
    expect(rasterize([triangle], 4, 4).equals(drawn('###.', '##..', '#...', '....'))).toBe(true);
  });

  it('cuts them to the image', () => {
    const around = [
      { x: -1e6, y: -1e6 },
      { x: 1e6, y: -1e6 },
      { x: 1e6, y: 1e6 },
      { x: -1e6, y: 1e6 },
    ];
    expect(rasterize([around], 3, 2).area).toBe(6);
    const beside = around.map(({ x, y }) => ({ x: x + 2e6, y }));
    expect(rasterize([beside], 3, 2).isEmpty).toBe(true);
  });

  it('refuses what is not finite and what is endless work', () => {
    expect(() =>
      rasterize(
        [
          [
            { x: 0, y: 0 },
            { x: NaN, y: 1 },
            { x: 1, y: 1 },
          ],
        ],
        3,
        2,
      ),
    ).toThrow(/point 1 .* \(NaN, 1\)/);
    const zigzag = Array.from({ length: 30_000 }, (_, i) => ({ x: i % 7, y: i % 2 ? 1000 : 0 }));
    expect(() => rasterize([zigzag], 10, 1000)).toThrow(/too many rows/);
  });

  it('of nothing gives nothing', () => {
    expect(rasterize([], 3, 2).isEmpty).toBe(true);
    expect(rasterize([[]], 3, 2).isEmpty).toBe(true);
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { CocoRle } from './coco-rle';
import { decode, encode } from './coco-rle';
import { polygons } from './contours';
import { joinedRing } from './join-rings';
import { drawing, drawn } from './testing/sample-masks';

/** `samcache segment tests/data/scene/scene.jpg --text bird --threshold 0.3 --json`, with `--format rle` and `polygon`. */
const answers = readJson<{ rle: CocoRle; rings: number[][] }[]>('./testing/server-masks.json');

interface Scene {
  objects: { box: number[]; mask: CocoRle }[];
}
const scene = readJson<Scene>('../../../tests/data/scene/scene.json');

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as T;
}

describe('masks of the server', () => {
  it('are written as the server writes them', () => {
    expect(answers).toHaveLength(5);
    for (const { rle } of answers) expect(encode(decode(rle))).toEqual(rle);
  });

  it('have the outlines that the server gives them', () => {
    for (const { rle, rings } of answers) {
      const own = polygons(decode(rle), 1).map((region) => joinedRing([region.outer, ...region.holes]));
      expect(own.map((ring) => ring.flatMap(({ x, y }) => [x, y]))).toEqual(rings);
    }
  });

  it('lie where the objects of the scene do', () => {
    expect(scene.objects.length).toBeGreaterThan(2);
    for (const { box, mask } of scene.objects) {
      const { x0, y0, x1, y1 } = decode(mask).box()!;
      expect([x0, y0, x1, y1]).toEqual(box);
      expect(encode(decode(mask))).toEqual(mask);
    }
  });

  it('agree with pycocotools', () => {
    // mask.encode(np.asfortranarray(...)) of these pixels.
    expect(encode(drawn('.##.', '.#..', '####'))).toEqual({ size: [3, 4], counts: '251L10' });
    expect(drawing(decode({ size: [3, 4], counts: '251L10' }))).toEqual(['.##.', '.#..', '####']);
  });
});

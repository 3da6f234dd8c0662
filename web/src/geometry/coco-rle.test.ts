import { describe, expect, it } from 'vitest';
import { decode, encode } from './coco-rle';
import { boxMask, drawn, randomMask, seeds } from './testing/sample-masks';

describe('COCO run lengths', () => {
  it('are those that pycocotools writes', () => {
    expect(encode(drawn('.##.', '.#..', '####'))).toEqual({ size: [3, 4], counts: '251L10' });
  });

  it('give every mask back', () => {
    for (const seed of seeds) {
      const mask = randomMask(seed);
      const rle = encode(mask);
      expect(rle.size).toEqual([mask.height, mask.width]);
      expect(decode(rle).equals(mask)).toBe(true);
    }
  });

  it('run down the columns', () => {
    const counts: number[] = [2, 1, 0, 3, 2];
    expect(decode({ size: [2, 4], counts }).equals(drawn('..#.', '.##.'))).toBe(false);
    expect(decode({ size: [2, 4], counts: [3, 3, 2] }).equals(drawn('..#.', '.##.'))).toBe(true);
  });

  it('may be uncompressed, and have empty runs', () => {
    expect(decode({ size: [2, 3], counts: [0, 2, 0, 1, 3] }).equals(drawn('##.', '#..'))).toBe(true);
  });

  it('may be longer than 32 bits of shifts can hold', () => {
    const mask = boxMask(9000, 9000, { x0: 8999, y0: 8999, x1: 9000, y1: 9000 });
    expect(decode(encode(mask)).equals(mask)).toBe(true);
  });

  it.each([
    ['', 'add up'],
    ['1', 'add up'],
    ['6 ', 'wrong character'],
    ['6\u00e9', 'wrong character'],
    ['6p', 'wrong character'],
    ['o', 'end within a number'],
    ['oooooooo0', 'too large a number'],
    ['ooooooo0', 'too large a number'],
    ['O', 'run length 0 is -1'],
    ['123O', 'run 3 of a mask'],
    ['7', 'run 0'],
  ])('that are nonsense (%j) are refused', (counts, message) => {
    expect(() => decode({ size: [2, 3], counts })).toThrow(new RegExp(message));
  });

  it('that are longer than any of such a mask are refused unread', () => {
    expect(() => decode({ size: [2, 3], counts: '0'.repeat(1_000_000) })).toThrow('more than 6 pixels can have');
  });

  it('that few characters blow up to stripes all over are refused', () => {
    const stripes = Array.from({ length: 9000 }, () => 9000);
    expect(() => decode({ size: [9000, 9000], counts: stripes })).toThrow('edges');
  });

  it('of impossible sizes are refused before any memory is taken', () => {
    expect(() => decode({ size: [1e9, 1e9], counts: '0' })).toThrow(RangeError);
    expect(() => decode({ size: [0, 3], counts: '' })).toThrow(RangeError);
  });
});

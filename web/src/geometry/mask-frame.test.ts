import { describe, expect, it } from 'vitest';
import { decodeMaskFrame, encodeMaskFrame } from './mask-frame';
import { boxMask, drawn, randomMask, seeds } from './testing/sample-masks';

const sample = () => encodeMaskFrame({ answer: 3, index: 1, mask: drawn('.##.', '.#..') });

describe('a mask frame', () => {
  it('is laid out as docs/websocket.md says', () => {
    expect(Array.from(new Uint8Array(sample()))).toEqual([
      0x53, 0x43, 0x4d, 0x31, 3, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 1, 2, 2, 1, 2,
    ]);
  });

  it('gives every mask back', () => {
    for (const seed of seeds) {
      const frame = { answer: seed, index: seed % 7, mask: randomMask(seed) };
      const read = decodeMaskFrame(encodeMaskFrame(frame));
      expect([read.answer, read.index, read.mask.equals(frame.mask)]).toEqual([seed, seed % 7, true]);
    }
  });

  it('holds runs of many bytes', () => {
    const mask = boxMask(6000, 4000, { x0: 0, y0: 3000, x1: 6000, y1: 4000 });
    expect(decodeMaskFrame(encodeMaskFrame({ answer: 1, index: 0, mask })).mask.runs).toEqual(
      Uint32Array.of(18_000_000, 6_000_000),
    );
  });

  it('that is cut off anywhere is refused', () => {
    for (let length = 0; length < sample().byteLength; ++length) {
      expect(() => decodeMaskFrame(sample().slice(0, length))).toThrow(RangeError);
    }
  });

  it.each([
    ['another beginning', 0, 0x54, 'not a mask frame'],
    ['no width', 12, 0, 'cannot be 0 x 2'],
    ['an enormous width', 15, 0xff, 'a mask cannot be'],
    ['a wrong width', 12, 5, 'add up'],
    ['more runs than bytes', 21, 0xff, 'cannot hold'],
    ['fewer runs than bytes', 20, 4, 'bytes follow'],
    ['a run over the size', 25, 0x7f, 'run 1'],
    ['a run without end', 28, 0x80, 'ends within a run'],
  ])('with %s is refused', (_, at, value, message) => {
    const bytes = new Uint8Array(sample());
    bytes[at] = value;
    expect(() => decodeMaskFrame(bytes.buffer)).toThrow(message);
  });

  it('with a number that goes on and on is refused', () => {
    const bytes = new Uint8Array(24 + 20).fill(0x80);
    bytes.set(new Uint8Array(sample(), 0, 24));
    expect(() => decodeMaskFrame(bytes.buffer)).toThrow('has no end');
  });
});

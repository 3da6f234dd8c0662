import { describe, expect, it } from 'vitest';
import { fillHoles, maxHoleArea, selectCandidates, stabilityScore } from './mask-selection';

const side = 8;

/** '#' is foreground (+1), anything else background (-1). */
function logitsOf(...rows: string[]): Float32Array {
  return Float32Array.from(rows.join(''), (letter) => (letter === '#' ? 1 : -1));
}

const ring = ['........', '.#####..', '.#...#..', '.#...#..', '.#####..', '........', '......#.', '........'];

describe('fillHoles', () => {
  it('fills holes up to the limit and no larger', () => {
    const logits = logitsOf(...ring);
    fillHoles(logits, side, 5);
    expect(logits).toEqual(logitsOf(...ring));
    fillHoles(logits, side, 6);
    expect(logits.filter((logit) => logit === 10)).toHaveLength(6);
    expect(logits[2 * side + 2]).toBe(10);
    expect(logits[0]).toBe(-1);
  });

  it('takes regions that touch at corners for one', () => {
    const open = ring.with(1, '..####..');
    const logits = logitsOf(...open);
    fillHoles(logits, side, 6);
    expect(logits).toEqual(logitsOf(...open));
  });

  it('leaves full and empty masks alone', () => {
    const full = new Float32Array(side * side).fill(1);
    fillHoles(full, side, 256);
    expect(full.every((logit) => logit === 1)).toBe(true);
    const empty = new Float32Array(side * side).fill(-1);
    fillHoles(empty, side, 63);
    expect(empty.every((logit) => logit === -1)).toBe(true);
  });

  it('has the official limit at the official size, and its share at others', () => {
    expect(maxHoleArea(288)).toBe(256);
    expect(maxHoleArea(128)).toBe(50);
  });
});

describe('stabilityScore', () => {
  it('compares the two thresholds', () => {
    expect(stabilityScore(Float32Array.of(-1, -1), 0.05)).toBe(1);
    expect(stabilityScore(Float32Array.of(1, 0, -1), 0.05)).toBe(0.5);
    expect(stabilityScore(Float32Array.of(0.04, -1), 0.05)).toBe(0);
  });
});

describe('selectCandidates', () => {
  const rule = { fallback: true, delta: 0.05, threshold: 0.98 };
  const scores = Float32Array.of(0.1, 0.3, 0.9, 0.5);
  const stable = new Float32Array(100).fill(1);
  const unstable = new Float32Array(100).fill(0.01);

  it('keeps a stable mask and replaces an unstable one', () => {
    expect(selectCandidates(rule, stable, scores, false)).toEqual([0]);
    expect(selectCandidates(rule, unstable, scores, false)).toEqual([2]);
    expect(selectCandidates({ ...rule, fallback: false }, unstable, scores, false)).toEqual([0]);
  });

  it('gives the alternatives best first when all are asked for', () => {
    expect(selectCandidates(rule, stable, scores, true)).toEqual([2, 3, 1]);
  });
});

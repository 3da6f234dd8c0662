import { describe, expect, it } from 'vitest';

import { layoutGrid, neighbourOf, visibleRows } from './grid-layout';

describe('a grid of thousands', () => {
  it('fills its width with whole tiles', () => {
    const layout = layoutGrid(10_000, 1240);
    expect(layout.columns).toBe(6);
    expect(layout.columns * layout.tileWidth + 5 * 16).toBeCloseTo(1240);
    expect(layout.rows).toBe(1667);
  });

  it('has one column where there is no room for more', () => {
    expect(layoutGrid(3, 100)).toMatchObject({ columns: 1, rows: 3 });
    expect(layoutGrid(0, 0)).toMatchObject({ columns: 1, rows: 0, height: 0 });
  });

  it('needs no more tiles than a few screens hold, wherever it is scrolled', () => {
    const layout = layoutGrid(10_000, 1240);
    for (const top of [0, 5000, layout.height - 800, layout.height + 5000]) {
      const { first, end } = visibleRows(layout, top, 800);
      expect(end - first).toBeLessThan(16);
      expect(first).toBeGreaterThanOrEqual(0);
      expect(end).toBeLessThanOrEqual(layout.rows);
    }
  });

  it('is walked through with the arrows, and not left by them', () => {
    expect(neighbourOf(0, 'ArrowRight', 10, 4)).toBe(1);
    expect(neighbourOf(1, 'ArrowDown', 10, 4)).toBe(5);
    expect(neighbourOf(5, 'Home', 10, 4)).toBe(0);
    expect(neighbourOf(5, 'End', 10, 4)).toBe(9);
    expect(neighbourOf(0, 'ArrowLeft', 10, 4)).toBeNull();
    expect(neighbourOf(8, 'ArrowDown', 10, 4)).toBeNull();
    expect(neighbourOf(3, 'a', 10, 4)).toBeNull();
  });
});

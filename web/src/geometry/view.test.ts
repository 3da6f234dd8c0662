import { describe, expect, it } from 'vitest';
import { clamp, fit, panBy, smallestScale, toImage, toScreen, zoomAt } from './view';

const image = { width: 6000, height: 4000 };
const viewport = { width: 1000, height: 800 };

describe('the view of an image', () => {
  it('fits it into the middle', () => {
    const view = fit(image, viewport, 0);
    expect(view.scale).toBeCloseTo(1 / 6);
    expect(toScreen(view, { x: 3000, y: 2000 })).toEqual({ x: 500, y: 400 });
  });

  it('enlarges a small one within reason, and lives with no room at all', () => {
    expect(fit({ width: 20, height: 10 }, viewport).scale).toBe(3);
    expect(fit(image, { width: 0, height: 0 }).scale).toBeGreaterThan(0);
  });

  it('knows each place on the screen and in the image', () => {
    const view = { scale: 0.37, x: -120, y: 44 };
    const point = { x: 123.5, y: 3210 };
    const there = toImage(view, toScreen(view, point));
    expect(there.x).toBeCloseTo(point.x);
    expect(there.y).toBeCloseTo(point.y);
  });

  it('zooms at the pointer, which stays where it is', () => {
    const view = fit(image, viewport);
    const at = { x: 333, y: 222 };
    const closer = zoomAt(view, at, 3, smallestScale(image, viewport));
    expect(closer.scale).toBeCloseTo(3 * view.scale);
    expect(toImage(closer, at).x).toBeCloseTo(toImage(view, at).x);
    expect(toImage(closer, at).y).toBeCloseTo(toImage(view, at).y);
  });

  it('zooms no further than makes sense', () => {
    const view = fit(image, viewport);
    const smallest = smallestScale(image, viewport);
    expect(zoomAt(view, { x: 0, y: 0 }, 1e9, smallest).scale).toBe(40);
    expect(zoomAt(view, { x: 0, y: 0 }, 1e-9, smallest).scale).toBe(smallest);
  });

  it('never loses the image', () => {
    const view = fit(image, viewport);
    for (const [dx, dy] of [
      [1e5, 0],
      [-1e5, 0],
      [0, 1e5],
      [0, -1e5],
    ]) {
      const kept = clamp(panBy(view, dx, dy), image, viewport);
      const [topLeft, bottomRight] = [toScreen(kept, { x: 0, y: 0 }), toScreen(kept, { x: 6000, y: 4000 })];
      expect(topLeft.x).toBeLessThanOrEqual(920);
      expect(topLeft.y).toBeLessThanOrEqual(720);
      expect(bottomRight.x).toBeGreaterThanOrEqual(79.99);
      expect(bottomRight.y).toBeGreaterThanOrEqual(79.99);
    }
  });
});

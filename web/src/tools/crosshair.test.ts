import { describe, expect, it } from 'vitest';

import { moveCrosshair, pressCrosshair } from './crosshair';
import { Toolbox } from './toolbox';

const image = { width: 200, height: 100 };

describe('crosshair', () => {
  it('goes the same way on the screen at every zoom', () => {
    const start = { point: { x: 100, y: 50 }, held: false };
    expect(moveCrosshair(start, 'right', 'normal', 1, image).crosshair.point).toEqual({ x: 108, y: 50 });
    expect(moveCrosshair(start, 'right', 'normal', 4, image).crosshair.point).toEqual({ x: 102, y: 50 });
  });

  it('stays on the image', () => {
    const corner = { point: { x: 1, y: 99 }, held: false };
    expect(moveCrosshair(corner, 'left', 'coarse', 1, image).crosshair.point).toEqual({ x: 0.5, y: 99 });
    expect(moveCrosshair(corner, 'down', 'coarse', 1, image).crosshair.point).toEqual({ x: 1, y: 99.5 });
  });

  it('places a point with one press', () => {
    const toolbox = new Toolbox('click');
    const { events } = pressCrosshair({ point: { x: 20, y: 30 }, held: false }, { negative: true, drag: false }, 1);
    const effects = events.flatMap((event) => [...toolbox.handle(event, image)]);
    expect(effects).toEqual([{ type: 'place-point', point: { x: 20, y: 30 }, positive: false }]);
  });

  it('draws a box from one press to the next', () => {
    const toolbox = new Toolbox('box');
    const first = pressCrosshair({ point: { x: 20, y: 30 }, held: false }, { negative: false, drag: true }, 1);
    const moved = moveCrosshair(first.crosshair, 'right', 'coarse', 1, image);
    const lower = moveCrosshair(moved.crosshair, 'down', 'coarse', 1, image);
    const second = pressCrosshair(lower.crosshair, { negative: false, drag: true }, 1);
    const events = [...first.events, ...moved.events, ...lower.events, ...second.events];
    const effects = events.flatMap((event) => [...toolbox.handle(event, image)]);
    expect(effects).toEqual([{ type: 'place-box', box: { x0: 20, y0: 30, x1: 68, y1: 78 } }]);
    expect(second.crosshair.held).toBe(false);
  });
});

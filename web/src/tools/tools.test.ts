import { describe, expect, it } from 'vitest';

import type { Point } from '../geometry/types';
import type { Sample, ToolEffect, ToolEvent, ToolId } from './tool';
import { Toolbox } from './toolbox';

const image = { width: 200, height: 100 };

/** The image at twice its size on the screen. */
function at(x: number, y: number): Sample {
  return { image: { x, y }, screen: { x: 2 * x, y: 2 * y } };
}

const down = (x: number, y: number, negative = false): ToolEvent => ({ type: 'down', at: at(x, y), negative });
const move = (...points: Point[]): ToolEvent => ({ type: 'move', samples: points.map((p) => at(p.x, p.y)) });
const up = (x: number, y: number): ToolEvent => ({ type: 'up', at: at(x, y) });

/** What of the effects would change something. */
function lasting(id: ToolId, events: readonly ToolEvent[]): ToolEffect[] {
  const toolbox = new Toolbox(id);
  return events.flatMap((event) => [...toolbox.handle(event, image)]).filter((effect) => effect.type !== 'hover');
}

describe('click', () => {
  it('places a positive point where the button went down, though the hand shook', () => {
    expect(lasting('click', [down(50, 40), move({ x: 51, y: 40 }), up(51, 40)])).toEqual([
      { type: 'place-point', point: { x: 50, y: 40 }, positive: true },
    ]);
  });

  it('places a negative point with the other button, also when dragged', () => {
    expect(lasting('click', [down(50, 40, true), move({ x: 90, y: 40 }), up(90, 40)])).toEqual([
      { type: 'place-point', point: { x: 50, y: 40 }, positive: false },
    ]);
  });

  it('becomes a box when it is dragged, whichever corner comes first', () => {
    expect(lasting('click', [down(90, 80), move({ x: 20, y: 10 }), up(20, 10)])).toEqual([
      { type: 'place-box', box: { x0: 20, y0: 10, x1: 90, y1: 80 } },
    ]);
  });

  it('does nothing beside the image', () => {
    expect(lasting('click', [down(-1, 40), up(-1, 40)])).toEqual([]);
    expect(lasting('click', [down(200, 40), up(200, 40)])).toEqual([]);
  });

  it('hovers over the image and nowhere else', () => {
    const toolbox = new Toolbox('click');
    expect(toolbox.handle(move({ x: 5, y: 5 }), image)).toEqual([{ type: 'hover', point: { x: 5, y: 5 } }]);
    expect(toolbox.handle(move({ x: 205, y: 5 }), image)).toEqual([{ type: 'hover', point: null }]);
    expect(toolbox.handle({ type: 'leave' }, image)).toEqual([{ type: 'hover', point: null }]);
  });

  it('is given up without a trace', () => {
    expect(lasting('click', [down(10, 10), move({ x: 60, y: 60 }), { type: 'cancel' }, up(60, 60)])).toEqual([]);
  });

  it('shows the box while it is drawn', () => {
    const toolbox = new Toolbox('click');
    toolbox.handle(down(10, 10), image);
    expect(toolbox.draft).toBeNull();
    toolbox.handle(move({ x: 30, y: 20 }), image);
    expect(toolbox.draft).toEqual({ kind: 'box', box: { x0: 10, y0: 10, x1: 30, y1: 20 }, tone: 'object' });
    toolbox.handle(up(30, 20), image);
    expect(toolbox.draft).toBeNull();
    expect(toolbox.busy).toBe(false);
  });
});

describe('boxes', () => {
  it('stay inside of the image', () => {
    expect(lasting('box', [down(150, 50), move({ x: 900, y: 900 }), up(900, 900)])).toEqual([
      { type: 'place-box', box: { x0: 150, y0: 50, x1: 200, y1: 100 } },
    ]);
  });

  it('beside the image or of no size are no boxes', () => {
    expect(lasting('box', [down(210, 10), up(260, 40)])).toEqual([]);
    expect(lasting('box', [down(10, 10), up(10, 10)])).toEqual([]);
    expect(lasting('box', [down(10, 10), up(60, 10)])).toEqual([]);
  });

  it('are examples or counterexamples by the button that drew them', () => {
    const box = { x0: 10, y0: 10, x1: 60, y1: 40 };
    expect(lasting('exemplar', [down(10, 10), up(60, 40)])).toEqual([{ type: 'place-exemplar', box, positive: true }]);
    expect(lasting('exemplar', [down(10, 10, true), up(60, 40)])).toEqual([
      { type: 'place-exemplar', box, positive: false },
    ]);
  });

  it('show their tone while they are drawn', () => {
    const toolbox = new Toolbox('exemplar');
    toolbox.handle(down(10, 10, true), image);
    toolbox.handle(move({ x: 40, y: 40 }), image);
    expect(toolbox.draft).toMatchObject({ kind: 'box', tone: 'negative' });
  });
});

describe('brush and eraser', () => {
  it('paint the whole way, coalesced samples included', () => {
    expect(lasting('brush', [down(10, 10), move({ x: 12, y: 10 }, { x: 14, y: 11 }), up(16, 12)])).toEqual([
      {
        type: 'paint',
        path: [
          { x: 10, y: 10 },
          { x: 12, y: 10 },
          { x: 14, y: 11 },
          { x: 16, y: 12 },
        ],
        mode: 'add',
      },
    ]);
  });

  it('paint a dot with a click, and keep no samples that say nothing new', () => {
    const still = move(...Array.from({ length: 100 }, () => ({ x: 10.1, y: 10 })));
    expect(lasting('eraser', [down(10, 10), still, up(10, 10)])).toEqual([
      { type: 'paint', path: [{ x: 10, y: 10 }], mode: 'erase' },
    ]);
  });

  it('are each other with the other button', () => {
    expect(lasting('brush', [down(1, 1, true), up(1, 1)])).toMatchObject([{ mode: 'erase' }]);
    expect(lasting('eraser', [down(1, 1, true), up(1, 1)])).toMatchObject([{ mode: 'add' }]);
  });

  it('paint nothing when given up', () => {
    expect(lasting('brush', [down(1, 1), move({ x: 50, y: 50 }), { type: 'cancel' }, up(50, 50)])).toEqual([]);
  });
});

describe('select', () => {
  it('selects with a click and pans with a drag', () => {
    expect(lasting('select', [down(30, 30), up(30, 30)])).toEqual([{ type: 'select', point: { x: 30, y: 30 } }]);
    expect(lasting('select', [down(30, 30), move({ x: 40, y: 30 }), move({ x: 45, y: 33 }), up(45, 33)])).toEqual([
      { type: 'pan', by: { x: 20, y: 0 } },
      { type: 'pan', by: { x: 10, y: 6 } },
    ]);
  });
});

describe('toolbox', () => {
  it('gives an unfinished gesture up when another tool is chosen', () => {
    const toolbox = new Toolbox('brush');
    toolbox.handle(down(1, 1), image);
    expect(toolbox.busy).toBe(true);
    toolbox.choose('click');
    expect(toolbox.busy).toBe(false);
    expect(toolbox.handle(up(5, 5), image)).toEqual([]);
  });
});

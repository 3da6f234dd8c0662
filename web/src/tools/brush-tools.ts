/** Brush and eraser: a stroke from press to release. The right button or Alt makes one the other for a stroke. */
import type { Point } from '../geometry/types';
import type { Draft, ImageSize, Step, StrokeMode, Tool, ToolEvent, ToolId } from './tool';
import { distance } from './tool';

export type BrushState =
  | { readonly phase: 'idle' }
  | { readonly phase: 'painting'; readonly path: readonly Point[]; readonly mode: StrokeMode };

const idle: BrushState = { phase: 'idle' };

/** Samples closer than this say nothing new, in pixels of the image: a slow hand shall not make a long path. */
const leastStep = 0.5;

function extended(path: readonly Point[], points: readonly Point[]): readonly Point[] {
  const longer = [...path];
  for (const point of points) {
    const last = longer[longer.length - 1];
    if (!last || distance(last, point) >= leastStep) longer.push(point);
  }
  return longer;
}

function opposite(mode: StrokeMode): StrokeMode {
  return mode === 'add' ? 'erase' : 'add';
}

function makeBrush(id: ToolId, mode: StrokeMode): Tool<BrushState> {
  const reduce = (state: BrushState, event: ToolEvent, _image: ImageSize): Step<BrushState> => {
    switch (event.type) {
      case 'down': {
        const chosen = event.negative ? opposite(mode) : mode;
        return { state: { phase: 'painting', path: [event.at.image], mode: chosen }, effects: [] };
      }
      case 'move': {
        if (state.phase === 'idle') {
          const at = event.samples[event.samples.length - 1];
          return { state, effects: [{ type: 'hover', point: at ? at.image : null }] };
        }
        const path = extended(
          state.path,
          event.samples.map((sample) => sample.image),
        );
        return { state: { ...state, path }, effects: [] };
      }
      case 'up': {
        if (state.phase === 'idle') return { state, effects: [] };
        const path = extended(state.path, [event.at.image]);
        return { state: idle, effects: [{ type: 'paint', path, mode: state.mode }] };
      }
      case 'leave':
        return { state, effects: [{ type: 'hover', point: null }] };
      case 'cancel':
        return { state: idle, effects: [] };
    }
  };
  const draft = (state: BrushState): Draft | null =>
    state.phase === 'painting' ? { kind: 'stroke', path: state.path, mode: state.mode } : null;
  return { id, idle, keyboard: 'drag', reduce, draft };
}

export const brushTool = makeBrush('brush', 'add');
export const eraserTool = makeBrush('eraser', 'erase');

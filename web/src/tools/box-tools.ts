/** Two tools of one gesture: a box around the object itself, and a box around an example (or counterexample) of a concept. */
import type { Box } from '../geometry/types';
import { boxBetween, isDrag } from './box-drag';
import type { Draft, ImageSize, Sample, Step, Tool, ToolEffect, ToolEvent, ToolId } from './tool';
import { newest } from './tool';

export type BoxState =
  | { readonly phase: 'idle' }
  | {
      readonly phase: 'dragging';
      readonly from: Sample;
      readonly to: Sample;
      readonly negative: boolean;
      readonly image: ImageSize;
    };

const idle: BoxState = { phase: 'idle' };

function makeBoxTool(
  id: ToolId,
  finish: (box: Box, negative: boolean) => ToolEffect,
  tone: (negative: boolean) => 'object' | 'positive' | 'negative',
): Tool<BoxState> {
  const reduce = (state: BoxState, event: ToolEvent, image: ImageSize): Step<BoxState> => {
    switch (event.type) {
      case 'down':
        return {
          state: { phase: 'dragging', from: event.at, to: event.at, negative: event.negative, image },
          effects: [],
        };
      case 'move':
        if (state.phase === 'idle') return { state, effects: [] };
        return { state: { ...state, to: newest(event.samples) }, effects: [] };
      case 'up': {
        if (state.phase === 'idle') return { state, effects: [] };
        const box = isDrag({ from: state.from, to: event.at })
          ? boxBetween(state.from.image, event.at.image, image)
          : null;
        return { state: idle, effects: box ? [finish(box, state.negative)] : [] };
      }
      case 'leave':
        return { state, effects: [] };
      case 'cancel':
        return { state: idle, effects: [] };
    }
  };
  const draft = (state: BoxState): Draft | null => {
    if (state.phase === 'idle') return null;
    const box = boxBetween(state.from.image, state.to.image, state.image);
    return box && { kind: 'box', box, tone: tone(state.negative) };
  };
  return { id, idle, keyboard: 'drag', reduce, draft };
}

export const boxTool = makeBoxTool(
  'box',
  (box) => ({ type: 'place-box', box }),
  () => 'object',
);

export const exemplarTool = makeBoxTool(
  'exemplar',
  (box, negative) => ({ type: 'place-exemplar', box, positive: !negative }),
  (negative) => (negative ? 'negative' : 'positive'),
);

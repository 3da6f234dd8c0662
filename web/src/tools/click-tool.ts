/** A click says "this" (or, with the right button or Alt, "not this"); a drag draws a box around the object. */
import { boxBetween, isDrag } from './box-drag';
import type { Draft, ImageSize, Sample, Step, Tool, ToolEvent } from './tool';
import { isInside, newest } from './tool';

export type ClickState =
  | { readonly phase: 'idle' }
  | { readonly phase: 'pressed'; readonly from: Sample; readonly negative: boolean }
  | { readonly phase: 'dragging'; readonly from: Sample; readonly to: Sample; readonly image: ImageSize };

const idle: ClickState = { phase: 'idle' };

function onMove(state: ClickState, to: Sample, image: ImageSize): Step<ClickState> {
  if (state.phase === 'idle')
    return { state, effects: [{ type: 'hover', point: isInside(to.image, image) ? to.image : null }] };
  const begins = state.phase === 'pressed' && !state.negative && isDrag({ from: state.from, to });
  if (state.phase === 'dragging' || begins) {
    return { state: { phase: 'dragging', from: state.from, to, image }, effects: [{ type: 'hover', point: null }] };
  }
  return { state, effects: [] };
}

function onUp(state: ClickState, at: Sample, image: ImageSize): Step<ClickState> {
  if (state.phase === 'dragging') {
    const box = boxBetween(state.from.image, at.image, image);
    return { state: idle, effects: box ? [{ type: 'place-box', box }] : [] };
  }
  if (state.phase === 'pressed' && isInside(state.from.image, image)) {
    return { state: idle, effects: [{ type: 'place-point', point: state.from.image, positive: !state.negative }] };
  }
  return { state: idle, effects: [] };
}

function reduce(state: ClickState, event: ToolEvent, image: ImageSize): Step<ClickState> {
  switch (event.type) {
    case 'down':
      return { state: { phase: 'pressed', from: event.at, negative: event.negative }, effects: [] };
    case 'move':
      return onMove(state, newest(event.samples), image);
    case 'up':
      return onUp(state, event.at, image);
    case 'leave':
      return { state, effects: [{ type: 'hover', point: null }] };
    case 'cancel':
      return { state: idle, effects: [{ type: 'hover', point: null }] };
  }
}

function draft(state: ClickState): Draft | null {
  if (state.phase !== 'dragging') return null;
  const box = boxBetween(state.from.image, state.to.image, state.image);
  return box && { kind: 'box', box, tone: 'object' };
}

export const clickTool: Tool<ClickState> = { id: 'click', idle, keyboard: 'click', reduce, draft };

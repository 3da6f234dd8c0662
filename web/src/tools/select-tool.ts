/** A click selects the object under it; a drag moves the picture. */
import type { ImageSize, Sample, Step, Tool, ToolEvent } from './tool';
import { distance, dragSlop, newest } from './tool';

export type SelectState =
  | { readonly phase: 'idle' }
  | { readonly phase: 'pressed'; readonly from: Sample }
  | { readonly phase: 'panning'; readonly last: Sample };

const idle: SelectState = { phase: 'idle' };

function panned(last: Sample, to: Sample): Step<SelectState> {
  const by = { x: to.screen.x - last.screen.x, y: to.screen.y - last.screen.y };
  return { state: { phase: 'panning', last: to }, effects: [{ type: 'pan', by }] };
}

function reduce(state: SelectState, event: ToolEvent, _image: ImageSize): Step<SelectState> {
  switch (event.type) {
    case 'down':
      return { state: { phase: 'pressed', from: event.at }, effects: [] };
    case 'move': {
      const to = newest(event.samples);
      if (state.phase === 'panning') return panned(state.last, to);
      if (state.phase === 'pressed' && distance(state.from.screen, to.screen) >= dragSlop)
        return panned(state.from, to);
      return { state, effects: [] };
    }
    case 'up':
      return { state: idle, effects: state.phase === 'pressed' ? [{ type: 'select', point: state.from.image }] : [] };
    case 'leave':
      return { state, effects: [] };
    case 'cancel':
      return { state: idle, effects: [] };
  }
}

export const selectTool: Tool<SelectState> = { id: 'select', idle, keyboard: 'click', reduce, draft: () => null };

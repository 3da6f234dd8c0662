/**
 * What a tool is: a pure reducer from what the hand does to what shall happen.
 *
 * A tool sees samples of the pointer (or of the keyboard's crosshair, which looks the same) and answers with its next
 * state and with effects. It draws nothing, asks nobody and knows no DOM; whoever runs it does what the effects say and
 * shows the draft. Every gesture can be given up: `cancel` leads back to the idle state without an effect that changes
 * the document.
 */
import type { Box, Point } from '../geometry/types';

export type ToolId = 'select' | 'click' | 'box' | 'exemplar' | 'brush' | 'eraser';

/** One place of the pointer. Distances that the hand feels are measured on the screen, everything else in the image. */
export interface Sample {
  readonly image: Point; // pixels of the image; may lie outside of it
  readonly screen: Point; // CSS pixels of the canvas
}

export type ToolEvent =
  | { readonly type: 'down'; readonly at: Sample; readonly negative: boolean } // right button or Alt: negative
  | { readonly type: 'move'; readonly samples: readonly Sample[] } // oldest first, at least one
  | { readonly type: 'up'; readonly at: Sample }
  | { readonly type: 'leave' }
  | { readonly type: 'cancel' };

export type ToolEffect =
  | { readonly type: 'hover'; readonly point: Point | null }
  | { readonly type: 'place-point'; readonly point: Point; readonly positive: boolean }
  | { readonly type: 'place-box'; readonly box: Box }
  | { readonly type: 'place-exemplar'; readonly box: Box; readonly positive: boolean }
  | { readonly type: 'paint'; readonly path: readonly Point[]; readonly mode: StrokeMode }
  | { readonly type: 'select'; readonly point: Point }
  | { readonly type: 'pan'; readonly by: Point }; // CSS pixels

export type StrokeMode = 'add' | 'erase';

/** What is shown of a gesture that is not finished. */
export type Draft =
  | { readonly kind: 'box'; readonly box: Box; readonly tone: 'object' | 'positive' | 'negative' }
  | { readonly kind: 'stroke'; readonly path: readonly Point[]; readonly mode: StrokeMode };

export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

export interface Step<State> {
  readonly state: State;
  readonly effects: readonly ToolEffect[];
}

export interface Tool<State> {
  readonly id: ToolId;
  readonly idle: State;
  /** How the keyboard's crosshair works it: at once, or from one press to the next. */
  readonly keyboard: 'click' | 'drag';
  reduce(state: State, event: ToolEvent, image: ImageSize): Step<State>;
  draft(state: State): Draft | null;
}

/** Less than this is a click with an unsteady hand, not a drag. CSS pixels. */
export const dragSlop = 4;

export function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

export function isInside(point: Point, image: ImageSize): boolean {
  return point.x >= 0 && point.y >= 0 && point.x < image.width && point.y < image.height;
}

/** The last of a move's samples: a move without one is a bug of whoever made it. */
export function newest(samples: readonly Sample[]): Sample {
  const last = samples[samples.length - 1];
  if (!last) throw new Error('a move has no samples');
  return last;
}

/**
 * A pointer for the keyboard: arrows move it over the image, a press works the tool in the hand as a mouse would.
 *
 * Pure: what a key does is said as the next crosshair and as events for the tool.
 */
import type { Point } from '../geometry/types';
import type { ImageSize, Sample, ToolEvent } from './tool';

export interface Crosshair {
  readonly point: Point; // pixels of the image
  readonly held: boolean; // a drag goes on
}

export type Direction = 'left' | 'right' | 'up' | 'down';

/** How far one key press goes on the screen, in CSS pixels. */
export const crosshairSteps = { fine: 1, normal: 8, coarse: 48 } as const;
export type CrosshairPace = keyof typeof crosshairSteps;

const unitOf: Readonly<Record<Direction, Point>> = {
  left: { x: -1, y: 0 },
  right: { x: 1, y: 0 },
  up: { x: 0, y: -1 },
  down: { x: 0, y: 1 },
};

export interface CrosshairStep {
  readonly crosshair: Crosshair;
  readonly events: readonly ToolEvent[];
}

/** `scale`: CSS pixels for a pixel of the image, so that a step feels the same at every zoom. */
export function moveCrosshair(
  crosshair: Crosshair,
  direction: Direction,
  pace: CrosshairPace,
  scale: number,
  image: ImageSize,
): CrosshairStep {
  const step = crosshairSteps[pace] / scale;
  const unit = unitOf[direction];
  const point = {
    x: Math.min(Math.max(crosshair.point.x + unit.x * step, 0.5), image.width - 0.5),
    y: Math.min(Math.max(crosshair.point.y + unit.y * step, 0.5), image.height - 0.5),
  };
  return { crosshair: { ...crosshair, point }, events: [{ type: 'move', samples: [sampleAt(point, scale)] }] };
}

/** `drag`: the tool wants a press, a way and a release; the first press holds, the second lets go. */
export function pressCrosshair(
  crosshair: Crosshair,
  how: { readonly negative: boolean; readonly drag: boolean },
  scale: number,
): CrosshairStep {
  const at = sampleAt(crosshair.point, scale);
  if (crosshair.held) return { crosshair: { ...crosshair, held: false }, events: [{ type: 'up', at }] };
  const down: ToolEvent = { type: 'down', at, negative: how.negative };
  if (how.drag) return { crosshair: { ...crosshair, held: true }, events: [down] };
  return { crosshair, events: [down, { type: 'up', at }] };
}

function sampleAt(point: Point, scale: number): Sample {
  return { image: point, screen: { x: point.x * scale, y: point.y * scale } };
}

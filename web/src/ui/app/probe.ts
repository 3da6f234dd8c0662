/**
 * `window.samcache`: the canvas as tests and the curious see it. Nothing in the app reads it.
 *
 *   samcache.frames()            how smooth the canvas has been since `resetFrames()` (canvas/frame-probe.ts)
 *   samcache.toPage({x, y})      where on the page a pixel of the image is
 *   samcache.view()              the scale and place of the image on the canvas
 */
import type { Point } from '../../geometry/types';
import type { ViewTransform } from '../../geometry/view';
import type { FrameSummary } from '../canvas/frame-probe';
import type { Stage } from '../canvas/stage';

declare global {
  interface Window {
    samcache?: {
      frames(): FrameSummary | null;
      resetFrames(): void;
      toPage(point: Point): Point | null;
      view(): ViewTransform | null;
    };
  }
}

/** Filled by whoever shows a canvas. */
export const probe: { stage: Stage | null } = { stage: null };

export function installProbe(): void {
  window.samcache = {
    frames: () => probe.stage?.probe.summary() ?? null,
    resetFrames: () => probe.stage?.probe.reset(),
    toPage: (point) => probe.stage?.toPage(point) ?? null,
    view: () => probe.stage?.view ?? null,
  };
}

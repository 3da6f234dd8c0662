/** The gesture of three tools: from one corner of a box to the opposite one. */
import type { Box, Point } from '../geometry/types';
import type { ImageSize, Sample } from './tool';
import { distance, dragSlop } from './tool';

export interface BoxDrag {
  readonly from: Sample;
  readonly to: Sample;
}

/** The box between two corners in any order, inside of the image; null when nothing of it is. */
export function boxBetween(a: Point, b: Point, image: ImageSize): Box | null {
  const clampX = (x: number): number => Math.min(Math.max(x, 0), image.width);
  const clampY = (y: number): number => Math.min(Math.max(y, 0), image.height);
  const box = {
    x0: clampX(Math.min(a.x, b.x)),
    y0: clampY(Math.min(a.y, b.y)),
    x1: clampX(Math.max(a.x, b.x)),
    y1: clampY(Math.max(a.y, b.y)),
  };
  return box.x1 - box.x0 >= 1 && box.y1 - box.y0 >= 1 ? box : null;
}

export function isDrag(drag: BoxDrag): boolean {
  return distance(drag.from.screen, drag.to.screen) >= dragSlop;
}

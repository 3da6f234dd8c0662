/** Where the image lies on the screen: screen = image · scale + (x, y), in CSS pixels of the canvas. */
import type { Point } from './types';

export interface ViewTransform {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** At most so many screen pixels to one of the image. */
const maxScale = 40;
/** More shows nothing more of a small image. */
const maxFitScale = 3;
/** So much of the viewport's shorter side always shows the image. */
const minVisible = 0.1;

export function toScreen(view: ViewTransform, point: Point): Point {
  return { x: point.x * view.scale + view.x, y: point.y * view.scale + view.y };
}

export function toImage(view: ViewTransform, point: Point): Point {
  return { x: (point.x - view.x) / view.scale, y: (point.y - view.y) / view.scale };
}

/** The whole image in the middle, as large as it can be; small ones are enlarged, within reason. */
export function fit(image: Size, viewport: Size, padding = 16): ViewTransform {
  const room = {
    width: Math.max(viewport.width - 2 * padding, 1),
    height: Math.max(viewport.height - 2 * padding, 1),
  };
  const scale = Math.min(room.width / image.width, room.height / image.height, maxFitScale);
  return {
    scale,
    x: (viewport.width - image.width * scale) / 2,
    y: (viewport.height - image.height * scale) / 2,
  };
}

/** Larger or smaller by `factor`, with what lies under `at` (a place on the screen) staying there. */
export function zoomAt(view: ViewTransform, at: Point, factor: number, smallest: number): ViewTransform {
  const scale = Math.min(Math.max(view.scale * factor, Math.min(smallest, maxScale)), maxScale);
  const ratio = scale / view.scale;
  return { scale, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio };
}

export function panBy(view: ViewTransform, dx: number, dy: number): ViewTransform {
  return { scale: view.scale, x: view.x + dx, y: view.y + dy };
}

/** The nearest view that still shows a part of the image. */
export function clamp(view: ViewTransform, image: Size, viewport: Size): ViewTransform {
  const margin = minVisible * Math.min(viewport.width, viewport.height);
  const within = (offset: number, size: number, room: number) =>
    Math.min(Math.max(offset, margin - size * view.scale), room - margin);
  return {
    scale: view.scale,
    x: within(view.x, image.width, viewport.width),
    y: within(view.y, image.height, viewport.height),
  };
}

/** The smallest scale worth having: half of what shows the whole image. */
export function smallestScale(image: Size, viewport: Size): number {
  return fit(image, viewport).scale / 2;
}

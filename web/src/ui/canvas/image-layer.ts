/** The lowest layer: the photo, from the pyramid's level that fits the zoom. */
import type { ViewTransform } from '../../geometry/view';
import type { ImagePyramid, Level } from './image-pyramid';

/** From so many pixels of the screen for one of the image on, these are shown as the squares they are. */
export const squarePixelsFrom = 3;

export interface ScreenSize {
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly dpr: number;
}

export function drawImageLayer(
  context: CanvasRenderingContext2D,
  pyramid: ImagePyramid | null,
  view: ViewTransform,
  screen: ScreenSize,
): void {
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  if (!pyramid) return;
  const scale = view.scale * screen.dpr; // device pixels for a pixel of the image
  const level = pyramid.levelFor(scale);
  if (!level) return;
  context.imageSmoothingEnabled = scale < squarePixelsFrom;
  context.imageSmoothingQuality = 'low';
  drawTiles(context, level, {
    x: view.x * screen.dpr,
    y: view.y * screen.dpr,
    scaleX: (scale * pyramid.width) / level.width,
    scaleY: (scale * pyramid.height) / level.height,
  });
}

interface Placement {
  x: number;
  y: number;
  scaleX: number;
  scaleY: number;
}

function drawTiles(context: CanvasRenderingContext2D, level: Level, place: Placement): void {
  const { width, height } = context.canvas;
  for (const { x, y, bitmap } of level.tiles) {
    // Edges are rounded to whole pixels, those of neighbours alike, so that no seam shows.
    const left = Math.round(place.x + x * place.scaleX);
    const top = Math.round(place.y + y * place.scaleY);
    const right = Math.round(place.x + (x + bitmap.width) * place.scaleX);
    const bottom = Math.round(place.y + (y + bitmap.height) * place.scaleY);
    if (right <= 0 || bottom <= 0 || left >= width || top >= height) continue;
    context.drawImage(bitmap, left, top, right - left, bottom - top);
  }
}

/** Masks as small pictures, for lists. */
import type { Mask } from '../../geometry/mask';
import type { Box } from '../../geometry/types';
import { cropFor, makeSprite, type Rgb, stepFor } from '../canvas/mask-sprite';

/** `part`: of the image, which is what the picture shows. */
export function drawSilhouette(canvas: HTMLCanvasElement, mask: Mask, part: Box, color: Rgb): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  const scale = Math.min(canvas.width / (part.x1 - part.x0), canvas.height / (part.y1 - part.y0));
  const crop = cropFor(part, part, stepFor(scale));
  if (!crop) return;
  const sprite = makeSprite(mask, color, crop, stepFor(scale));
  const width = (crop.x1 - crop.x0) * scale;
  const height = (crop.y1 - crop.y0) * scale;
  context.clearRect(0, 0, canvas.width, canvas.height);
  // Twice: on a plain ground the colour may be stronger than over a photo.
  for (let layer = 0; layer < 2; ++layer) {
    context.drawImage(sprite.canvas, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
  }
}

/** Where any of the masks is, with room around it. */
export function partAround(masks: readonly Mask[]): Box {
  const boxes = masks.map((mask) => mask.box()).filter((box) => box !== null);
  if (boxes.length === 0) return { x0: 0, y0: 0, x1: 1, y1: 1 };
  const x0 = Math.min(...boxes.map((box) => box.x0));
  const y0 = Math.min(...boxes.map((box) => box.y0));
  const x1 = Math.max(...boxes.map((box) => box.x1));
  const y1 = Math.max(...boxes.map((box) => box.y1));
  const margin = 0.06 * Math.max(x1 - x0, y1 - y0);
  return { x0: x0 - margin, y0: y0 - margin, x1: x1 + margin, y1: y1 + margin };
}

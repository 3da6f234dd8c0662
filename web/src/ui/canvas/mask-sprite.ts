/**
 * A mask as a picture to lay over the photo: what can be seen of it, at the size of the screen, in one colour with a
 * stronger rim. Made from run lengths, so a mask of 24 megapixels is never unpacked; kept until the mask, the colour or
 * the zoom step change, or the view leaves what was made.
 */
import { polygons, ringsOf } from '../../geometry/contours';
import { Mask } from '../../geometry/mask';
import type { Box } from '../../geometry/types';

export interface Sprite {
  readonly canvas: OffscreenCanvas;
  readonly crop: Box; // whole pixels of the image
  readonly step: number; // pixels of the image for a pixel of the sprite
  /**
   * The rim as a path in pixels of the image, for a line that stays sharp: pixel by pixel, or smoothed for a zoom at
   * which pixels are not seen. Made when first asked for.
   */
  readonly outline: (smooth: boolean) => Path2D;
}

export type Rgb = readonly [red: number, green: number, blue: number];

const fillAlpha = 96;
const rimAlpha = 230;

/** A sprite larger than this shows a part of its mask only. */
const mostPixels = 3_000_000;

/** `#rrggbb` */
export function rgbOf(color: string): Rgb {
  const value = Number.parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** Pixels of the image that one pixel of a sprite stands for: a power of two, at least 1. */
export function stepFor(devicePixelsPerPixel: number): number {
  return 2 ** Math.max(0, Math.floor(Math.log2(1 / devicePixelsPerPixel)));
}

/** What of `box` to make: all of it if that is not too much, else what is visible with a margin around it. */
export function cropFor(box: Box, visible: Box, step: number): Box | null {
  const aligned = align(box, step);
  if (pixelsOf(aligned, step) <= mostPixels) return aligned;
  const marginX = (visible.x1 - visible.x0) / 4;
  const marginY = (visible.y1 - visible.y0) / 4;
  const part = intersection(box, {
    x0: visible.x0 - marginX,
    y0: visible.y0 - marginY,
    x1: visible.x1 + marginX,
    y1: visible.y1 + marginY,
  });
  return part && align(part, step);
}

export function intersection(a: Box, b: Box): Box | null {
  const box = {
    x0: Math.max(a.x0, b.x0),
    y0: Math.max(a.y0, b.y0),
    x1: Math.min(a.x1, b.x1),
    y1: Math.min(a.y1, b.y1),
  };
  return box.x0 < box.x1 && box.y0 < box.y1 ? box : null;
}

export function covers(outer: Box, inner: Box): boolean {
  return outer.x0 <= inner.x0 && outer.y0 <= inner.y0 && outer.x1 >= inner.x1 && outer.y1 >= inner.y1;
}

function align(box: Box, step: number): Box {
  return {
    x0: Math.floor(box.x0 / step) * step,
    y0: Math.floor(box.y0 / step) * step,
    x1: Math.ceil(box.x1 / step) * step,
    y1: Math.ceil(box.y1 / step) * step,
  };
}

function pixelsOf(box: Box, step: number): number {
  return ((box.x1 - box.x0) / step) * ((box.y1 - box.y0) / step);
}

/** 1 where the sample in the middle of a sprite's pixel is inside of the mask. */
export function sampleMask(mask: Mask, crop: Box, step: number): { pixels: Uint8Array; width: number; height: number } {
  const width = (crop.x1 - crop.x0) / step;
  const height = (crop.y1 - crop.y0) / step;
  const pixels = new Uint8Array(width * height);
  const middle = step >> 1;
  mask.forEachSpan((y, x0, x1) => {
    const fromTop = y - crop.y0 - middle;
    if (fromTop < 0 || fromTop % step !== 0) return;
    const row = fromTop / step;
    if (row >= height) return;
    const left = Math.max(0, Math.ceil((x0 - crop.x0 - middle) / step));
    const right = Math.min(width, Math.ceil((x1 - crop.x0 - middle) / step));
    if (right > left) pixels.fill(1, row * width + left, row * width + right);
  });
  return { pixels, width, height };
}

export function makeSprite(mask: Mask, color: Rgb, crop: Box, step: number): Sprite {
  const { pixels, width, height } = sampleMask(mask, crop, step);
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser gives no 2D canvas');
  const image = context.createImageData(width, height);
  tint(new Uint32Array(image.data.buffer), pixels, width, height, color);
  context.putImageData(image, 0, 0);
  const paths = new Map<boolean, Path2D>();
  const outline = (smooth: boolean): Path2D => {
    const path = paths.get(smooth) ?? outlineOf(Mask.fromPixels(width, height, pixels), crop, step, smooth);
    paths.set(smooth, path);
    return path;
  };
  return { canvas, crop, step, outline };
}

/** Little-endian RGBA, as all machines that browsers run on have it. */
function tint(out: Uint32Array, pixels: Uint8Array, width: number, height: number, [red, green, blue]: Rgb): void {
  const rgb = (blue << 16) | (green << 8) | red;
  const fill = ((fillAlpha << 24) | rgb) >>> 0;
  const rim = ((rimAlpha << 24) | rgb) >>> 0;
  for (let y = 0, at = 0; y < height; ++y) {
    for (let x = 0; x < width; ++x, ++at) {
      if (!pixels[at]) continue;
      const inner =
        x > 0 &&
        x < width - 1 &&
        y > 0 &&
        y < height - 1 &&
        pixels[at - 1] &&
        pixels[at + 1] &&
        pixels[at - width] &&
        pixels[at + width];
      out[at] = inner ? fill : rim;
    }
  }
}

function outlineOf(part: Mask, crop: Box, step: number, smooth: boolean): Path2D {
  const path = new Path2D();
  for (const ring of ringsOf(polygons(part, smooth ? 0.75 : 0))) {
    ring.forEach((point, index) => {
      const x = crop.x0 + point.x * step;
      const y = crop.y0 + point.y * step;
      if (index === 0) path.moveTo(x, y);
      else path.lineTo(x, y);
    });
    path.closePath();
  }
  return path;
}

/** The middle layer: the objects' masks, and the candidates of a concept. */
import type { Mask } from '../../geometry/mask';
import type { Box } from '../../geometry/types';
import type { ViewTransform } from '../../geometry/view';
import { type ScreenSize, squarePixelsFrom } from './image-layer';
import { covers, cropFor, intersection, makeSprite, rgbOf, stepFor, type Sprite } from './mask-sprite';

/** One mask to show. Of the same `id` only the newest sprite is kept. */
export interface ShownMask {
  readonly id: string;
  readonly mask: Mask;
  readonly color: string;
  readonly emphasis: 'normal' | 'selected' | 'faint';
}

interface Kept {
  readonly mask: Mask;
  readonly color: string;
  readonly sprite: Sprite;
}

/** Sprites by object. */
export class SpriteCache {
  private readonly kept = new Map<string, Kept>();

  /** null: nothing of the mask is visible. */
  get(shown: ShownMask, visible: Box, step: number): Sprite | null {
    const box = shown.mask.box();
    const part = box && intersection(box, visible);
    if (!box || !part) return null;
    const old = this.kept.get(shown.id);
    if (
      old?.mask === shown.mask &&
      old.color === shown.color &&
      old.sprite.step === step &&
      covers(old.sprite.crop, part)
    ) {
      return old.sprite;
    }
    const crop = cropFor(box, visible, step);
    if (!crop) return null;
    const sprite = makeSprite(shown.mask, rgbOf(shown.color), crop, step);
    this.kept.set(shown.id, { mask: shown.mask, color: shown.color, sprite });
    return sprite;
  }

  /** Forgets all but these. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const id of this.kept.keys()) if (!ids.has(id)) this.kept.delete(id);
  }
}

/** The part of the image that is on the screen. */
export function visiblePart(view: ViewTransform, screen: ScreenSize): Box {
  return {
    x0: -view.x / view.scale,
    y0: -view.y / view.scale,
    x1: (screen.width - view.x) / view.scale,
    y1: (screen.height - view.y) / view.scale,
  };
}

export function drawMasks(
  context: CanvasRenderingContext2D,
  masks: readonly ShownMask[],
  sprites: SpriteCache,
  view: ViewTransform,
  screen: ScreenSize,
): void {
  const scale = view.scale * screen.dpr;
  const visible = visiblePart(view, screen);
  for (const shown of masks) {
    const sprite = sprites.get(shown, visible, stepFor(scale));
    if (!sprite) continue;
    enterImageSpace(context, view, screen);
    context.imageSmoothingEnabled = scale < squarePixelsFrom;
    context.globalAlpha = shown.emphasis === 'faint' ? 0.55 : 1;
    const { canvas, crop } = sprite;
    context.drawImage(canvas, crop.x0, crop.y0, crop.x1 - crop.x0, crop.y1 - crop.y0);
    context.globalAlpha = 1;
    if (shown.emphasis === 'selected')
      strokeOutline(context, sprite.outline(scale < squarePixelsFrom), shown.color, view);
  }
}

/** A line of two colours, to be seen on everything; as wide at every zoom. */
export function strokeOutline(
  context: CanvasRenderingContext2D,
  path: Path2D,
  color: string,
  view: ViewTransform,
): void {
  context.lineJoin = 'round';
  context.setLineDash([]);
  context.strokeStyle = 'rgb(255 255 255 / 90%)';
  context.lineWidth = 4 / view.scale;
  context.stroke(path);
  context.strokeStyle = color;
  context.lineWidth = 2 / view.scale;
  context.stroke(path);
}

/** From here on coordinates are pixels of the image. */
export function enterImageSpace(context: CanvasRenderingContext2D, view: ViewTransform, screen: ScreenSize): void {
  const { dpr } = screen;
  context.setTransform(view.scale * dpr, 0, 0, view.scale * dpr, view.x * dpr, view.y * dpr);
}

export function clearLayer(context: CanvasRenderingContext2D): void {
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
}

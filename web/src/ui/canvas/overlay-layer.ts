/** The upper layer: everything that changes with the hand. Prompts, drafts, the look ahead, the crosshair. */
import type { Prompts } from '../../document/model';
import type { Box, Point } from '../../geometry/types';
import type { ViewTransform } from '../../geometry/view';
import type { Draft, StrokeMode } from '../../tools/tool';
import type { ScreenSize } from './image-layer';
import { clearLayer, drawMasks, enterImageSpace, type ShownMask, type SpriteCache } from './mask-layer';

export interface Overlay {
  readonly color: string; // of the object at hand
  readonly prompts: Prompts | null;
  readonly exemplars: readonly { readonly box: Box; readonly positive: boolean }[];
  readonly tags: readonly { readonly box: Box; readonly text: string; readonly active: boolean }[];
  readonly preview: ShownMask | null;
  readonly draft: Draft | null;
  readonly brush: { readonly point: Point; readonly radius: number; readonly mode: StrokeMode } | null;
  readonly crosshair: Point | null;
}

export const emptyOverlay: Overlay = {
  color: '#2355d0',
  prompts: null,
  exemplars: [],
  tags: [],
  preview: null,
  draft: null,
  brush: null,
  crosshair: null,
};

export function isBlank({ prompts, exemplars, tags, preview, draft, brush, crosshair }: Overlay): boolean {
  const hasPrompts = prompts !== null && (prompts.points.length > 0 || prompts.box !== null);
  return !(hasPrompts || exemplars.length > 0 || tags.length > 0 || preview || draft || brush || crosshair);
}

export const positiveColor = '#0f8a4b';
export const negativeColor = '#cc2f26';

export function drawOverlay(
  context: CanvasRenderingContext2D,
  overlay: Overlay,
  brushRadius: number,
  sprites: SpriteCache,
  view: ViewTransform,
  screen: ScreenSize,
): void {
  clearLayer(context);
  if (overlay.preview) drawMasks(context, [overlay.preview], sprites, view, screen);
  enterImageSpace(context, view, screen);
  const pen = new Pen(context, view);
  const { draft } = overlay;
  if (draft?.kind === 'stroke') pen.stroke(draft.path, brushRadius, draft.mode, overlay.color);
  if (overlay.prompts?.box) pen.box(overlay.prompts.box, overlay.color, false);
  for (const { box, positive } of overlay.exemplars) {
    pen.box(box, positive ? positiveColor : negativeColor, true);
    pen.mark({ x: box.x0, y: box.y0 }, positive);
  }
  if (draft?.kind === 'box') pen.box(draft.box, toneColor(draft.tone, overlay.color), draft.tone !== 'object');
  for (const point of overlay.prompts?.points ?? []) pen.mark(point, point.positive);
  for (const tag of overlay.tags) pen.tag({ x: tag.box.x0, y: tag.box.y0 }, tag.text, tag.active);
  if (overlay.brush) pen.circle(overlay.brush.point, overlay.brush.radius, overlay.brush.mode);
  if (overlay.crosshair) pen.crosshair(overlay.crosshair, screen);
}

function toneColor(tone: 'object' | 'positive' | 'negative', color: string): string {
  if (tone === 'object') return color;
  return tone === 'positive' ? positiveColor : negativeColor;
}

/** Draws in pixels of the image with lines and marks that are as large at every zoom; light rims show on dark photos. */
class Pen {
  private readonly px: number; // one CSS pixel

  constructor(
    private readonly context: CanvasRenderingContext2D,
    private readonly view: ViewTransform,
  ) {
    this.px = 1 / view.scale;
    context.lineJoin = 'round';
    context.lineCap = 'round';
  }

  box(box: Box, color: string, dashed: boolean): void {
    const { context, px } = this;
    context.setLineDash([]);
    this.line('rgb(255 255 255 / 85%)', 4);
    context.strokeRect(box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0);
    context.setLineDash(dashed ? [6 * px, 5 * px] : []);
    this.line(color, 2);
    context.strokeRect(box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0);
    context.setLineDash([]);
  }

  /** Plus or minus: told apart by shape, too. */
  mark(at: Point, positive: boolean): void {
    const { context, px } = this;
    context.beginPath();
    context.arc(at.x, at.y, 7 * px, 0, 2 * Math.PI);
    context.fillStyle = positive ? positiveColor : negativeColor;
    context.fill();
    this.line('#ffffff', 2);
    context.stroke();
    context.beginPath();
    context.moveTo(at.x - 3 * px, at.y);
    context.lineTo(at.x + 3 * px, at.y);
    if (positive) {
      context.moveTo(at.x, at.y - 3 * px);
      context.lineTo(at.x, at.y + 3 * px);
    }
    this.line('#ffffff', 1.75);
    context.stroke();
  }

  tag(at: Point, text: string, active: boolean): void {
    const { context, px } = this;
    context.font = `600 ${12 * px}px system-ui, sans-serif`;
    context.textBaseline = 'middle';
    const width = context.measureText(text).width + 10 * px;
    context.beginPath();
    context.roundRect(at.x, at.y, width, 18 * px, 4 * px);
    context.fillStyle = active ? '#2355d0' : 'rgb(16 18 21 / 85%)';
    context.fill();
    context.fillStyle = '#ffffff';
    context.fillText(text, at.x + 5 * px, at.y + 9.5 * px);
  }

  stroke(path: readonly Point[], radius: number, mode: StrokeMode, color: string): void {
    const { context } = this;
    const first = path[0];
    if (!first as boolean) return;
    context.beginPath();
    context.moveTo(first.x, first.y);
    for (const point of path) context.lineTo(point.x, point.y);
    context.lineWidth = 2 * radius;
    context.globalAlpha = 0.5;
    context.strokeStyle = mode === 'add' ? color : '#ffffff';
    context.stroke();
    context.globalAlpha = 1;
  }

  circle(at: Point, radius: number, mode: StrokeMode): void {
    const { context, px } = this;
    context.beginPath();
    context.arc(at.x, at.y, radius, 0, 2 * Math.PI);
    this.line('rgb(0 0 0 / 70%)', 3);
    context.stroke();
    context.setLineDash(mode === 'add' ? [] : [4 * px, 4 * px]);
    this.line('#ffffff', 1.5);
    context.stroke();
    context.setLineDash([]);
  }

  crosshair(at: Point, screen: ScreenSize): void {
    const { context, px, view } = this;
    const left = -view.x * px;
    const top = -view.y * px;
    for (const [color, width] of [
      ['rgb(0 0 0 / 60%)', 3],
      ['#ffffff', 1],
    ] as const) {
      context.beginPath();
      context.moveTo(left, at.y);
      context.lineTo(left + screen.width * px, at.y);
      context.moveTo(at.x, top);
      context.lineTo(at.x, top + screen.height * px);
      this.line(color, width);
      context.stroke();
    }
  }

  private line(color: string, width: number): void {
    this.context.strokeStyle = color;
    this.context.lineWidth = width * this.px;
  }
}

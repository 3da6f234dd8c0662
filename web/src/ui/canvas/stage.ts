/**
 * Three canvases on top of each other, each drawn again only when what it shows has changed, at most once a frame.
 *
 * The stage owns the view (where the image lies on the screen) and nothing of the document: it is told what to show.
 * Main thread only; `close` when the page goes.
 */
import type { Box, Point } from '../../geometry/types';
import {
  clamp,
  fit,
  panBy,
  smallestScale,
  toImage,
  toScreen,
  type Size,
  type ViewTransform,
  zoomAt,
} from '../../geometry/view';
import { FrameProbe } from './frame-probe';
import { drawImageLayer, type ScreenSize } from './image-layer';
import type { ImagePyramid } from './image-pyramid';
import { clearLayer, drawMasks, type ShownMask, SpriteCache } from './mask-layer';
import { drawOverlay, emptyOverlay, isBlank, type Overlay } from './overlay-layer';

type Layer = 'image' | 'masks' | 'overlay';

const everything: readonly Layer[] = ['image', 'masks', 'overlay'];

export class Stage {
  readonly probe = new FrameProbe();

  private readonly contexts: Readonly<Record<Layer, CanvasRenderingContext2D>>;
  private readonly dirty = new Set<Layer>();
  private readonly objectSprites = new SpriteCache();
  private readonly previewSprites = new SpriteCache();
  private readonly resized: ResizeObserver;

  private screen: ScreenSize = { width: 1, height: 1, dpr: 1 };
  private image: Size = { width: 1, height: 1 };
  private transform: ViewTransform = { scale: 1, x: 0, y: 0 };
  private isFitted = true; // stays so when the window changes its size
  private pyramid: ImagePyramid | null = null;
  private masks: readonly ShownMask[] = [];
  private overlay: Overlay = emptyOverlay;
  private brushRadius = 1;
  private frame = 0;
  private onView: (view: ViewTransform) => void = () => undefined;

  constructor(private readonly host: HTMLElement) {
    const make = (): CanvasRenderingContext2D => {
      const canvas = document.createElement('canvas');
      canvas.setAttribute('aria-hidden', 'true');
      host.append(canvas);
      const context = canvas.getContext('2d');
      if (!context) throw new Error('this browser gives no 2D canvas');
      return context;
    };
    this.contexts = { image: make(), masks: make(), overlay: make() };
    this.resized = new ResizeObserver(() => {
      this.resize();
    });
    this.resized.observe(host);
    this.resize();
  }

  close(): void {
    this.resized.disconnect();
    cancelAnimationFrame(this.frame);
    for (const layer of everything) this.contexts[layer].canvas.remove();
  }

  get view(): ViewTransform {
    return this.transform;
  }

  get viewport(): Size {
    return this.screen;
  }

  /** Called whenever the view changes, with the new one. */
  listen(onView: (view: ViewTransform) => void): void {
    this.onView = onView;
  }

  /** Another image: the whole of it comes into view. */
  showImage(image: Size): void {
    this.image = image;
    this.pyramid = null;
    this.fit();
  }

  showPyramid(pyramid: ImagePyramid | null): void {
    this.pyramid = pyramid;
    this.redraw('image');
  }

  showMasks(masks: readonly ShownMask[]): void {
    this.masks = masks;
    this.objectSprites.keepOnly(new Set(masks.map((shown) => shown.id)));
    this.redraw('masks');
  }

  showOverlay(overlay: Overlay, brushRadius: number): void {
    this.overlay = overlay;
    this.brushRadius = brushRadius;
    this.redraw('overlay');
  }

  /** More of the image has been decoded. */
  redrawImage(): void {
    this.redraw('image');
  }

  fit(): void {
    this.isFitted = true;
    this.moveTo(fit(this.image, this.screen));
  }

  /** Pixel for pixel, around the middle. */
  zoomToPixels(): void {
    this.zoom(1 / (this.transform.scale * this.screen.dpr));
  }

  pan(by: Point): void {
    this.isFitted = false;
    this.moveTo(panBy(this.transform, by.x, by.y));
  }

  /** Around a place on the screen; by default its middle. */
  zoom(factor: number, at: Point = { x: this.screen.width / 2, y: this.screen.height / 2 }): void {
    this.isFitted = false;
    this.moveTo(zoomAt(this.transform, at, factor, smallestScale(this.image, this.screen)));
  }

  /** Brings a box of the image into view, if it is not wholly there. */
  reveal(box: Box): void {
    const a = toScreen(this.transform, { x: box.x0, y: box.y0 });
    const b = toScreen(this.transform, { x: box.x1, y: box.y1 });
    const { width, height } = this.screen;
    if (a.x >= 0 && a.y >= 0 && b.x <= width && b.y <= height) return;
    this.pan({ x: width / 2 - (a.x + b.x) / 2, y: height / 2 - (a.y + b.y) / 2 });
  }

  toImage(screen: Point): Point {
    return toImage(this.transform, screen);
  }

  /** CSS pixels from the upper left corner of the canvas. */
  toScreen(image: Point): Point {
    return toScreen(this.transform, image);
  }

  /** CSS pixels from the upper left corner of the window. */
  toPage(image: Point): Point {
    const { left, top } = this.host.getBoundingClientRect();
    const { x, y } = this.toScreen(image);
    return { x: left + x, y: top + y };
  }

  private moveTo(view: ViewTransform): void {
    this.transform = clamp(view, this.image, this.screen);
    for (const layer of everything) this.redraw(layer);
    this.onView(this.transform);
  }

  private resize(): void {
    const { width, height } = this.host.getBoundingClientRect();
    const dpr = window.devicePixelRatio || 1;
    this.screen = { width: Math.max(1, width), height: Math.max(1, height), dpr };
    for (const layer of everything) {
      const { canvas } = this.contexts[layer];
      canvas.width = Math.max(1, Math.round(width * dpr));
      canvas.height = Math.max(1, Math.round(height * dpr));
    }
    this.moveTo(this.isFitted ? fit(this.image, this.screen) : this.transform);
    // A canvas that was resized is empty: not to flicker, it is drawn before the browser paints.
    cancelAnimationFrame(this.frame);
    this.draw(performance.now());
  }

  private redraw(layer: Layer): void {
    if (this.dirty.size === 0) {
      this.frame = requestAnimationFrame((time) => {
        this.draw(time);
      });
    }
    this.dirty.add(layer);
  }

  private draw(time: number): void {
    const start = performance.now();
    const view = this.transform;
    const { image, masks, overlay } = this.contexts;
    if (this.dirty.has('image')) drawImageLayer(image, this.pyramid, view, this.screen);
    if (this.dirty.has('masks') && showIf(masks.canvas, this.masks.length > 0)) {
      clearLayer(masks);
      drawMasks(masks, this.masks, this.objectSprites, view, this.screen);
    }
    if (this.dirty.has('overlay') && showIf(overlay.canvas, !isBlank(this.overlay))) {
      drawOverlay(overlay, this.overlay, this.brushRadius, this.previewSprites, view, this.screen);
    }
    this.dirty.clear();
    this.probe.record(time, start, performance.now());
  }
}

/** A layer without content costs nothing when it is not there. */
function showIf(canvas: HTMLCanvasElement, hasContent: boolean): boolean {
  canvas.style.display = hasContent ? '' : 'none';
  return hasContent;
}

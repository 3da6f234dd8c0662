/**
 * Mouse, pen, fingers and wheel over the canvas, as the tools and the view understand them.
 *
 * One pointer works the tool. The middle button, the space bar or a second finger move the picture instead; whatever the
 * tool had begun is then given up. Moves carry all samples that came since the last one.
 */
import type { Point } from '../../geometry/types';
import type { Sample, ToolEvent } from '../../tools/tool';
import type { Stage } from './stage';

export interface PointerTarget {
  /** For the tool in the hand. */
  tool(event: ToolEvent): void;
  /** The space bar is down. */
  readonly wantsPan: boolean;
}

type Gesture = 'none' | 'tool' | 'pan' | 'pinch';

const wheelZoom = 1.0016; // for a CSS pixel of wheel
const pinchZoom = 1.01; // a trackpad's pinch comes as small wheel steps
const linePixels = 33;

export class PointerInput {
  private readonly abort = new AbortController();
  private readonly pointers = new Map<number, Point>(); // all that are down, in CSS pixels of the host
  private gesture: Gesture = 'none';

  constructor(
    private readonly host: HTMLElement,
    private readonly stage: Stage,
    private readonly target: PointerTarget,
  ) {
    const { signal } = this.abort;
    host.addEventListener('pointerdown', this.onDown, { signal });
    host.addEventListener('pointermove', this.onMove, { signal });
    host.addEventListener('pointerup', this.onUp, { signal });
    host.addEventListener('pointercancel', this.onCancel, { signal });
    host.addEventListener('pointerleave', this.onLeave, { signal });
    host.addEventListener('wheel', this.onWheel, { signal, passive: false });
    host.addEventListener('contextmenu', preventDefault, { signal });
  }

  close(): void {
    this.abort.abort();
  }

  private readonly onDown = (event: PointerEvent): void => {
    if (event.button > 2) return;
    this.host.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.place(event));
    if (this.pointers.size === 2) {
      this.giveUp('pinch');
    } else if (event.button === 1 || this.target.wantsPan) {
      event.preventDefault();
      this.giveUp('pan');
    } else if (this.pointers.size === 1) {
      this.gesture = 'tool';
      this.target.tool({ type: 'down', at: this.sample(event), negative: event.button === 2 || event.altKey });
    }
  };

  private readonly onMove = (event: PointerEvent): void => {
    const before = this.pointers.get(event.pointerId);
    const now = this.place(event);
    if (before && this.gesture === 'pinch') {
      this.pinch(event.pointerId, now);
    } else if (before && this.gesture === 'pan') {
      this.pointers.set(event.pointerId, now);
      this.stage.pan({ x: now.x - before.x, y: now.y - before.y });
    } else {
      if (before) this.pointers.set(event.pointerId, now);
      const coalesced = event.getCoalescedEvents();
      const samples = (coalesced.length > 0 ? coalesced : [event]).map((one) => this.sample(one));
      this.target.tool({ type: 'move', samples });
    }
  };

  private readonly onUp = (event: PointerEvent): void => {
    if (!this.pointers.delete(event.pointerId)) return;
    if (this.gesture === 'tool') this.target.tool({ type: 'up', at: this.sample(event) });
    if (this.pointers.size === 0) this.gesture = 'none';
    else if (this.gesture === 'pinch') this.gesture = 'pan';
  };

  private readonly onCancel = (event: PointerEvent): void => {
    this.pointers.delete(event.pointerId);
    this.giveUp('none');
  };

  private readonly onLeave = (): void => {
    if (this.pointers.size === 0) this.target.tool({ type: 'leave' });
  };

  private readonly onWheel = (event: WheelEvent): void => {
    event.preventDefault();
    const delta = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? linePixels : 1);
    if (event.shiftKey) this.stage.pan({ x: -(delta || event.deltaX), y: 0 });
    else this.stage.zoom((event.ctrlKey ? pinchZoom : wheelZoom) ** -delta, this.place(event));
  };

  private giveUp(next: Gesture): void {
    if (this.gesture === 'tool') this.target.tool({ type: 'cancel' });
    this.gesture = next;
  }

  private pinch(id: number, now: Point): void {
    const [a, b] = [...this.pointers.values()];
    this.pointers.set(id, now);
    const [c, d] = [...this.pointers.values()];
    const middle = midpoint(a, b);
    const moved = midpoint(c, d);
    this.stage.pan({ x: moved.x - middle.x, y: moved.y - middle.y });
    this.stage.zoom(spread(c, d) / Math.max(1, spread(a, b)), moved);
  }

  private place(event: MouseEvent): Point {
    const { left, top } = this.host.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  private sample(event: MouseEvent): Sample {
    const screen = this.place(event);
    return { screen, image: this.stage.toImage(screen) };
  }
}

function preventDefault(event: Event): void {
  event.preventDefault();
}

function midpoint(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

function spread(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

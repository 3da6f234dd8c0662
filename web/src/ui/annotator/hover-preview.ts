/**
 * The mask that a click would make, under the pointer.
 *
 * One question at a time: while it is being answered the pointer moves on, and only its last place is asked for next. So
 * a source is never asked more than it can answer. Where answers take too long to be of use, the look ahead stays off
 * for this image.
 */
import type { Point } from '../../geometry/types';
import { type PromptSet, Superseded } from '../../inference/mask-source';
import { settings } from '../app/settings';
import type { AnnotatorContext } from './context';

const tooSlowMs = 300;
const judgedAfter = 4;

export class HoverPreview {
  private wanted: Point | null = null;
  private running: AbortController | null = null;
  private readonly latencies: number[] = [];

  constructor(
    private readonly context: AnnotatorContext,
    private readonly promptsAt: (point: Point) => PromptSet,
  ) {}

  /** null: the pointer is nowhere, or busy. */
  hover(point: Point | null): void {
    const { loaded, previewTooSlow, pending } = this.context.state.get();
    const isOn = settings.get().preview && loaded && !previewTooSlow && !pending;
    this.wanted = isOn ? point : null;
    if (!this.wanted) this.clear();
    else if (!this.running) void this.run();
  }

  clear(): void {
    this.wanted = null;
    this.running?.abort();
    this.running = null;
    this.context.live.patch({ preview: null });
  }

  private async run(): Promise<void> {
    const running = new AbortController();
    this.running = running;
    while (this.wanted && !running.signal.aborted) {
      const point = this.wanted;
      this.wanted = null;
      try {
        await this.lookAt(point, running.signal);
      } catch (error) {
        // A prompt went first, or the source is away: the click will say so.
        if (!(error instanceof Superseded)) break;
      }
    }
    if (this.running === running) this.running = null;
  }

  private async lookAt(point: Point, signal: AbortSignal): Promise<void> {
    const session = await this.context.session();
    const start = performance.now();
    const answer = await session.segment(this.promptsAt(point), { signal, preview: true });
    if (signal.aborted) return;
    this.context.live.patch({ preview: answer.masks[0] ?? null });
    this.judge(performance.now() - start);
  }

  /** The fastest of the last few decides: one slow answer says little. */
  private judge(latencyMs: number): void {
    this.latencies.push(latencyMs);
    if (this.latencies.length > judgedAfter) this.latencies.shift();
    if (this.latencies.length < judgedAfter || Math.min(...this.latencies) <= tooSlowMs) return;
    this.context.state.patch({ previewTooSlow: true });
    this.clear();
  }
}

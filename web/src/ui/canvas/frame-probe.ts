/**
 * How smooth the canvas is. Every drawn frame is a measure `samcache.frame` on the page's performance timeline (its
 * length: what drawing cost), and the times between frames that follow each other are kept for a summary.
 */
export interface FrameSummary {
  /** Frames that followed another one directly. */
  frames: number;
  medianMs: number;
  p95Ms: number;
  worstMs: number;
  /** Spent in drawing. */
  drawMedianMs: number;
  drawWorstMs: number;
}

const mostKept = 1200;
/** Frames further apart do not follow each other: nothing was to be drawn between them. */
const pauseMs = 250;

export class FrameProbe {
  private readonly gaps: number[] = [];
  private readonly costs: number[] = [];
  private lastFrame = Number.NEGATIVE_INFINITY;
  private measured = 0;

  /** `time`: as requestAnimationFrame gave it. */
  record(time: number, start: number, end: number): void {
    const gap = time - this.lastFrame;
    if (gap > 0 && gap < pauseMs) keep(this.gaps, gap);
    keep(this.costs, end - start);
    this.lastFrame = time;
    performance.measure('samcache.frame', { start, end });
    // The timeline would grow for ever.
    if (++this.measured % mostKept === 0) performance.clearMeasures('samcache.frame');
  }

  reset(): void {
    this.gaps.length = 0;
    this.costs.length = 0;
    performance.clearMeasures('samcache.frame');
  }

  summary(): FrameSummary {
    return {
      frames: this.gaps.length,
      medianMs: quantile(this.gaps, 0.5),
      p95Ms: quantile(this.gaps, 0.95),
      worstMs: quantile(this.gaps, 1),
      drawMedianMs: quantile(this.costs, 0.5),
      drawWorstMs: quantile(this.costs, 1),
    };
  }
}

function keep(values: number[], value: number): void {
  values.push(value);
  if (values.length > mostKept) values.splice(0, values.length - mostKept + mostKept / 4);
}

export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) return 0;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

/**
 * Asks one thing at a time and keeps no queue of the past: of what waits under one key only the newest is asked, the
 * others reject with `Superseded`. Keys take turns in the order of their newest.
 */
import { Superseded } from './mask-source';

interface Waiting {
  start: () => Promise<void>;
  reject: (reason: Error) => void;
}

export class LatestLane {
  private readonly waiting = new Map<string, Waiting>();
  private running = false;
  private closed: Error | null = null;

  /** What is aborted while it runs rejects at once; its answer, when it comes, is for nobody. */
  submit<T>(key: string, run: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.closed) return Promise.reject(this.closed);
    if (signal?.aborted) return Promise.reject(abortReason(signal));
    return new Promise<T>((resolve, reject) => {
      const abort = () => {
        if (this.waiting.get(key) === task) this.waiting.delete(key);
        reject(abortReason(signal));
      };
      const settled = () => signal?.removeEventListener('abort', abort);
      const task: Waiting = {
        start: async () => {
          try {
            resolve(await run());
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          } finally {
            settled();
          }
        },
        reject: (reason) => {
          settled();
          reject(reason);
        },
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.replace(key, task);
      void this.work();
    });
  }

  /** Whatever waits and whatever is submitted later rejects with `reason`. */
  close(reason: Error): void {
    this.closed = reason;
    for (const task of this.waiting.values()) task.reject(reason);
    this.waiting.clear();
  }

  private replace(key: string, task: Waiting): void {
    this.waiting.get(key)?.reject(new Superseded());
    this.waiting.delete(key);
    this.waiting.set(key, task);
  }

  private async work(): Promise<void> {
    if (this.running) return;
    this.running = true;
    for (;;) {
      const next = this.waiting.entries().next();
      if (next.done) break;
      const [key, task] = next.value;
      this.waiting.delete(key);
      await task.start();
    }
    this.running = false;
  }
}

function abortReason(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new DOMException('aborted', 'AbortError');
}

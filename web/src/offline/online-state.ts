/**
 * Whether the server can be reached. The browser's own word (`navigator.onLine`) is a hint: it knows of a network, not
 * of our server. So the server is asked, at once when something hints at a change, and from time to time.
 */

export interface OnlineOptions {
  isAlive: () => Promise<boolean>;
  /** Where the browser's hints come from; null: none. */
  hints?: Pick<EventTarget, 'addEventListener' | 'removeEventListener'> | null;
  /** While it is there. */
  intervalMs?: number;
  /** While it is away: doubled up to the longest. */
  firstRetryMs?: number;
  longestRetryMs?: number;
}

export class OnlineState {
  private readonly listeners = new Set<(online: boolean) => void>();
  private timer: ReturnType<typeof setTimeout> | null = null;
  private probe: Promise<boolean> | null = null;
  private failures = 0;
  private stopped = false;
  private known = true;
  private readonly hinted = () => void this.check();

  constructor(private readonly options: OnlineOptions) {
    const { hints = globalThis } = options;
    hints?.addEventListener('online', this.hinted);
    hints?.addEventListener('offline', this.hinted);
    this.schedule();
  }

  get online(): boolean {
    return this.known;
  }

  /** Called when it changes; gives the function that ends it. */
  subscribe(listener: (online: boolean) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Asks the server now. Whoever saw a request fail calls this. */
  check(): Promise<boolean> {
    this.probe ??= this.ask().finally(() => {
      this.probe = null;
      this.schedule();
    });
    return this.probe;
  }

  stop(): void {
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
    const { hints = globalThis } = this.options;
    hints?.removeEventListener('online', this.hinted);
    hints?.removeEventListener('offline', this.hinted);
  }

  private async ask(): Promise<boolean> {
    const online = await this.options.isAlive();
    if (this.stopped) return online;
    this.failures = online ? 0 : this.failures + 1;
    if (online !== this.known) {
      this.known = online;
      for (const listener of this.listeners) listener(online);
    }
    return online;
  }

  private schedule(): void {
    if (this.timer) clearTimeout(this.timer);
    if (this.stopped) return;
    const { intervalMs = 20_000, firstRetryMs = 1000, longestRetryMs = 15_000 } = this.options;
    const retryMs = Math.min(firstRetryMs * 2 ** (this.failures - 1), longestRetryMs);
    this.timer = setTimeout(this.hinted, this.known ? intervalMs : retryMs);
  }
}

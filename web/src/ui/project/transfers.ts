/** Long work on a project that goes on while one does other things: exports, imports, preloads. */
import { Store } from '../app/store';
import { reasonOf } from '../components/toasts';

export interface Transfer {
  readonly id: number;
  readonly title: string;
  readonly status: 'running' | 'done' | 'failed' | 'cancelled';
  readonly done: number;
  readonly total: number; // 0: not known yet
  readonly detail: string;
  /** What was left out, a sentence each. */
  readonly problems: readonly string[];
}

export interface Outcome {
  readonly detail: string;
  readonly problems?: readonly string[];
}

export type Report = (progress: { done: number; total: number; detail?: string }) => void;

export class Transfers {
  readonly list = new Store<readonly Transfer[]>([]);
  private readonly running = new Map<number, AbortController>();
  private nextId = 1;

  /** Runs `work` and shows how it goes; never rejects. */
  async run(title: string, work: (report: Report, signal: AbortSignal) => Promise<Outcome>): Promise<void> {
    const id = this.nextId++;
    const stopping = new AbortController();
    this.running.set(id, stopping);
    const fresh: Transfer = { id, title, status: 'running', done: 0, total: 0, detail: '', problems: [] };
    this.list.set([...this.list.get(), fresh]);
    try {
      const { detail, problems = [] } = await work((progress) => {
        this.change(id, progress);
      }, stopping.signal);
      this.change(id, { status: 'done', detail, problems });
    } catch (error) {
      if (stopping.signal.aborted) this.change(id, { status: 'cancelled', detail: 'Cancelled' });
      else this.change(id, { status: 'failed', detail: reasonOf(error) });
    } finally {
      this.running.delete(id);
    }
  }

  cancel(id: number): void {
    this.running.get(id)?.abort(new DOMException('Cancelled', 'AbortError'));
  }

  dismiss(id: number): void {
    this.list.set(this.list.get().filter((transfer) => transfer.id !== id));
  }

  private change(id: number, change: Partial<Transfer>): void {
    this.list.set(this.list.get().map((transfer) => (transfer.id === id ? { ...transfer, ...change } : transfer)));
  }
}

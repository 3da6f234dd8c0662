/** What is to be said to the user without being asked. Good news goes by itself, errors stay until they are read. */
import { Store } from '../app/store';

export interface Toast {
  readonly id: number;
  readonly tone: 'good' | 'warn' | 'bad';
  readonly title: string;
  readonly detail?: string;
  readonly action?: { readonly label: string; run(): void };
}

const mostShown = 4;
const goodNewsMs = 4000;
const badNewsMs = 12_000;

class Toasts extends Store<readonly Toast[]> {
  private next = 1;

  constructor() {
    super([]);
  }

  show(toast: Omit<Toast, 'id'>): void {
    const id = this.next++;
    const others = this.get().filter((old) => old.title !== toast.title || old.detail !== toast.detail);
    this.set([...others, { ...toast, id }].slice(-mostShown));
    window.setTimeout(
      () => {
        this.dismiss(id);
      },
      toast.tone === 'good' ? goodNewsMs : badNewsMs,
    );
  }

  /** Says what failed and, from the error, why. */
  failed(title: string, error: unknown): void {
    if (error instanceof DOMException && error.name === 'AbortError') return;
    this.show({ tone: 'bad', title, detail: reasonOf(error) });
  }

  dismiss(id: number): void {
    this.set(this.get().filter((toast) => toast.id !== id));
  }
}

/** The server's own words where there are any. */
export function reasonOf(error: unknown): string {
  if (error instanceof Error) {
    const detail = 'detail' in error && typeof error.detail === 'string' ? error.detail : '';
    return detail || error.message;
  }
  return String(error);
}

export const toasts = new Toasts();

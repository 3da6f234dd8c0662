/**
 * Keeps what is drawn, a moment after the last change, through the outbox: in this browser first, then on the server.
 */
import type { AnnotationDocument } from '../../document/model';
import type { Outbox } from '../../offline/outbox';
import { Store } from '../app/store';

export type SaveState = 'saved' | 'changed' | 'saving' | 'waiting' | 'failed';

export interface SaveStatus {
  readonly state: SaveState;
  readonly problem: string | null;
}

const delayMs = 600;

export class Autosave {
  readonly status = new Store<SaveStatus>({ state: 'saved', problem: null });
  private unsaved: AnnotationDocument | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private writing: Promise<void> = Promise.resolve();
  private writes = 0; // that are not finished
  private readonly unsubscribe: () => void;

  constructor(
    private readonly outbox: Pick<Outbox, 'save' | 'state' | 'subscribe'>,
    private readonly imageId: string,
  ) {
    this.unsubscribe = outbox.subscribe(() => {
      this.refresh();
    });
    this.refresh();
  }

  change(document: AnnotationDocument): void {
    this.unsaved = document;
    this.status.set({ state: 'changed', problem: null });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.flush(), delayMs);
  }

  /** Resolves when all changes so far are kept in this browser. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    const document = this.unsaved;
    this.unsaved = null;
    if (document) {
      ++this.writes;
      this.writing = this.writing.then(() => this.write(document));
    }
    return this.writing;
  }

  /** Saves what is left. */
  close(): void {
    this.unsubscribe();
    void this.flush();
  }

  private async write(document: AnnotationDocument): Promise<void> {
    try {
      await this.outbox.save(document);
      --this.writes;
      this.refresh();
    } catch (error) {
      --this.writes;
      this.unsaved ??= document; // the next change tries again
      this.status.set({ state: 'failed', problem: error instanceof Error ? error.message : String(error) });
    }
  }

  private refresh(): void {
    if (this.unsaved || this.writes > 0) return;
    const { waiting, sending, problem } = this.outbox.state;
    if (problem?.imageId === this.imageId) this.status.set({ state: 'failed', problem: problem.message });
    else if (!waiting.includes(this.imageId)) this.status.set({ state: 'saved', problem: null });
    else this.status.set({ state: sending ? 'saving' : 'waiting', problem: null });
  }
}

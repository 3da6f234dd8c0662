/**
 * The images of one project as the server has them: read page by page, kept right by pushed events.
 *
 * `close` ends the stream of events. Images come in the order of their upload.
 */
import type { ApiClient } from '../../api/client';
import { watchEvents } from '../../api/events';
import type { Image } from '../../api/types';
import { Store } from '../app/store';

export interface Collection {
  readonly images: readonly Image[];
  readonly status: 'loading' | 'ready' | 'failed';
  readonly problem: unknown;
  /** Changes are being pushed. */
  readonly live: boolean;
}

export class ImageCollection {
  readonly state = new Store<Collection>({ images: [], status: 'loading', problem: null, live: false });
  private readonly closing = new AbortController();
  private reading: AbortController | null = null;

  constructor(
    private readonly api: ApiClient,
    readonly project: string,
  ) {
    void this.read();
    void watchEvents(
      api.connection,
      {
        onStatus: ({ id, project: of, ...change }) => {
          if (of !== project) return;
          if (!this.update(id, change)) void this.fetchNew(id);
        },
        onRemoved: ({ id }) => {
          this.forget([id]);
        },
        onResync: () => void this.read(),
        onConnected: (live) => {
          this.state.patch({ live });
        },
      },
      { project, signal: this.closing.signal },
    );
  }

  close(): void {
    this.closing.abort();
    this.reading?.abort();
  }

  /** Reads all again; what is shown stays until it has come. */
  async read(): Promise<void> {
    this.reading?.abort();
    const reading = new AbortController();
    this.reading = reading;
    const { signal } = reading;
    const read: Image[] = [];
    try {
      for await (const page of this.api.allImages({ project: this.project }, { signal })) {
        read.push(...page);
        // The first page shows at once; later reads take the place of a complete list.
        if (this.state.get().status !== 'ready') this.state.patch({ images: [...read] });
      }
      this.state.patch({ images: read, status: 'ready', problem: null });
    } catch (problem) {
      if (signal.aborted) return;
      const known = this.state.get().images.length > 0;
      this.state.patch({ status: known ? 'ready' : 'failed', problem });
    }
  }

  /** An image was uploaded, here or elsewhere. */
  add(image: Image): void {
    const { images } = this.state.get();
    const at = images.findIndex((one) => one.id === image.id);
    this.state.patch({ images: at < 0 ? [...images, image] : images.with(at, { ...images[at], ...image }) });
  }

  forget(ids: readonly string[]): void {
    const { images } = this.state.get();
    const left = images.filter((image) => !ids.includes(image.id));
    if (left.length < images.length) this.state.patch({ images: left });
  }

  /** False: there is no such image yet. */
  update(id: string, change: Partial<Image>): boolean {
    const { images } = this.state.get();
    const at = images.findIndex((image) => image.id === id);
    if (at < 0) return false;
    this.state.patch({ images: images.with(at, { ...images[at], ...change }) });
    return true;
  }

  private async fetchNew(id: string): Promise<void> {
    if (this.state.get().status !== 'ready') return; // the reading will bring it
    try {
      this.add(await this.api.getImage(id, { signal: this.closing.signal }));
    } catch {
      // Gone again, or the server is away: the next resync tells.
    }
  }
}

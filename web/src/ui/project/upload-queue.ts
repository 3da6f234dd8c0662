/**
 * Files on their way to the server: a few at a time, each with its progress and, when it is refused, with the reason.
 * A server that is busy is asked again when it says so; nothing else is repeated without being asked for.
 */
import { ApiError } from '../../api/api-error';
import type { ApiClient } from '../../api/client';
import { delay } from '../../api/connection';
import type { UploadedImage } from '../../api/types';
import { Store } from '../app/store';
import { reasonOf } from '../components/toasts';

export type UploadStatus = 'waiting' | 'sending' | 'done' | 'existing' | 'failed' | 'cancelled';

export interface Upload {
  readonly id: number;
  readonly name: string;
  readonly sizeBytes: number;
  readonly sentBytes: number;
  readonly status: UploadStatus;
  readonly problem: string | null;
}

const atOnce = 3;
const busyTries = 5;
const busyWaitMs = 2000;

export class UploadQueue {
  readonly uploads = new Store<readonly Upload[]>([]);
  private readonly files = new Map<number, File>();
  private stopping = new AbortController();
  private running = 0;
  private nextId = 1;

  constructor(
    private readonly api: ApiClient,
    private readonly project: string,
    private readonly onUploaded: (image: UploadedImage) => void,
  ) {}

  add(files: readonly File[]): void {
    const added = files.map((file): Upload => {
      const id = this.nextId++;
      this.files.set(id, file);
      return { id, name: file.name, sizeBytes: file.size, sentBytes: 0, status: 'waiting', problem: null };
    });
    this.uploads.set([...this.uploads.get(), ...added]);
    this.pump();
  }

  retryFailed(): void {
    for (const { id, status } of this.uploads.get()) {
      if (status === 'failed') this.change(id, { status: 'waiting', sentBytes: 0, problem: null });
    }
    this.pump();
  }

  /** What has not arrived will not. */
  cancel(): void {
    this.stopping.abort(new DOMException('Cancelled', 'AbortError'));
    this.stopping = new AbortController();
    for (const { id, status } of this.uploads.get()) {
      if (status === 'waiting' || status === 'sending') this.change(id, { status: 'cancelled' });
    }
  }

  /** Forgets what is finished, however it ended. */
  clear(): void {
    const left = this.uploads.get().filter(({ status }) => status === 'waiting' || status === 'sending');
    const ids = new Set(left.map(({ id }) => id));
    for (const id of this.files.keys()) if (!ids.has(id)) this.files.delete(id);
    this.uploads.set(left);
  }

  private pump(): void {
    while (this.running < atOnce) {
      const next = this.uploads.get().find(({ status }) => status === 'waiting');
      if (!next) return;
      ++this.running;
      this.change(next.id, { status: 'sending' });
      void this.send(next.id, this.stopping.signal).finally(() => {
        --this.running;
        this.pump();
      });
    }
  }

  private async send(id: number, signal: AbortSignal): Promise<void> {
    const file = this.files.get(id);
    if (!file) return;
    try {
      const image = await this.sendPatiently(id, file, signal);
      this.change(id, { status: image.existing ? 'existing' : 'done', sentBytes: file.size });
      this.files.delete(id);
      this.onUploaded(image);
    } catch (error) {
      if (signal.aborted) return;
      this.change(id, { status: 'failed', problem: reasonOf(error) });
    }
  }

  private async sendPatiently(id: number, file: File, signal: AbortSignal): Promise<UploadedImage> {
    for (let tries = 1; ; ++tries) {
      try {
        return await this.api.uploadImage(file, {
          project: this.project,
          signal,
          onProgress: (sentBytes) => {
            this.change(id, { sentBytes: Math.min(sentBytes, file.size) });
          },
        });
      } catch (error) {
        const isBusy = error instanceof ApiError && error.isTemporary && !error.isUnreachable;
        if (!isBusy || tries === busyTries) throw error;
        await delay(error.retryAfterMs ?? busyWaitMs, signal);
      }
    }
  }

  private change(id: number, change: Partial<Upload>): void {
    this.uploads.set(this.uploads.get().map((upload) => (upload.id === id ? { ...upload, ...change } : upload)));
  }
}

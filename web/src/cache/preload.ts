/** Brings the encodings of many images into the cache, a few at a time. */
import { delay } from '../api/connection';
import { CacheFull } from './encoding-cache';
import type { EncodingCache } from './encoding-cache';
import { interactiveKey, isPassing } from './encoding-loader';
import type { EncodingLoader } from './encoding-loader';

export interface PreloadProgress {
  total: number;
  /** In the cache now, or before. */
  done: number;
  failed: number;
  /** Fetched by this preload. */
  bytes: number;
}

export interface PreloadOptions {
  modelFingerprint: string;
  signal?: AbortSignal;
  onProgress?: (progress: PreloadProgress) => void;
  /** More hardly help: the server and the disk are shared. */
  parallel?: number;
  retries?: number;
  retryPauseMs?: number;
  /** Called for each image whose encoding is there, for what else is wanted of it. */
  alsoFor?: (imageId: string, signal?: AbortSignal) => Promise<void>;
}

export interface PreloadResult extends PreloadProgress {
  /** What is in the cache would have to make room for itself. */
  full: boolean;
  /** Why one of the failed ones failed. */
  error: string | null;
}

/** Rejects when the signal is given; what was fetched until then stays. */
export async function preloadEncodings(
  imageIds: readonly string[],
  cache: EncodingCache,
  loader: EncodingLoader,
  options: PreloadOptions,
): Promise<PreloadResult> {
  const preload = new Preload(imageIds, cache, loader, options);
  await Promise.all(Array.from({ length: options.parallel ?? 3 }, () => preload.work()));
  options.signal?.throwIfAborted();
  return preload.result;
}

class Preload {
  readonly result: PreloadResult;
  private next = 0;
  private keptBytes = 0;
  private lastBytes = 0;

  constructor(
    private readonly imageIds: readonly string[],
    private readonly cache: EncodingCache,
    private readonly loader: EncodingLoader,
    private readonly options: PreloadOptions,
  ) {
    this.result = { total: imageIds.length, done: 0, failed: 0, bytes: 0, full: false, error: null };
  }

  async work(): Promise<void> {
    while (this.next < this.imageIds.length && !this.result.full && !this.options.signal?.aborted) {
      const imageId = this.imageIds[this.next++];
      try {
        await this.bring(imageId);
        ++this.result.done;
      } catch (error) {
        if (this.options.signal?.aborted) return;
        this.note(error);
      }
      this.options.onProgress?.({ ...this.result });
    }
  }

  /** A full cache is no failure of an image: the rest is not even tried. */
  private note(error: unknown): void {
    if (error instanceof CacheFull) {
      this.result.full = true;
    } else {
      ++this.result.failed;
      this.result.error = error instanceof Error ? error.message : String(error);
    }
  }

  private async bring(imageId: string): Promise<void> {
    const { modelFingerprint, signal, alsoFor } = this.options;
    const key = interactiveKey(imageId, modelFingerprint);
    const kept = this.cache.find(key);
    if (!kept) {
      // One more would only evict what this preload fetched itself.
      if (this.keptBytes + this.lastBytes > this.cache.budgetBytes) throw new CacheFull('the cache is full');
      this.lastBytes = await this.withRetries(() => this.loader.preload(key, signal));
      this.result.bytes += this.lastBytes;
    }
    this.keptBytes += kept?.sizeBytes ?? this.lastBytes;
    await alsoFor?.(imageId, signal);
  }

  private async withRetries<T>(attempt: () => Promise<T>): Promise<T> {
    const { retries = 2, retryPauseMs = 1000, signal } = this.options;
    for (let tries = 0; ; ++tries) {
      try {
        return await attempt();
      } catch (error) {
        if (tries === retries || !isPassing(error)) throw error;
        await delay(retryPauseMs * 2 ** tries, signal);
      }
    }
  }
}

/** An image's encoding, from the cache or else from the server, which is asked once however many want it. */
import { ApiError } from '../api/api-error';
import type { ApiClient } from '../api/client';
import { readBody } from '../api/connection';
import { CacheFull } from './encoding-cache';
import type { EncodingCache } from './encoding-cache';
import { DamagedEncoding } from './encoding-file';
import { nameOf } from './encoding-store';
import type { EncodingKey } from './encoding-store';

export type EncodingApi = Pick<ApiClient, 'downloadEncoding'>;

export function interactiveKey(imageId: string, modelFingerprint: string): EncodingKey {
  // As it is stored: half the bytes of float32, and no rounding.
  return { imageId, modelFingerprint, profile: 'interactive', dtype: 'bf16' };
}

export class EncodingLoader {
  private readonly flights = new Map<string, Promise<ArrayBuffer>>();

  constructor(
    private readonly api: EncodingApi,
    private readonly cache: EncodingCache,
  ) {}

  /**
   * The bytes are the caller's own. Rejects with `ApiError` (unreachable: the server is away, and it is not cached), or
   * `DamagedEncoding` when the server gives something else than what was asked for.
   */
  async load(key: EncodingKey, signal?: AbortSignal): Promise<ArrayBuffer> {
    return (await this.cache.get(key)) ?? (await this.shared(key, signal));
  }

  isCached(key: EncodingKey): boolean {
    return this.cache.has(key);
  }

  /** Fetches what is not cached; rejects with `CacheFull` when it cannot be kept. */
  async preload(key: EncodingKey, signal?: AbortSignal): Promise<number> {
    const bytes = await this.download(key, signal);
    await this.cache.put(key, bytes);
    return bytes.byteLength;
  }

  /** Whoever aborts gives up waiting; the download goes on for the others, and for the cache. */
  private async shared(key: EncodingKey, signal?: AbortSignal): Promise<ArrayBuffer> {
    const name = nameOf(key);
    let flight = this.flights.get(name);
    if (!flight) {
      flight = this.downloadAndKeep(key).finally(() => this.flights.delete(name));
      this.flights.set(name, flight);
    }
    const bytes = await abortable(flight, signal);
    return bytes.slice(0);
  }

  private async downloadAndKeep(key: EncodingKey): Promise<ArrayBuffer> {
    const bytes = await this.download(key);
    try {
      await this.cache.put(key, bytes);
    } catch (error) {
      // It can be used all the same.
      if (!(error instanceof CacheFull)) throw error;
    }
    return bytes;
  }

  private async download(key: EncodingKey, signal?: AbortSignal): Promise<ArrayBuffer> {
    const { imageId, profile, dtype } = key;
    const response = await this.api.downloadEncoding(imageId, { profile, dtype }, { signal });
    return readBody(() => response.arrayBuffer(), signal);
  }
}

/** Whether trying again later may help. */
export function isPassing(error: unknown): boolean {
  return error instanceof DamagedEncoding || (error instanceof ApiError && error.isTemporary);
}

function abortable<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '../api/api-error';
import { EncodingCache } from './encoding-cache';
import { makeEncoding } from './encoding-file-fixture';
import { EncodingLoader, interactiveKey } from './encoding-loader';
import type { EncodingApi } from './encoding-loader';
import { IndexedDbStore } from './indexed-db-store';
import { preloadEncodings } from './preload';
import type { PreloadOptions, PreloadProgress } from './preload';

const size = (await makeEncoding()).byteLength;
const ids = ['a', 'b', 'c', 'd', 'e'];
const options: PreloadOptions = { modelFingerprint: 'model-a', retryPauseMs: 1 };
let databases = 0;
let cache: EncodingCache;
let asked: string[];

beforeEach(async () => {
  const store = await IndexedDbStore.open(`preload ${++databases}`);
  cache = await EncodingCache.open({ store, budgetBytes: 10 * size, channel: null });
  asked = [];
});

/** A server whose answers `before` can delay or spoil. */
function loader(before: (id: string, signal?: AbortSignal) => Promise<unknown> = () => Promise.resolve()) {
  const api: EncodingApi = {
    downloadEncoding: async (id, _query, { signal } = {}) => {
      asked.push(id);
      await before(id, signal);
      return new Response(await makeEncoding());
    },
  };
  return new EncodingLoader(api, cache);
}

describe('preloadEncodings', () => {
  it('brings what is not there, and says how far it is', async () => {
    await cache.put(interactiveKey('b', 'model-a'), await makeEncoding());
    const progress: PreloadProgress[] = [];
    const onProgress = (now: PreloadProgress) => progress.push(now);
    const result = await preloadEncodings(ids, cache, loader(), { ...options, onProgress });
    expect(result).toEqual({ total: 5, done: 5, failed: 0, bytes: 4 * size, full: false, error: null });
    expect(progress.map(({ done }) => done)).toEqual([1, 2, 3, 4, 5]);
    expect(asked.toSorted()).toEqual(['a', 'c', 'd', 'e']);
    expect(ids.every((id) => cache.has(interactiveKey(id, 'model-a')))).toBe(true);
  });

  it('asks for no more than a few at a time', async () => {
    let running = 0;
    let most = 0;
    const slow = loader(async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 2));
      --running;
    });
    await preloadEncodings(ids, cache, slow, { ...options, parallel: 2 });
    expect(most).toBe(2);
  });

  it('tries again what fails for now, and goes on after what fails for good', async () => {
    const failures = new Map([
      ['b', 1],
      ['c', 99],
    ]);
    const shaky = loader((id) => {
      const left = failures.get(id) ?? 0;
      failures.set(id, left - 1);
      return left > 0 ? Promise.reject(ApiError.unreachable('gone')) : Promise.resolve();
    });
    const result = await preloadEncodings(ids, cache, shaky, options);
    expect(result).toMatchObject({ done: 4, failed: 1, error: expect.stringContaining('gone') as string });
    expect(asked.filter((id) => id === 'b')).toHaveLength(2);
    expect(asked.filter((id) => id === 'c')).toHaveLength(3);
  });

  it('stops when it is told to, and keeps what it has', async () => {
    const abort = new AbortController();
    const stopping = loader((id) => {
      if (id === 'c') abort.abort();
      return Promise.resolve();
    });
    const preload = preloadEncodings(ids, cache, stopping, { ...options, parallel: 1, signal: abort.signal });
    await expect(preload).rejects.toHaveProperty('name', 'AbortError');
    expect(asked).not.toContain('e');
    expect(cache.has(interactiveKey('a', 'model-a'))).toBe(true);
  });

  it('stops before it evicts what it fetched itself', async () => {
    await cache.setBudget(3 * size);
    const result = await preloadEncodings(ids, cache, loader(), { ...options, parallel: 1 });
    expect(result).toMatchObject({ done: 3, failed: 0, full: true });
    expect(cache.has(interactiveKey('a', 'model-a'))).toBe(true);
  });
});

describe('EncodingLoader', () => {
  it('asks the server once, however many want it, and each has bytes of its own', async () => {
    const shared = loader();
    const key = interactiveKey('a', 'model-a');
    const [one, other] = await Promise.all([shared.load(key), shared.load(key)]);
    expect(asked).toEqual(['a']);
    expect(one).not.toBe(other);
    expect(new Uint8Array(one)).toEqual(new Uint8Array(other));
    await shared.load(key);
    expect(asked).toEqual(['a']);
  });

  it('uses what cannot be kept', async () => {
    await cache.setBudget(1);
    expect((await loader().load(interactiveKey('a', 'model-a'))).byteLength).toBe(size);
    expect(cache.usageBytes).toBe(0);
  });

  it('refuses an encoding of another model', async () => {
    await expect(loader().load(interactiveKey('a', 'model-b'))).rejects.toThrow(/another model/);
  });
});

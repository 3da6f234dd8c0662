import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CacheFull, EncodingCache } from './encoding-cache';
import type { CacheOptions } from './encoding-cache';
import { DamagedEncoding } from './encoding-file';
import { makeEncoding } from './encoding-file-fixture';
import type { EncodingKey, EncodingStore } from './encoding-store';
import { nameOf } from './encoding-store';
import { IndexedDbStore } from './indexed-db-store';

function key(imageId: string, modelFingerprint = 'model-a'): EncodingKey {
  return { imageId, modelFingerprint, profile: 'interactive', dtype: 'bf16' };
}

const size = (await makeEncoding()).byteLength;
let databases = 0;
let time = 0;
let store: IndexedDbStore;
let caches: EncodingCache[] = [];

async function open(options: Partial<CacheOptions> = {}): Promise<EncodingCache> {
  const cache = await EncodingCache.open({
    store,
    budgetBytes: 3 * size,
    now: () => ++time,
    channel: null,
    ...options,
  });
  caches.push(cache);
  return cache;
}

/** What is in the store really, byte by byte. */
async function storedBytes(): Promise<number> {
  let bytes = 0;
  for (const { name } of await store.entries()) bytes += (await store.read(name, 0))?.byteLength ?? NaN;
  return bytes;
}

function ids(cache: EncodingCache): string[] {
  return cache.entries().map((entry) => entry.key.imageId);
}

beforeEach(async () => {
  store = await IndexedDbStore.open(`encodings ${++databases}`);
});

afterEach(() => {
  for (const cache of caches) cache.close();
  caches = [];
});

describe('EncodingCache', () => {
  it('gives back what was put in, and nothing for what was not', async () => {
    const cache = await open();
    const bytes = await makeEncoding();
    await cache.put(key('a'), bytes);
    expect(new Uint8Array((await cache.get(key('a')))!)).toEqual(new Uint8Array(bytes));
    expect(await cache.get(key('b'))).toBeNull();
    expect(cache.has(key('a'))).toBe(true);
    expect(cache.has(key('a', 'model-b'))).toBe(false);
  });

  it('is there again when it is opened again', async () => {
    await (await open()).put(key('a'), await makeEncoding());
    const again = await open();
    expect(again.usageBytes).toBe(size);
    expect(again.has(key('a'))).toBe(true);
  });

  it('evicts the least recently used, and counts right', async () => {
    const cache = await open();
    for (const id of ['a', 'b', 'c']) await cache.put(key(id), await makeEncoding());
    await cache.get(key('a'));
    await cache.put(key('d'), await makeEncoding());
    expect(ids(cache)).toEqual(['d', 'a', 'c']);
    expect(cache.usageBytes).toBe(3 * size);
    expect(await storedBytes()).toBe(cache.usageBytes);
  });

  it('counts a replaced entry once', async () => {
    const cache = await open();
    await cache.put(key('a'), await makeEncoding({ seed: 1 }));
    const larger = await makeEncoding({ channels: 16 });
    await cache.put(key('a'), larger);
    expect(cache.usageBytes).toBe(larger.byteLength);
    expect(await storedBytes()).toBe(larger.byteLength);
  });

  it('does not evict for an entry that takes its own place', async () => {
    const cache = await open();
    for (const id of ['a', 'b', 'c']) await cache.put(key(id), await makeEncoding());
    await cache.put(key('c'), await makeEncoding({ seed: 9 }));
    expect(ids(cache)).toEqual(['c', 'b', 'a']);
  });

  it('evicts entries of other models before all others', async () => {
    const cache = await open();
    await cache.put(key('old', 'model-b'), await makeEncoding({ model: 'model-b' }));
    await cache.put(key('a'), await makeEncoding());
    await cache.get(key('old', 'model-b'));
    await cache.put(key('b'), await makeEncoding());
    cache.setCurrentModel('model-a');
    await cache.put(key('c'), await makeEncoding());
    expect(ids(cache)).toEqual(['c', 'b', 'a']);
  });

  it('keeps to a smaller budget at once', async () => {
    const cache = await open();
    for (const id of ['a', 'b', 'c']) await cache.put(key(id), await makeEncoding());
    await cache.setBudget(size);
    expect(ids(cache)).toEqual(['c']);
    expect(cache.usageBytes).toBe(size);
  });

  it('refuses what is larger than the budget and evicts nothing for it', async () => {
    const cache = await open();
    await cache.put(key('a'), await makeEncoding());
    await expect(cache.put(key('b'), await makeEncoding({ side: 64, channels: 8 }))).rejects.toThrow(CacheFull);
    expect(ids(cache)).toEqual(['a']);
  });

  it('drops a damaged entry and reports it', async () => {
    const onDamaged = vi.fn();
    const cache = await open({ onDamaged });
    await cache.put(key('a'), await makeEncoding());
    const damaged = await makeEncoding();
    new Uint8Array(damaged)[4100] ^= 4;
    const [entry] = await store.entries();
    await store.write(entry, damaged, () => []);
    expect(await cache.get(key('a'))).toBeNull();
    expect(onDamaged).toHaveBeenCalledWith(key('a'), expect.stringContaining('digest'));
    expect(cache.usageBytes).toBe(0);
    expect(await store.entries()).toEqual([]);
  });

  it('takes in nothing that is damaged or of another model', async () => {
    const cache = await open();
    const damaged = await makeEncoding();
    new Uint8Array(damaged)[4100] ^= 4;
    await expect(cache.put(key('a'), damaged)).rejects.toThrow(DamagedEncoding);
    await expect(cache.put(key('a', 'model-b'), await makeEncoding())).rejects.toThrow(/another model/);
    expect(cache.usageBytes).toBe(0);
  });

  it('deletes one, and all', async () => {
    const cache = await open();
    for (const id of ['a', 'b', 'c']) await cache.put(key(id), await makeEncoding());
    await cache.delete(key('b'));
    expect(cache.usageBytes).toBe(2 * size);
    await cache.clear();
    expect(cache.usageBytes).toBe(0);
    expect(await store.entries()).toEqual([]);
  });

  it('stays within the budget, and counts right, whatever two tabs do at once', async () => {
    const [one, other] = [await open(), await open()];
    const work = Array.from({ length: 24 }, async (_, i) => {
      const cache = i % 2 === 0 ? one : other;
      const id = `image ${i % 7}`;
      if (i % 5 === 4) await cache.delete(key(id));
      else await cache.put(key(id), await makeEncoding({ channels: 2 + (i % 3) * 8 }));
      await cache.get(key(`image ${(i + 3) % 7}`));
    });
    await Promise.all(work);
    const entries = await store.entries();
    const sum = entries.reduce((bytes, entry) => bytes + entry.sizeBytes, 0);
    expect(sum).toBeLessThanOrEqual(3 * size);
    expect(await storedBytes()).toBe(sum);
    await one.get(key('refreshed'));
    await one.setBudget(3 * size);
    expect(one.usageBytes).toBe(sum);
  });

  it('tells the other tab', async () => {
    const name = `changes ${databases}`;
    const [one, other] = [
      await open({ channel: new BroadcastChannel(name) }),
      await open({ channel: new BroadcastChannel(name) }),
    ];
    const heard = new Promise<void>((resolve) => {
      other.onChange(() => {
        if (other.usageBytes === size) resolve();
      });
    });
    await one.put(key('a'), await makeEncoding());
    await heard;
    expect(other.has(key('a'))).toBe(true);
  });
});

describe('EncodingCache in a browser without room', () => {
  /** Takes so many bytes and no more. */
  function limited(bytes: number): EncodingStore {
    return {
      entries: () => store.entries(),
      read: (name, usedAt) => store.read(name, usedAt),
      remove: (names) => store.remove(names),
      close: () => store.close(),
      write: async (entry, data, choose) => {
        const others = (await store.entries()).filter(({ name }) => name !== entry.name);
        const victims = new Set(choose(others));
        const kept = others.filter(({ name }) => !victims.has(name));
        const usage = kept.reduce((sum, other) => sum + other.sizeBytes, entry.sizeBytes);
        if (usage > bytes) throw new DOMException('no room', 'QuotaExceededError');
        await store.write(entry, data, choose);
      },
    };
  }

  it('makes room and tries again', async () => {
    const cache = await open({ store: limited(2 * size), budgetBytes: 100 * size });
    for (const id of ['a', 'b', 'c', 'd']) await cache.put(key(id), await makeEncoding());
    expect(cache.has(key('d'))).toBe(true);
    expect(cache.usageBytes).toBeLessThanOrEqual(2 * size);
    expect(await storedBytes()).toBe(cache.usageBytes);
  });

  it('says so when that does not help', async () => {
    const cache = await open({ store: limited(size / 2), budgetBytes: 100 * size });
    await expect(cache.put(key('a'), await makeEncoding())).rejects.toThrow(/no more room/);
    expect(cache.usageBytes).toBe(0);
  });
});

describe('nameOf', () => {
  it('keeps keys apart whatever is in them', () => {
    expect(nameOf(key('a/b', 'c'))).not.toBe(nameOf(key('a', 'b/c')));
  });
});

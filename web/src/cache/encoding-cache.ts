/**
 * Encodings kept in the browser: within a budget of bytes, the least recently used go first, those of another model
 * before all others. What comes out is what went in, or nothing: every byte is checked against the digests inside the
 * file, both ways, and a damaged entry is dropped and reported.
 *
 * Tabs share the entries; each hears of the others' changes.
 */
import { DamagedEncoding, verifyEncoding } from './encoding-file';
import { nameOf } from './encoding-store';
import type { CacheEntry, EncodingKey, EncodingStore } from './encoding-store';
import { chooseVictims, sumOfBytes } from './eviction';
import { IndexedDbStore } from './indexed-db-store';

export const defaultBudgetBytes = 10 * 2 ** 30;

/** There is no room for an encoding, whatever else is dropped. */
export class CacheFull extends Error {
  override readonly name = 'CacheFull';
}

export interface CacheOptions {
  store?: EncodingStore;
  /** By default 10 GiB, and no more than half of what the browser offers. */
  budgetBytes?: number;
  now?: () => number;
  /** Rejects with `DamagedEncoding`; gives the fingerprint of the model that the encoding is of. */
  verify?: (bytes: ArrayBuffer) => Promise<string>;
  onDamaged?: (key: EncodingKey, reason: string) => void;
  channel?: ChangeChannel | null;
}

/** The part of a BroadcastChannel that is used. */
export interface ChangeChannel {
  postMessage(message: unknown): void;
  onmessage: ((event: MessageEvent) => void) | null;
  close(): void;
}

/** A browser without room is asked again, each time with more dropped. */
const quotaRetries = 3;

export class EncodingCache {
  private readonly listeners = new Set<() => void>();
  private known: CacheEntry[] = [];
  private currentModel: string | null = null;

  private constructor(
    private readonly store: EncodingStore,
    private budget: number,
    private readonly options: CacheOptions,
    private readonly channel: ChangeChannel | null,
  ) {
    if (channel) channel.onmessage = () => void this.refresh();
  }

  static async open(options: CacheOptions = {}): Promise<EncodingCache> {
    const store = options.store ?? (await IndexedDbStore.open());
    const channel = options.channel === undefined ? new BroadcastChannel('samcache-encodings') : options.channel;
    const budget = options.budgetBytes ?? (await offeredBudget());
    const cache = new EncodingCache(store, budget, options, channel);
    await cache.refresh();
    return cache;
  }

  get budgetBytes(): number {
    return this.budget;
  }

  get usageBytes(): number {
    return sumOfBytes(this.known);
  }

  /** Least recently used last. */
  entries(): CacheEntry[] {
    return this.known.toSorted((a, b) => b.lastUsedAt - a.lastUsedAt);
  }

  find(key: EncodingKey): CacheEntry | undefined {
    const name = nameOf(key);
    return this.known.find((entry) => entry.name === name);
  }

  has(key: EncodingKey): boolean {
    return this.find(key) !== undefined;
  }

  /** Called after every change, also one that another tab made; gives the function that ends it. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Entries of other models than this one go first from now on. */
  setCurrentModel(fingerprint: string): void {
    this.currentModel = fingerprint;
  }

  async setBudget(bytes: number): Promise<void> {
    this.budget = bytes;
    await this.remove(this.victims(await this.store.entries(), 0));
  }

  async get(key: EncodingKey): Promise<ArrayBuffer | null> {
    const bytes = await this.store.read(nameOf(key), this.now());
    if (!bytes) {
      if (this.has(key)) await this.delete(key);
      return null;
    }
    try {
      await this.check(key, bytes);
    } catch (error) {
      if (!(error instanceof DamagedEncoding)) throw error;
      await this.delete(key);
      this.options.onDamaged?.(key, error.message);
      return null;
    }
    await this.refresh();
    return bytes;
  }

  /** Rejects with `DamagedEncoding` or `CacheFull`. */
  async put(key: EncodingKey, bytes: ArrayBuffer): Promise<void> {
    await this.check(key, bytes);
    const size = bytes.byteLength;
    if (size > this.budget) {
      throw new CacheFull(`an encoding of ${megabytes(size)} does not fit into ${megabytes(this.budget)}`);
    }
    const now = this.now();
    await this.write({ name: nameOf(key), key, sizeBytes: size, savedAt: now, lastUsedAt: now }, bytes);
    await this.changed();
  }

  delete(key: EncodingKey): Promise<void> {
    return this.remove([nameOf(key)]);
  }

  clear(): Promise<void> {
    return this.remove(this.known.map(({ name }) => name));
  }

  /** Asks the browser not to clear this site's data when the disk gets full. */
  async persist(): Promise<boolean> {
    return (await navigator.storage?.persist?.()) ?? false;
  }

  close(): void {
    this.channel?.close();
    this.store.close();
  }

  private async check(key: EncodingKey, bytes: ArrayBuffer): Promise<void> {
    const fingerprint = await (this.options.verify ?? verifiedFingerprint)(bytes);
    if (fingerprint !== key.modelFingerprint) throw new DamagedEncoding('it was made by another model');
  }

  private victims(others: readonly CacheEntry[], neededBytes: number): string[] {
    return chooseVictims(others, neededBytes, this.budget, this.currentModel);
  }

  private async write(entry: CacheEntry, bytes: ArrayBuffer): Promise<void> {
    for (let attempt = 1; ; ++attempt) {
      try {
        await this.store.write(entry, bytes, (others) => this.victims(others, entry.sizeBytes));
        return;
      } catch (error) {
        if (!isQuotaError(error)) throw error;
        const entries = await this.store.entries();
        if (attempt > quotaRetries || entries.length === 0) {
          throw new CacheFull('the browser gives this site no more room: free some of the disk or of the cache');
        }
        const usage = sumOfBytes(entries);
        await this.remove(chooseVictims(entries, entry.sizeBytes * 2 ** attempt, usage, this.currentModel));
      }
    }
  }

  private async remove(names: string[]): Promise<void> {
    if (names.length > 0) await this.store.remove(names);
    await this.changed();
  }

  private async changed(): Promise<void> {
    this.channel?.postMessage('changed');
    await this.refresh();
  }

  private async refresh(): Promise<void> {
    this.known = await this.store.entries();
    for (const listener of this.listeners) listener();
  }

  private now(): number {
    return (this.options.now ?? Date.now)();
  }
}

async function offeredBudget(): Promise<number> {
  const { quota } = (await navigator.storage?.estimate?.()) ?? {};
  return quota === undefined ? defaultBudgetBytes : Math.min(defaultBudgetBytes, Math.floor(quota / 2));
}

async function verifiedFingerprint(bytes: ArrayBuffer): Promise<string> {
  const { metadata } = await verifyEncoding(bytes);
  return metadata.get('model_fingerprint') ?? '';
}

function isQuotaError(error: unknown): boolean {
  return error instanceof Error && error.name === 'QuotaExceededError';
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/**
 * Encodings in IndexedDB, as Blobs beside their facts, both in one transaction.
 *
 * The origin private file system was the other candidate. In Chromium it reads entries of 10 MiB no faster and writes
 * them no faster (bench/results/2026-11-26-browser-storage.json; `npm run measure` measures it again), and it has no
 * transactions: a crash could leave bytes without facts. So this is the only store there is; the measurement keeps the
 * other one.
 */
import { openDB } from 'idb';
import type { DBSchema, IDBPDatabase } from 'idb';
import type { CacheEntry, ChooseVictims, EncodingStore } from './encoding-store';

interface Schema extends DBSchema {
  entries: { key: string; value: CacheEntry };
  bytes: { key: string; value: Blob };
}

const schemaVersion = 1;
const bothStores = ['entries', 'bytes'] as const;

export class IndexedDbStore implements EncodingStore {
  private constructor(private readonly database: IDBPDatabase<Schema>) {}

  static async open(name = 'samcache-encodings'): Promise<IndexedDbStore> {
    const database: IDBPDatabase<Schema> = await openDB<Schema>(name, schemaVersion, {
      upgrade(created) {
        created.createObjectStore('entries', { keyPath: 'name' });
        created.createObjectStore('bytes');
      },
      // Another tab has a newer version of the app, or deletes the database: do not stand in its way.
      blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
    });
    return new IndexedDbStore(database);
  }

  entries(): Promise<CacheEntry[]> {
    return this.database.getAll('entries');
  }

  async read(name: string, usedAt: number): Promise<ArrayBuffer | null> {
    const transaction = this.database.transaction(bothStores, 'readwrite');
    const entries = transaction.objectStore('entries');
    const [entry, blob] = await Promise.all([entries.get(name), transaction.objectStore('bytes').get(name)]);
    if (entry) await entries.put({ ...entry, lastUsedAt: Math.max(entry.lastUsedAt, usedAt) });
    await transaction.done;
    return entry && blob ? readBlob(blob) : null;
  }

  async write(entry: CacheEntry, bytes: ArrayBuffer, chooseVictims: ChooseVictims): Promise<void> {
    const blob = new Blob([bytes]);
    const transaction = this.database.transaction(bothStores, 'readwrite');
    const entries = transaction.objectStore('entries');
    const data = transaction.objectStore('bytes');
    const others = (await entries.getAll()).filter(({ name }) => name !== entry.name);
    await settled(transaction.done, [
      ...chooseVictims(others).flatMap((name) => [entries.delete(name), data.delete(name)]),
      entries.put(entry),
      data.put(blob, entry.name),
    ]);
  }

  async remove(names: readonly string[]): Promise<void> {
    const transaction = this.database.transaction(bothStores, 'readwrite');
    await settled(
      transaction.done,
      names.flatMap((name) => bothStores.map((store) => transaction.objectStore(store).delete(name))),
    );
  }

  close(): void {
    this.database.close();
  }
}

/** The transaction's own error says more than those of the requests that it takes along. */
async function settled(done: Promise<void>, requests: Promise<unknown>[]): Promise<void> {
  await Promise.all([done, Promise.allSettled(requests)]);
}

/** The browser's file behind a Blob can be gone: as good as never kept. */
async function readBlob(blob: Blob): Promise<ArrayBuffer | null> {
  try {
    return await blob.arrayBuffer();
  } catch {
    return null;
  }
}

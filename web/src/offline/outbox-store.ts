/** What the outbox knows of each image, in IndexedDB: shared by all tabs, there again after a restart. */
import { openDB } from 'idb';
import type { DBSchema, IDBPDatabase } from 'idb';
import type { JsonDocument } from '../document/serialise';

export interface OutboxRecord {
  imageId: string;
  width: number;
  height: number;
  /** What the server had when it was last heard of … */
  base: JsonDocument;
  /** … and its revision. */
  etag: string;
  /** What it does not have yet; null: it has everything. */
  mine: JsonDocument | null;
  /** Goes up with every change of `mine`. */
  change: number;
}

interface Schema extends DBSchema {
  documents: { key: string; value: OutboxRecord };
}

export class OutboxStore {
  private constructor(private readonly database: IDBPDatabase<Schema>) {}

  static async open(name = 'samcache-outbox'): Promise<OutboxStore> {
    const database: IDBPDatabase<Schema> = await openDB<Schema>(name, 1, {
      upgrade(created) {
        created.createObjectStore('documents', { keyPath: 'imageId' });
      },
      blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
    });
    return new OutboxStore(database);
  }

  get(imageId: string): Promise<OutboxRecord | undefined> {
    return this.database.get('documents', imageId);
  }

  /** Ids of images of which the server does not have everything. */
  async waiting(): Promise<string[]> {
    const records = await this.database.getAll('documents');
    return records.filter(({ mine }) => mine !== null).map(({ imageId }) => imageId);
  }

  /** Reads and writes in one step; `change` must not wait for anything. Gives what is there afterwards. */
  async update(
    imageId: string,
    change: (record: OutboxRecord | undefined) => OutboxRecord | undefined,
  ): Promise<OutboxRecord | undefined> {
    const transaction = this.database.transaction('documents', 'readwrite', { durability: 'strict' });
    const before = await transaction.store.get(imageId);
    const after = change(before);
    if (after && after !== before) await transaction.store.put(after);
    await transaction.done;
    return after;
  }

  async remove(imageId: string): Promise<void> {
    await this.database.delete('documents', imageId);
  }

  close(): void {
    this.database.close();
  }
}

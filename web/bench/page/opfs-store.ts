/**
 * Encodings in the origin private file system: the other candidate for the cache's store, kept for the measurement that
 * decided against it (bench/results/2026-11-26-browser-storage.json).
 *
 * A file an encoding, written by a worker (only there writing is synchronous and fast) and read as a File. The facts lie
 * in a file of their own. A lock makes each call one step for other tabs; a crash in the middle of a write can leave a
 * file without facts, which IndexedDB's transactions rule out: one more reason.
 */
import type { CacheEntry, ChooseVictims, EncodingStore } from '../../src/cache/encoding-store';
import type { OpfsWrite } from './opfs-messages';

const indexFile = 'index.json';

export class OpfsStore implements EncodingStore {
  private readonly worker = new Worker(new URL('./opfs-worker.ts', import.meta.url), { type: 'module' });

  private constructor(
    private readonly folderName: string,
    private readonly folder: FileSystemDirectoryHandle,
  ) {}

  static async open(folderName: string): Promise<OpfsStore> {
    const root = await navigator.storage.getDirectory();
    return new OpfsStore(folderName, await root.getDirectoryHandle(folderName, { create: true }));
  }

  entries(): Promise<CacheEntry[]> {
    return this.step(() => this.readIndex());
  }

  read(name: string, usedAt: number): Promise<ArrayBuffer | null> {
    return this.step(async () => {
      const entries = await this.readIndex();
      const entry = entries.find((one) => one.name === name);
      if (!entry) return null;
      entry.lastUsedAt = usedAt;
      await this.writeIndex(entries);
      const handle = await this.folder.getFileHandle(fileName(name));
      return (await handle.getFile()).arrayBuffer();
    });
  }

  write(entry: CacheEntry, bytes: ArrayBuffer, chooseVictims: ChooseVictims): Promise<void> {
    return this.step(async () => {
      const others = (await this.readIndex()).filter(({ name }) => name !== entry.name);
      const victims = new Set(chooseVictims(others));
      for (const name of victims) await this.folder.removeEntry(fileName(name));
      await this.writeFile(fileName(entry.name), bytes);
      await this.writeIndex([...others.filter(({ name }) => !victims.has(name)), entry]);
    });
  }

  remove(names: readonly string[]): Promise<void> {
    return this.step(async () => {
      const gone = new Set(names);
      const entries = await this.readIndex();
      await this.writeIndex(entries.filter(({ name }) => !gone.has(name)));
      for (const { name } of entries) {
        if (gone.has(name)) await this.folder.removeEntry(fileName(name));
      }
    });
  }

  close(): void {
    this.worker.terminate();
  }

  private async step<T>(work: () => Promise<T>): Promise<T> {
    return await navigator.locks.request(`opfs ${this.folderName}`, work);
  }

  private async readIndex(): Promise<CacheEntry[]> {
    const handle = await this.folder.getFileHandle(indexFile, { create: true });
    const text = await (await handle.getFile()).text();
    return text === '' ? [] : (JSON.parse(text) as CacheEntry[]);
  }

  private writeIndex(entries: CacheEntry[]): Promise<void> {
    return this.writeFile(indexFile, new TextEncoder().encode(JSON.stringify(entries)).buffer);
  }

  private writeFile(file: string, bytes: ArrayBuffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }: MessageEvent<string | null>) => {
        if (data === null) resolve();
        else reject(new Error(data));
      };
      const request: OpfsWrite = { folder: this.folderName, file, bytes, answerTo: port2 };
      this.worker.postMessage(request, [port2]);
    });
  }
}

function fileName(name: string): string {
  return encodeURIComponent(name);
}

/**
 * Annotations on their way to the server. A save is kept here first, durably, and then sent; while the server is away it
 * waits, over restarts too.
 *
 * Nothing is lost or doubled: a save says which revision it follows, and when the server has another one meanwhile (or
 * an answer was lost) the two are merged object by object (merge.ts) and the result is sent. Tabs share what waits, and
 * one of them sends; each tab's document is merged into it against what that tab knew.
 */
import { ApiError } from '../api/api-error';
import type { ApiClient } from '../api/client';
import type { AnnotationDocument } from '../document/model';
import { fromJson, toJson } from '../document/serialise';
import type { JsonDocument } from '../document/serialise';
import { isSame, mergeDocuments } from './merge';
import type { OutboxRecord } from './outbox-store';
import { OutboxStore } from './outbox-store';

export type AnnotationApi = Pick<ApiClient, 'annotations' | 'putAnnotations'>;

export interface OutboxState {
  /** Images of which the server does not have everything. */
  waiting: readonly string[];
  sending: boolean;
  /** Why something stays here that the server could have had; null: it does not, or the server is away. */
  problem: { imageId: string; message: string } | null;
}

export type MergeListener = (merged: AnnotationDocument, before: AnnotationDocument) => void;

export interface OutboxOptions {
  api: AnnotationApi;
  store?: OutboxStore;
  locks?: Pick<LockManager, 'request'>;
  /** Called when a request shows that the server is away. */
  onUnreachable?: () => void;
  /** How soon what the server could not take for now is sent again. */
  retryMs?: number;
}

interface ImageFacts {
  id: string;
  width: number;
  height: number;
}

/** Each attempt is against a newer revision: only others who save all the time make more than two. */
const maxMerges = 8;
const noRevision = '"0"';

export class Outbox {
  private readonly listeners = new Set<() => void>();
  private readonly mergeListeners = new Set<MergeListener>();
  /** Of each image, what this tab's document was made from. */
  private readonly known = new Map<string, JsonDocument>();
  private current: OutboxState = { waiting: [], sending: false, problem: null };
  private flushing: Promise<void> | null = null;
  private again = false;
  private retry: ReturnType<typeof setTimeout> | undefined;

  private constructor(
    private readonly store: OutboxStore,
    private readonly options: OutboxOptions,
  ) {}

  static async open(options: OutboxOptions): Promise<Outbox> {
    const outbox = new Outbox(options.store ?? (await OutboxStore.open()), options);
    await outbox.refresh({});
    return outbox;
  }

  get state(): OutboxState {
    return this.current;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * A document that was saved here has become another one, by what others did: from `before` to `merged`. Whoever shows
   * it takes over these changes and calls `adopt` with `merged`.
   */
  onMerged(listener: MergeListener): () => void {
    this.mergeListeners.add(listener);
    return () => this.mergeListeners.delete(listener);
  }

  /** What was drawn so far: with what waits here, and without the server as it was last known. */
  async load(image: ImageFacts, { signal }: { signal?: AbortSignal } = {}): Promise<AnnotationDocument> {
    const document = fromJson(await this.newest(image, signal), image);
    this.adopt(document);
    return document;
  }

  /** Keeps what the server has, for when it is away. */
  async remember(image: ImageFacts, signal?: AbortSignal): Promise<OutboxRecord> {
    const saved = await this.options.api.annotations(image.id, { signal });
    return this.heard(image, normalised(saved.document, image), saved.etag);
  }

  /** From now on this tab's document of the image is made from this one. */
  adopt(document: AnnotationDocument): void {
    this.known.set(document.imageId, toJson(document));
  }

  /** Kept when it resolves; sent as soon as the server is there. */
  async save(document: AnnotationDocument): Promise<void> {
    const { imageId, width, height } = document;
    const mine = toJson(document);
    const nothing: JsonDocument = { ...mine, objects: [] };
    const known = this.known.get(imageId) ?? nothing;
    const fresh: OutboxRecord = { imageId, width, height, base: nothing, etag: noRevision, mine: null, change: 0 };
    let kept = mine;
    await this.store.update(imageId, (record = fresh) => {
      const head = record.mine ?? record.base;
      kept = mergeDocuments(known, mine, head);
      if (isSame(kept, head)) return record;
      return { ...record, mine: kept, change: record.change + 1 };
    });
    this.known.set(imageId, mine);
    if (!isSame(kept, mine)) this.tellMerged(kept, { id: imageId, width, height });
    await this.refresh({});
    void this.flush();
  }

  /** Sends what waits. Resolves when nothing more can be done now; errors are in `state`. */
  flush(): Promise<void> {
    this.again = true;
    this.flushing ??= this.flushAll().finally(() => (this.flushing = null));
    return this.flushing;
  }

  /** What waits stays, for the next time. */
  close(): void {
    clearTimeout(this.retry);
    this.store.close();
  }

  /** Gives up what the server does not take. */
  async discard(imageId: string): Promise<void> {
    await this.store.remove(imageId);
    this.known.delete(imageId);
    await this.refresh({ problem: null });
  }

  private async newest(image: ImageFacts, signal?: AbortSignal): Promise<JsonDocument> {
    const kept = await this.store.get(image.id);
    if (kept?.mine) return kept.mine;
    try {
      const record = await this.remember(image, signal);
      return record.mine ?? record.base;
    } catch (error) {
      if (!(error instanceof ApiError) || !error.isTemporary) throw error;
      if (error.isUnreachable) this.options.onUnreachable?.();
      if (!kept) throw error;
      return kept.base;
    }
  }

  /** Keeps what the server has, unless something waits that follows an older revision: that is merged when it is sent. */
  private async heard(image: ImageFacts, base: JsonDocument, etag: string): Promise<OutboxRecord> {
    const { id: imageId, width, height } = image;
    const heard: OutboxRecord = { imageId, width, height, base, etag, mine: null, change: 0 };
    const record = await this.store.update(imageId, (before) =>
      before?.mine ? before : { ...heard, change: before?.change ?? 0 },
    );
    return record ?? heard;
  }

  private async flushAll(): Promise<void> {
    const { locks = navigator.locks, retryMs = 10_000 } = this.options;
    clearTimeout(this.retry);
    while (this.again) {
      this.again = false;
      await locks.request('samcache-outbox', async () => {
        const waiting = await this.store.waiting();
        if (waiting.length === 0) return;
        await this.refresh({ sending: true, problem: null });
        for (const imageId of waiting) {
          if (!(await this.sendOne(imageId))) break;
        }
      });
      await this.refresh({ sending: false });
    }
    const { waiting, problem } = this.current;
    if (waiting.length > 0 && !problem) this.retry = setTimeout(() => void this.flush(), retryMs);
  }

  /** False: the server is away. */
  private async sendOne(imageId: string): Promise<boolean> {
    try {
      for (let merges = 0; merges <= maxMerges; ++merges) {
        const record = await this.store.get(imageId);
        if (!record?.mine) return true;
        if (await this.put(record, record.mine)) return true;
        await this.mergeWithServer(record);
      }
      throw new Error('others save this image all the time');
    } catch (error) {
      if (error instanceof ApiError && error.isTemporary) {
        if (error.isUnreachable) this.options.onUnreachable?.();
        return false;
      }
      const message = error instanceof Error ? error.message : String(error);
      await this.refresh({ problem: { imageId, message } });
      return true;
    }
  }

  /** False: the server has another revision than the one that this follows. */
  private async put(record: OutboxRecord, sent: JsonDocument): Promise<boolean> {
    let etag: string;
    try {
      etag = await this.options.api.putAnnotations(record.imageId, sent, record.etag);
    } catch (error) {
      if (error instanceof ApiError && error.status === 412) return false;
      throw error;
    }
    await this.store.update(record.imageId, (now) => {
      if (!now) return now;
      const mine = now.change === record.change ? null : now.mine;
      return { ...now, base: sent, etag, mine };
    });
    return true;
  }

  private async mergeWithServer({ imageId, width, height, base }: OutboxRecord): Promise<void> {
    const image = { id: imageId, width, height };
    const saved = await this.options.api.annotations(imageId);
    const theirs = normalised(saved.document, image);
    let merged: JsonDocument | null = null;
    await this.store.update(imageId, (now) => {
      if (!now?.mine) return now;
      const result = mergeDocuments(base, now.mine, theirs);
      if (!isSame(result, now.mine)) merged = result;
      const mine = isSame(result, theirs) ? null : result;
      return { ...now, base: theirs, etag: saved.etag, mine, change: now.change + 1 };
    });
    if (merged) this.tellMerged(merged, image);
  }

  private tellMerged(json: JsonDocument, image: ImageFacts): void {
    const merged = fromJson(json, image);
    const before = fromJson(this.known.get(image.id) ?? {}, image);
    for (const listener of this.mergeListeners) listener(merged, before);
  }

  private async refresh(change: Partial<OutboxState>): Promise<void> {
    this.current = { ...this.current, ...change, waiting: await this.store.waiting() };
    for (const listener of this.listeners) listener();
  }
}

function normalised(json: unknown, image: ImageFacts): JsonDocument {
  return toJson(fromJson(json, image));
}

/** Keeps the bytes of encodings by name, with the facts about each; the policy is the cache's (encoding-cache.ts). */

export interface EncodingKey {
  imageId: string;
  /** Of the model's weights: encodings of another model are of no use. */
  modelFingerprint: string;
  profile: 'interactive';
  dtype: 'bf16' | 'fp16' | 'fp32';
}

export interface CacheEntry {
  name: string;
  key: EncodingKey;
  sizeBytes: number;
  savedAt: number; // ms since the epoch
  lastUsedAt: number;
}

/** Of the entries that are there, the names of those that have to go first. */
export type ChooseVictims = (entries: readonly CacheEntry[]) => string[];

/**
 * Any number of tabs may use one store at a time. Each call is one step that others see whole or not at all, so what
 * `entries` says always adds up to what is kept.
 */
export interface EncodingStore {
  entries(): Promise<CacheEntry[]>;
  /** null: not there. Notes when it was used. */
  read(name: string, usedAt: number): Promise<ArrayBuffer | null>;
  /**
   * Keeps the bytes in place of what had their name; what `chooseVictims` names goes in the same step. Rejects with a
   * DOMException `QuotaExceededError`, and changes nothing, when the browser has no room.
   */
  write(entry: CacheEntry, bytes: ArrayBuffer, chooseVictims: ChooseVictims): Promise<void>;
  remove(names: readonly string[]): Promise<void>;
  close(): void;
}

export function nameOf(key: EncodingKey): string {
  return [key.imageId, key.modelFingerprint, key.profile, key.dtype].map(encodeURIComponent).join('/');
}

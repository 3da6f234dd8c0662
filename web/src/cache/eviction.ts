/** Which entries make room: those of other models first, then those that were not used for the longest time. */
import type { CacheEntry } from './encoding-store';

export function sumOfBytes(entries: readonly CacheEntry[]): number {
  return entries.reduce((sum, entry) => sum + entry.sizeBytes, 0);
}

/** Names of entries without which the others leave `neededBytes` of the budget free. */
export function chooseVictims(
  entries: readonly CacheEntry[],
  neededBytes: number,
  budgetBytes: number,
  currentModel: string | null,
): string[] {
  const isStale = ({ key }: CacheEntry) => currentModel !== null && key.modelFingerprint !== currentModel;
  const inOrder = entries.toSorted(
    (a, b) => Number(isStale(b)) - Number(isStale(a)) || a.lastUsedAt - b.lastUsedAt || a.savedAt - b.savedAt,
  );
  let usage = sumOfBytes(entries);
  const victims: string[] = [];
  for (const entry of inOrder) {
    if (usage + neededBytes <= budgetBytes) break;
    victims.push(entry.name);
    usage -= entry.sizeBytes;
  }
  return victims;
}

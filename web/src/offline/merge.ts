/**
 * Two who went on from one document, made into one, object by object.
 *
 * What only one of them changed is as that one left it; what both changed is as `mine` has it, field by field, where a
 * mask goes with the prompts and the score that it came with. What one removed and the other changed stays: a change
 * outlives a removal. Nothing is there twice, since objects keep their ids.
 */
import type { JsonDocument, JsonObjectEntry } from '../document/serialise';

/** All three are documents of the same image. */
export function mergeDocuments(base: JsonDocument, mine: JsonDocument, theirs: JsonDocument): JsonDocument {
  const ofBase = byId(base);
  const ofMine = byId(mine);
  const ofTheirs = byId(theirs);
  const merged = new Map<string, JsonObjectEntry>();
  for (const id of new Set([...ofTheirs.keys(), ...ofMine.keys()])) {
    const object = mergeObject(ofBase.get(id), ofMine.get(id), ofTheirs.get(id));
    if (object) merged.set(id, object);
  }
  const order = mergeOrder([...ofBase.keys()], [...ofMine.keys()], [...ofTheirs.keys()]);
  return { ...mine, objects: order.flatMap((id) => merged.get(id) ?? []) };
}

export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && isSame(member(a, key), member(b, key)));
}

function member(object: object, key: string): unknown {
  return (object as Record<string, unknown>)[key];
}

function byId(document: JsonDocument): Map<string, JsonObjectEntry> {
  return new Map(document.objects.map((object) => [object.id, object]));
}

type Maybe = JsonObjectEntry | undefined;

function mergeObject(base: Maybe, mine: Maybe, theirs: Maybe): Maybe {
  if (mine && theirs) return mergeFields(base, mine, theirs);
  const left = mine ?? theirs;
  const wasRemoved = base !== undefined;
  return wasRemoved && isSame(left, base) ? undefined : left;
}

function mergeFields(base: Maybe, mine: JsonObjectEntry, theirs: JsonObjectEntry): JsonObjectEntry {
  const newer = <K extends keyof JsonObjectEntry>(...fields: K[]): Pick<JsonObjectEntry, K> => {
    const pick = (of: JsonObjectEntry) =>
      Object.fromEntries(fields.map((field) => [field, of[field]])) as Pick<JsonObjectEntry, K>;
    return base && isSame(pick(mine), pick(base)) ? pick(theirs) : pick(mine);
  };
  return {
    id: mine.id,
    ...newer('label'),
    ...newer('color'),
    ...newer('prompts', 'mask', 'score', 'origin'),
    ...newer('hidden'),
  };
}

/** The order of whoever changed it, `theirs` when both did; what the other added lies on top. */
function mergeOrder(base: string[], mine: string[], theirs: string[]): string[] {
  const known = new Set(base);
  const ordered = (ids: string[], others: string[]) => {
    const there = new Set(others);
    return ids.filter((id) => known.has(id) && there.has(id));
  };
  const theyReordered = !isSame(ordered(base, theirs), ordered(theirs, base));
  const [first, second] = theyReordered ? [theirs, mine] : [mine, theirs];
  return [...new Set([...first, ...second])];
}

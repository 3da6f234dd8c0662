/**
 * The work of others comes in while one works: into the document that is shown and into every step of its history, as if
 * it had always been there. Otherwise an undo would take it away again.
 */
import type { History } from './history';
import type { AnnotatedObject, AnnotationDocument, Prompts } from './model';

interface Change {
  id: string;
  /** Undefined: it was not there, or is not any more. */
  before: AnnotatedObject | undefined;
  after: AnnotatedObject | undefined;
}

/**
 * What changed from `before` to `after` happens to all documents of the history. Where one has another object than
 * `before` did, that stays as it is: it is a newer work of ours, or an older one that an undo shall bring back.
 */
export function takeOver(history: History, before: AnnotationDocument, after: AnnotationDocument): History {
  const changes = changesBetween(before, after);
  if (changes.length === 0) return history;
  const changed = (document: AnnotationDocument) => withChanges(document, changes);
  return {
    document: changed(history.document),
    past: history.past.map((step) => ({ ...step, other: changed(step.other) })),
    future: history.future.map((step) => ({ ...step, other: changed(step.other) })),
  };
}

function changesBetween(before: AnnotationDocument, after: AnnotationDocument): Change[] {
  const old = byId(before);
  const now = byId(after);
  return [...new Set([...old.keys(), ...now.keys()])]
    .map((id) => ({ id, before: old.get(id), after: now.get(id) }))
    .filter((change) => !isSameObject(change.before, change.after));
}

function withChanges(document: AnnotationDocument, changes: readonly Change[]): AnnotationDocument {
  const objects = byId(document);
  for (const { id, before, after } of changes) {
    if (!isSameObject(objects.get(id), before)) continue;
    if (after) objects.set(id, after);
    else objects.delete(id);
  }
  return { ...document, objects: [...objects.values()] };
}

function byId(document: AnnotationDocument): Map<string, AnnotatedObject> {
  return new Map(document.objects.map((object) => [object.id, object]));
}

function isSameObject(a: AnnotatedObject | undefined, b: AnnotatedObject | undefined): boolean {
  if (a === b) return true;
  if (!a || !b) return false;
  return (
    a.label === b.label &&
    a.color === b.color &&
    a.score === b.score &&
    a.origin === b.origin &&
    a.hidden === b.hidden &&
    (a.mask === b.mask || (a.mask !== null && b.mask !== null && a.mask.equals(b.mask))) &&
    areSamePrompts(a.prompts, b.prompts)
  );
}

function areSamePrompts(a: Prompts, b: Prompts): boolean {
  return a === b || JSON.stringify([a.points, a.box]) === JSON.stringify([b.points, b.box]);
}

/**
 * Everything that can be done to a document. Each takes one and gives another; what does not apply, as an object that
 * is gone, gives the same document back.
 */
import { Mask } from '../geometry/mask';
import type { Point } from '../geometry/types';
import type { AnnotatedObject, AnnotationDocument, Origin, Prompts } from './model';
import { findObject, noPrompts } from './model';
import { newObjectId } from './object-id';

export interface Naming {
  label: string;
  color: string;
}

/** A new object, not in any document yet: it has nothing but a name. */
export function newObject(naming: Naming): AnnotatedObject {
  return {
    id: newObjectId(),
    label: naming.label,
    color: naming.color,
    prompts: noPrompts,
    mask: null,
    score: null,
    origin: 'brush',
    hidden: false,
  };
}

/** On top of the others. */
export function addObject(document: AnnotationDocument, object: AnnotatedObject): AnnotationDocument {
  return putObjects(document, [object]);
}

/** Objects whose id is there take its place, the others come on top. */
export function putObjects(document: AnnotationDocument, objects: readonly AnnotatedObject[]): AnnotationDocument {
  if (objects.length === 0) return document;
  const byId = new Map(document.objects.map((object) => [object.id, object]));
  for (const object of objects) byId.set(object.id, object);
  return { ...document, objects: [...byId.values()] };
}

export function removeObjects(document: AnnotationDocument, ids: readonly string[]): AnnotationDocument {
  const objects = document.objects.filter((object) => !ids.includes(object.id));
  return objects.length === document.objects.length ? document : { ...document, objects };
}

/** The name and the colour that goes with it. */
export function relabel(document: AnnotationDocument, ids: readonly string[], naming: Naming): AnnotationDocument {
  return changeObjects(document, ids, { label: naming.label, color: naming.color });
}

export function setHidden(document: AnnotationDocument, ids: readonly string[], hidden: boolean): AnnotationDocument {
  return changeObjects(document, ids, { hidden });
}

/** Prompts and the mask that answers them, in one step. */
export function setMask(
  document: AnnotationDocument,
  id: string,
  answer: { prompts: Prompts; mask: Mask | null; score: number | null; origin: Origin },
): AnnotationDocument {
  return changeObjects(document, [id], {
    prompts: answer.prompts,
    mask: answer.mask,
    score: answer.score,
    origin: answer.origin,
  });
}

/** A stroke of the brush or the eraser. Nobody has judged the mask that comes of it. */
export function paint(
  document: AnnotationDocument,
  id: string,
  stroke: { path: readonly Point[]; radius: number; mode: 'add' | 'erase' },
): AnnotationDocument {
  const object = findObject(document, id);
  if (!object) return document;
  const before = object.mask ?? Mask.empty(document.width, document.height);
  const mask = before.withStroke(stroke.path, stroke.radius, stroke.mode);
  return mask.equals(before) ? document : changeObjects(document, [id], { mask, score: null, origin: 'brush' });
}

/** Instances of a concept become objects of one label. */
export function acceptConcept(
  document: AnnotationDocument,
  found: readonly { mask: Mask; score: number }[],
  naming: Naming,
): AnnotationDocument {
  const objects = found.map(({ mask, score }): AnnotatedObject => {
    return { ...newObject(naming), mask, score, origin: 'concept' };
  });
  return putObjects(document, objects);
}

/** To a place in the order from the bottom to the top. */
export function moveObject(document: AnnotationDocument, id: string, index: number): AnnotationDocument {
  const object = findObject(document, id);
  if (!object || document.objects[index] === object) return document;
  const others = document.objects.filter((other) => other.id !== id);
  return { ...document, objects: [...others.slice(0, index), object, ...others.slice(index)] };
}

function changeObjects(
  document: AnnotationDocument,
  ids: readonly string[],
  change: Partial<AnnotatedObject>,
): AnnotationDocument {
  let changed = false;
  const objects = document.objects.map((object) => {
    if (!ids.includes(object.id) || isUnchanged(object, change)) return object;
    changed = true;
    return { ...object, ...change };
  });
  return changed ? { ...document, objects } : document;
}

function isUnchanged(object: AnnotatedObject, change: Partial<AnnotatedObject>): boolean {
  return (Object.keys(change) as (keyof AnnotatedObject)[]).every((key) => object[key] === change[key]);
}

import { putObjects } from '../commands';
import type { AnnotatedObject, AnnotationDocument } from '../model';

/**
 * A document with what was imported: an object that is there under its id takes the imported form, and one that is there
 * already, with the same label and the same mask, is not added again.
 */
export function addImported(document: AnnotationDocument, imported: readonly AnnotatedObject[]): AnnotationDocument {
  const ids = new Set(document.objects.map((object) => object.id));
  return putObjects(
    document,
    imported.filter((object) => ids.has(object.id) || !document.objects.some((other) => isCopy(object, other))),
  );
}

function isCopy(object: AnnotatedObject, other: AnnotatedObject): boolean {
  return object.label === other.label && object.mask !== null && other.mask !== null && object.mask.equals(other.mask);
}

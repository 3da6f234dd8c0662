/** Documents for tests. */
import { drawn } from '../../geometry/testing/sample-masks';
import type { ExportItem } from '../export/item';
import type { AnnotatedObject, AnnotationDocument } from '../model';
import { noPrompts } from '../model';

export const image = { id: '2cf24dba-5fb0-8a30-a6e8-3b2ac5b9e29e', filename: 'yard.jpg', width: 5, height: 4 };

export function objectId(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

export const ringMask = drawn('###..', '#.#..', '###..', '.....');
export const partsMask = drawn('#....', '.....', '...##', '...##');

export function sampleObject(number: number, change: Partial<AnnotatedObject> = {}): AnnotatedObject {
  return {
    id: objectId(number),
    label: 'dog',
    color: '#0072b2',
    prompts: noPrompts,
    mask: partsMask,
    score: 0.5,
    origin: 'server',
    hidden: false,
    ...change,
  };
}

export function sampleDocument(...objects: AnnotatedObject[]): AnnotationDocument {
  return { version: 1, imageId: image.id, width: image.width, height: image.height, objects };
}

/** A dog in two parts, a cat with a hole that was drawn by hand, something not named, and one that is only asked for. */
export function fullDocument(): AnnotationDocument {
  return sampleDocument(
    sampleObject(1, { prompts: { points: [{ x: 0.5, y: 0.5, positive: true }], box: { x0: 0, y0: 0, x1: 5, y1: 4 } } }),
    sampleObject(2, { label: 'cat', color: '#e69f00', mask: ringMask, score: null, origin: 'brush', hidden: true }),
    sampleObject(3, {
      label: '',
      color: '#009e73',
      mask: drawn('.....', '.....', '.....', '####.'),
      origin: 'concept',
    }),
    sampleObject(4, { mask: null, score: null }),
  );
}

export function exportItem(document = fullDocument(), change: Partial<ExportItem> = {}): ExportItem {
  return { ...image, document, ...change };
}

/** What an export goes through: images with what was drawn on them. */
import type { AnnotatedObject, AnnotationDocument } from '../model';
import type { Mask } from '../../geometry/mask';

export interface ExportItem {
  /** Of the server. */
  id: string;
  filename: string;
  width: number;
  height: number;
  document: AnnotationDocument;
}

export interface Exported {
  file: Blob;
  images: number;
  objects: number;
}

export interface ExportOptions {
  /** The project's labels in their order; further ones come after them as they are met. */
  labels?: readonly string[];
  signal?: AbortSignal;
  /** After every image. */
  onProgress?: (images: number) => void;
}

export type MaskedObject = AnnotatedObject & { mask: Mask };

/** What objects without a label are called in files that need one. */
export const unlabelled = 'unlabelled';

/** Objects that were only asked for, and ones that were erased entirely, have nothing to export. */
export function exportedObjects(document: AnnotationDocument): MaskedObject[] {
  return document.objects.filter((object): object is MaskedObject => object.mask !== null && !object.mask.isEmpty);
}

/** Labels as numbers, from 0, each the same in the whole file. */
export class LabelNumbers {
  private readonly numbers = new Map<string, number>();

  constructor(known: readonly string[] = []) {
    for (const label of known) this.numberOf(label);
  }

  numberOf(label: string): number {
    const name = label || unlabelled;
    const number = this.numbers.get(name) ?? this.numbers.size;
    this.numbers.set(name, number);
    return number;
  }

  get names(): string[] {
    return [...this.numbers.keys()];
  }
}

export type ExportItems = Iterable<ExportItem> | AsyncIterable<ExportItem>;

/** One after the other, so that documents need not all be in memory. */
export async function forEachItem(
  items: ExportItems,
  options: ExportOptions,
  visit: (item: ExportItem) => void | Promise<void>,
): Promise<number> {
  let images = 0;
  for await (const item of items) {
    options.signal?.throwIfAborted();
    await visit(item);
    options.onProgress?.(++images);
  }
  return images;
}

/**
 * What people draw on one image. Documents are immutable: every change makes a new one that shares what is the same,
 * so that 200 steps of history cost little.
 */
import type { Mask } from '../geometry/mask';
import type { Box } from '../geometry/types';

export interface PromptPoint {
  x: number;
  y: number;
  /** On the object, or beside it. */
  positive: boolean;
}

/** What the mask of one object was asked for with. */
export interface Prompts {
  readonly points: readonly PromptPoint[];
  readonly box: Box | null;
}

/** Who made a mask last. */
export type Origin = 'server' | 'browser' | 'brush' | 'import' | 'concept';

export interface AnnotatedObject {
  /** A UUID, the same for the object's whole life: merges go by it. */
  readonly id: string;
  /** Empty: not named yet. */
  readonly label: string;
  /** `#rrggbb`, in small letters. */
  readonly color: string;
  readonly prompts: Prompts;
  readonly mask: Mask | null;
  /** Of the mask, 0 to 1; null when nobody judged it. */
  readonly score: number | null;
  readonly origin: Origin;
  readonly hidden: boolean;
}

export interface AnnotationDocument {
  readonly version: 1;
  readonly imageId: string;
  readonly width: number;
  readonly height: number;
  /** From the bottom to the top. */
  readonly objects: readonly AnnotatedObject[];
}

export const noPrompts: Prompts = { points: [], box: null };

export function emptyDocument(image: { id: string; width: number; height: number }): AnnotationDocument {
  return { version: 1, imageId: image.id, width: image.width, height: image.height, objects: [] };
}

export function findObject(document: AnnotationDocument, id: string): AnnotatedObject | undefined {
  return document.objects.find((object) => object.id === id);
}

/** Where masks come from: the seam between the annotator and whoever computes. */
import type { Mask } from '../geometry/mask';
import type { Box } from '../geometry/types';

export type SourceKind = 'server' | 'browser';

/** What one object is asked for with; pixels of the image. */
export interface PromptSet {
  points: readonly { x: number; y: number; positive: boolean }[];
  box: Box | null;
  /** All alternatives, not only the best one. */
  multimask: boolean;
}

/** What all instances of a concept are asked for with. */
export interface ConceptPrompt {
  text: string | null;
  exemplars: readonly { box: Box; positive: boolean }[];
  /** From 0 to 1: the score from which an instance counts. */
  threshold: number;
}

export interface FoundMask {
  mask: Mask;
  box: Box;
  score: number;
}

export interface MaskAnswer {
  /** Best first. */
  masks: FoundMask[];
  latencyMs: number;
  source: SourceKind;
}

export interface SegmentOptions {
  signal?: AbortSignal;
  /** A look ahead, for a pointer that hovers. */
  preview?: boolean;
  /** Which object this is about: prompts of different objects do not supersede each other. */
  object?: string;
}

/**
 * One image at work. Of each object the newest prompt is answered: one that still waits when a newer comes rejects with
 * `Superseded`. What is being computed already is answered all the same, so a pointer that never rests still sees
 * previews, and answers come in the order of the prompts. Previews supersede previews alone.
 */
export interface ImageSession {
  segment(prompts: PromptSet, options?: SegmentOptions): Promise<MaskAnswer>;
  /** Rejects with `NotHere` where the source knows no concepts. */
  findConcept(prompt: ConceptPrompt, options?: { signal?: AbortSignal }): Promise<MaskAnswer>;
  close(): void;
}

export interface ImageOfSession {
  id: string;
  width: number;
  height: number;
}

export interface MaskSource {
  readonly kind: SourceKind;
  open(image: ImageOfSession): Promise<ImageSession>;
}

/** A newer prompt took this one's place. */
export class Superseded extends Error {
  override readonly name = 'Superseded';
  constructor() {
    super('a newer prompt took its place');
  }
}

/** This source cannot answer such a prompt. */
export class NotHere extends Error {
  override readonly name = 'NotHere';
}

/** The prompt itself was refused: another source would refuse it as well. */
export class PromptRefused extends Error {
  override readonly name = 'PromptRefused';
}

/** The source is of no use at present: another one may be. */
export class SourceFailed extends Error {
  override readonly name = 'SourceFailed';
}

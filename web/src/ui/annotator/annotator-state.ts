/** What the annotator shows: one immutable record, and beside it what changes with every move of the hand. */
import { type History, startHistory } from '../../document/history';
import { type AnnotatedObject, emptyDocument, type Prompts } from '../../document/model';
import type { Box, Point } from '../../geometry/types';
import type { FoundMask } from '../../inference/mask-source';
import type { Crosshair } from '../../tools/crosshair';
import type { Draft, ToolId } from '../../tools/tool';

export interface AnnotatedImage {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

/** Prompts that have been placed and not been answered yet. */
export interface Pending {
  readonly object: AnnotatedObject; // as it will be: with these prompts and the mask it had
  readonly isNew: boolean;
}

export interface Alternatives {
  readonly objectId: string;
  readonly prompts: Prompts;
  readonly masks: readonly FoundMask[];
  readonly chosen: number;
}

export interface Candidate extends FoundMask {
  readonly id: string;
}

export interface Exemplar {
  readonly box: Box;
  readonly positive: boolean;
}

export interface Concept {
  readonly text: string;
  readonly exemplars: readonly Exemplar[];
  readonly threshold: number;
  readonly status: 'idle' | 'asking' | 'answered' | 'failed';
  readonly problem: string | null;
  readonly candidates: readonly Candidate[];
  readonly active: number; // index of the candidate that Enter accepts
}

export interface AnnotatorState {
  readonly image: AnnotatedImage;
  /** False until the saved annotations have come; nothing can be changed before. */
  readonly loaded: boolean;
  /** The image's encoding is there; without it nothing can be asked. */
  readonly encoded: boolean;
  readonly history: History;
  readonly selectedId: string | null;
  readonly tool: ToolId;
  /** Of objects to come. Empty: none. */
  readonly label: string;
  readonly pending: Pending | null;
  readonly alternatives: Alternatives | null;
  readonly concept: Concept;
  /** The look ahead is off because answers take too long. */
  readonly previewTooSlow: boolean;
}

/** Not for React: the canvas alone looks at it. */
export interface Live {
  readonly draft: Draft | null;
  readonly hover: Point | null; // of the brush
  readonly preview: FoundMask | null;
  readonly crosshair: Crosshair | null;
}

export const noConcept: Concept = {
  text: '',
  exemplars: [],
  threshold: 0.5,
  status: 'idle',
  problem: null,
  candidates: [],
  active: 0,
};

export const nothingLive: Live = { draft: null, hover: null, preview: null, crosshair: null };

export function initialState(image: AnnotatedImage, encoded: boolean): AnnotatorState {
  return {
    image,
    loaded: false,
    encoded,
    history: startHistory(emptyDocument(image)),
    selectedId: null,
    tool: 'click',
    label: '',
    pending: null,
    alternatives: null,
    concept: noConcept,
    previewTooSlow: false,
  };
}

export function selectedObject(state: AnnotatorState): AnnotatedObject | null {
  return state.history.document.objects.find((object) => object.id === state.selectedId) ?? null;
}

/** The object at hand with the prompts that were placed last, answered or not. */
export function currentObject(state: AnnotatorState): AnnotatedObject | null {
  return state.pending?.object ?? selectedObject(state);
}

/** The topmost object whose mask has this point. */
export function objectAt(state: AnnotatorState, point: Point): AnnotatedObject | null {
  const { objects } = state.history.document;
  return objects.findLast((object) => !object.hidden && object.mask?.contains(point)) ?? null;
}

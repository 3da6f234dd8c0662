/**
 * Undo and redo. A history is a value like the documents in it: every function gives a new one.
 */
import type { AnnotationDocument } from './model';

export const maxSteps = 200;

interface Step {
  /** The document on its other side: before it, or for a step that was undone, after it. */
  readonly other: AnnotationDocument;
  /** What was done, for the menu: "Brush". */
  readonly name: string;
  /** Steps with the same key that follow each other are one: typing a label is not a step a letter. */
  readonly joinKey: string | null;
}

export interface History {
  readonly document: AnnotationDocument;
  /** The newest last. */
  readonly past: readonly Step[];
  /** What was undone, the next to be redone last. */
  readonly future: readonly Step[];
}

export function startHistory(document: AnnotationDocument): History {
  return { document, past: [], future: [] };
}

/** A change that made no difference is no step. */
export function record(
  history: History,
  document: AnnotationDocument,
  name: string,
  joinKey: string | null = null,
): History {
  if (document === history.document) return history;
  const last = history.past.at(-1);
  if (joinKey !== null && last?.joinKey === joinKey && history.future.length === 0) {
    return { ...history, document };
  }
  const past = [...history.past, { other: history.document, name, joinKey }].slice(-maxSteps);
  return { document, past, future: [] };
}

export function undo(history: History): History {
  const step = history.past.at(-1);
  if (!step) return history;
  return {
    document: step.other,
    past: history.past.slice(0, -1),
    future: [...history.future, { ...step, other: history.document }],
  };
}

export function redo(history: History): History {
  const step = history.future.at(-1);
  if (!step) return history;
  return {
    document: step.other,
    past: [...history.past, { ...step, other: history.document }],
    future: history.future.slice(0, -1),
  };
}

export function undoName(history: History): string | null {
  return history.past.at(-1)?.name ?? null;
}

export function redoName(history: History): string | null {
  return history.future.at(-1)?.name ?? null;
}

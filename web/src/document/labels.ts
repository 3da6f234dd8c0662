/**
 * The labels of a project. They are not kept anywhere of their own: every object has its label and its colour, and the
 * project's list is what its documents use. A label's first colour follows from its name alone, so that two people who
 * type the same name on the same day, one of them offline, nearly always see the same colour.
 */
import type { AnnotationDocument } from './model';

export interface Label {
  readonly name: string;
  readonly color: string;
  /** How many objects have it. */
  readonly objects: number;
}

/**
 * Seven colours of Okabe and Ito, then three of Paul Tol's, which people with any kind of colour vision can tell apart.
 * More than ten cannot be told apart by anybody: then names have to do it.
 */
export const palette: readonly string[] = [
  '#0072b2',
  '#e69f00',
  '#009e73',
  '#cc79a7',
  '#56b4e9',
  '#d55e00',
  '#f0e442',
  '#882255',
  '#999933',
  '#332288',
];

export const maxLabelLength = 100;

/** Without what cannot be seen: blanks at the ends, several in a row, control characters. */
export function tidyLabel(text: string): string {
  return text
    .normalize('NFC')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, maxLabelLength)
    .trim();
}

/** By name. Where documents disagree about a colour, the one that most objects have is taken. */
export function labelsOf(documents: Iterable<AnnotationDocument>): Label[] {
  const colors = new Map<string, Map<string, number>>();
  for (const document of documents) {
    for (const { label, color } of document.objects) {
      if (label === '') continue;
      const counts = colors.get(label) ?? new Map<string, number>();
      colors.set(label, counts.set(color, (counts.get(color) ?? 0) + 1));
    }
  }
  return Array.from(colors, ([name, counts]) => ({
    name,
    color: mostFrequent(counts),
    objects: Array.from(counts.values()).reduce((sum, count) => sum + count, 0),
  })).sort((a, b) => a.name.localeCompare(b.name));
}

/** The colour that a label has; for a new one the palette's next to what its name says that no other label has. */
export function colorOf(name: string, known: readonly Label[]): string {
  const same = known.find((label) => label.name === name);
  if (same) return same.color;
  const used = new Set(known.map((label) => label.color));
  const start = hashOf(name) % palette.length;
  const inTurn = palette.map((_, i) => palette[(start + i) % palette.length]);
  return inTurn.find((color) => !used.has(color)) ?? inTurn[0];
}

function mostFrequent(counts: ReadonlyMap<string, number>): string {
  const [best] = [...counts].sort(([a, n], [b, m]) => m - n || a.localeCompare(b));
  return best[0];
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

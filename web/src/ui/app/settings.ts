/** What the user chose, kept in this browser. */
import type { Choice } from '../../inference/choose';
import { Store } from './store';

export interface Settings {
  readonly theme: 'system' | 'light' | 'dark';
  readonly token: string; // empty: none
  readonly source: Choice;
  /** A mask under the pointer before the click. */
  readonly preview: boolean;
  /** All masks that a lone click may mean, to choose from. */
  readonly alternatives: boolean;
  readonly brushRadius: number; // pixels of the image
  /** For encodings in this browser; null: what the cache thinks right. */
  readonly budgetBytes: number | null;
}

/** theme.js reads it, too, before anything is drawn. */
const storageKey = 'samcache.settings';

const standard: Settings = {
  theme: 'system',
  token: '',
  source: 'automatic',
  preview: true,
  alternatives: true,
  brushRadius: 12,
  budgetBytes: null,
};

/** Takes what is well-formed of a stored text and the standard for the rest. */
export function parseSettings(text: string | null): Settings {
  let stored: unknown;
  try {
    stored = JSON.parse(text ?? '{}');
  } catch {
    return standard;
  }
  if (typeof stored !== 'object' || stored === null) return standard;
  const from = stored as Record<string, unknown>;
  return {
    theme: oneOf(from.theme, ['system', 'light', 'dark'], standard.theme),
    token: typeof from.token === 'string' ? from.token : standard.token,
    source: oneOf(from.source, ['automatic', 'server', 'browser'], standard.source),
    preview: typeof from.preview === 'boolean' ? from.preview : standard.preview,
    alternatives: typeof from.alternatives === 'boolean' ? from.alternatives : standard.alternatives,
    brushRadius: clampRadius(typeof from.brushRadius === 'number' ? from.brushRadius : standard.brushRadius),
    budgetBytes: isPositive(from.budgetBytes) ? from.budgetBytes : standard.budgetBytes,
  };
}

export function clampRadius(radius: number): number {
  return Number.isFinite(radius) ? Math.min(Math.max(radius, 1), 400) : standard.brushRadius;
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function oneOf<T extends string>(value: unknown, known: readonly T[], otherwise: T): T {
  return known.find((one) => one === value) ?? otherwise;
}

function read(): Settings {
  try {
    return parseSettings(localStorage.getItem(storageKey));
  } catch {
    return standard; // storage is forbidden here
  }
}

export const settings = new Store<Settings>(read());

export function changeSettings(change: Partial<Settings>): void {
  settings.patch(change);
  try {
    localStorage.setItem(storageKey, JSON.stringify(settings.get()));
  } catch {
    // It holds until the page is closed, then.
  }
}

/** Light or dark as chosen; without a choice the system's, by CSS alone. */
export function applyTheme(): void {
  const { theme } = settings.get();
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/**
 * Chooses where masks come from, and goes on with the other source when one fails.
 *
 * Automatic: the server answers at once while the browser gets its decoder and the first image's encoding; then both
 * answer the same prompt a few times, and the faster one it is. By hand: the source that was chosen, as long as it works.
 * A source that failed rests for a while, the server until it is reachable again.
 */
import { ChoosingSession, isFailure, messageOf } from './choosing-session';
import type { SourceOrder } from './choosing-session';
import type { BrowserBackend } from './decoder-messages';
import type { ImageOfSession, ImageSession, MaskSource, SourceKind } from './mask-source';

export type Choice = SourceKind | 'automatic';
export type Backend = BrowserBackend | 'websocket';

export interface SourceState {
  kind: SourceKind;
  /** null: not known before it answered once. */
  backend: Backend | null;
  /** Of its last answers, seen from here; null: there were none. */
  medianMs: number | null;
  /** Why it is this one. */
  reason: string;
}

/** What the browser's source says of itself beside being one. */
export interface BrowserMaskSource extends MaskSource {
  readonly facts: { backend: BrowserBackend; reason: string } | null;
}

export interface MaskServiceOptions {
  server: MaskSource;
  browser: BrowserMaskSource;
  choice?: Choice;
  /** Whether the server can be reached; by default it is assumed. */
  online?: { readonly online: boolean; subscribe(listener: (online: boolean) => void): () => void };
  /** Called when the server failed: somebody should ask whether it is there. */
  onServerFailed?: () => void;
  now?: () => number;
  restMs?: number;
}

const kinds: readonly SourceKind[] = ['server', 'browser'];
const otherOf: Record<SourceKind, SourceKind> = { server: 'browser', browser: 'server' };
const trialRuns = 3;
const rememberedAnswers = 15;

interface Health {
  latenciesMs: number[];
  /** Why it is not asked, and until when. */
  failure: { message: string; until: number } | null;
}

export class MaskService implements SourceOrder {
  private readonly listeners = new Set<() => void>();
  private readonly health: Record<SourceKind, Health> = {
    server: { latenciesMs: [], failure: null },
    browser: { latenciesMs: [], failure: null },
  };
  private wanted: Choice;
  private faster: { kind: SourceKind; reason: string } | null = null;
  private measuring = false;
  private shown: SourceState | null = null;
  private readonly stopListening: () => void;

  constructor(private readonly options: MaskServiceOptions) {
    this.wanted = options.choice ?? 'automatic';
    this.stopListening =
      options.online?.subscribe((online) => {
        if (online) this.health.server.failure = null;
        this.changed();
      }) ?? (() => undefined);
  }

  get choice(): Choice {
    return this.wanted;
  }

  /** The same object until something changes. */
  get state(): SourceState {
    this.shown ??= this.describe();
    return this.shown;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Also a way to try a source again that failed, and to measure anew with the next image. */
  choose(choice: Choice): void {
    this.wanted = choice;
    this.faster = null;
    for (const kind of kinds) this.health[kind].failure = null;
    this.changed();
  }

  /** The session follows the choice, also when it changes later. */
  open(image: ImageOfSession): Promise<ImageSession> {
    const session = new ChoosingSession(image, this);
    if (this.wanted === 'automatic' && !this.faster) void this.measure(session);
    return Promise.resolve(session);
  }

  close(): void {
    this.stopListening();
    this.listeners.clear();
  }

  order(): SourceKind[] {
    const first = this.preferred();
    return this.isUsable(first) || !this.isUsable(otherOf[first]) ? [first, otherOf[first]] : [otherOf[first], first];
  }

  sourceOf(kind: SourceKind): MaskSource {
    return this.options[kind];
  }

  answered(kind: SourceKind, latencyMs: number): void {
    const health = this.health[kind];
    health.failure = null;
    health.latenciesMs.push(latencyMs);
    if (health.latenciesMs.length > rememberedAnswers) health.latenciesMs.shift();
    this.changed();
  }

  failed(kind: SourceKind, message: string): void {
    this.health[kind].failure = { message, until: this.now() + (this.options.restMs ?? 15_000) };
    if (kind === 'server') this.options.onServerFailed?.();
    this.changed();
  }

  private async measure(session: ChoosingSession): Promise<void> {
    if (this.measuring) return;
    this.measuring = true;
    try {
      const [browserMs, serverMs] = [await this.trial(session, 'browser'), await this.trial(session, 'server')];
      if (this.wanted !== 'automatic' || (browserMs === null && serverMs === null)) return;
      const browserIsFaster = (browserMs ?? Infinity) < (serverMs ?? Infinity);
      const figures = `browser ${inWords(browserMs)}, server ${inWords(serverMs)}`;
      this.faster = { kind: browserIsFaster ? 'browser' : 'server', reason: figures };
    } finally {
      this.measuring = false;
      this.changed();
    }
  }

  /** null: it does not answer. */
  private async trial(session: ChoosingSession, kind: SourceKind): Promise<number | null> {
    const latenciesMs: number[] = [];
    try {
      for (let run = 0; run <= trialRuns; ++run) {
        const answer = await session.segmentWith(kind, session.trialPrompts(), { object: 'trial' });
        if (run > 0) latenciesMs.push(answer.latencyMs); // the first one also loads and warms up
      }
    } catch (error) {
      if (isFailure(error)) this.failed(kind, messageOf(error));
      return null;
    }
    return medianOf(latenciesMs);
  }

  private preferred(): SourceKind {
    if (this.wanted !== 'automatic') return this.wanted;
    return this.faster?.kind ?? 'server';
  }

  private isUsable(kind: SourceKind): boolean {
    if (kind === 'server' && this.options.online?.online === false) return false;
    const { failure } = this.health[kind];
    return failure === null || failure.until <= this.now();
  }

  private describe(): SourceState {
    const [kind] = this.order();
    const backend = kind === 'server' ? 'websocket' : (this.options.browser.facts?.backend ?? null);
    return { kind, backend, medianMs: medianOf(this.health[kind].latenciesMs), reason: this.reasonFor(kind) };
  }

  private reasonFor(kind: SourceKind): string {
    const preferred = this.preferred();
    if (kind !== preferred) {
      const away = preferred === 'server' && this.options.online?.online === false;
      return away ? 'the server is away' : (this.health[preferred].failure?.message ?? '');
    }
    if (this.wanted !== 'automatic') return 'chosen by hand';
    return this.faster ? `measured: ${this.faster.reason}` : 'until both are measured';
  }

  private changed(): void {
    const before = this.shown;
    this.shown = this.describe();
    if (before && isSameState(before, this.shown)) this.shown = before;
    else for (const listener of this.listeners) listener();
  }

  private now(): number {
    return (this.options.now ?? Date.now)();
  }
}

function isSameState(a: SourceState, b: SourceState): boolean {
  return a.kind === b.kind && a.backend === b.backend && a.medianMs === b.medianMs && a.reason === b.reason;
}

function medianOf(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

function inWords(ms: number | null): string {
  return ms === null ? 'does not answer' : `${ms.toFixed(0)} ms`;
}

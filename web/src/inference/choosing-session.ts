/** A session that asks the sources in the order that is best at the moment, the next one when one fails. */
import { NotHere, PromptRefused, SourceFailed, Superseded } from './mask-source';
import type {
  ConceptPrompt,
  ImageOfSession,
  ImageSession,
  MaskAnswer,
  MaskSource,
  PromptSet,
  SegmentOptions,
  SourceKind,
} from './mask-source';

/** What the session asks for, and tells what came of it. */
export interface SourceOrder {
  /** The best one first. */
  order(): SourceKind[];
  sourceOf(kind: SourceKind): MaskSource;
  answered(kind: SourceKind, latencyMs: number): void;
  failed(kind: SourceKind, message: string): void;
}

export class ChoosingSession implements ImageSession {
  private readonly sessions = new Map<SourceKind, Promise<ImageSession>>();
  private closed = false;

  constructor(
    private readonly image: ImageOfSession,
    private readonly sources: SourceOrder,
  ) {}

  async segment(prompts: PromptSet, options: SegmentOptions = {}): Promise<MaskAnswer> {
    let failure: unknown;
    for (const kind of this.sources.order()) {
      try {
        const answer = await this.segmentWith(kind, prompts, options);
        this.sources.answered(kind, answer.latencyMs);
        return answer;
      } catch (error) {
        if (!isFailure(error) || this.closed) throw error;
        options.signal?.throwIfAborted();
        this.sources.failed(kind, messageOf(error));
        failure ??= error;
      }
    }
    throw failure;
  }

  async segmentWith(kind: SourceKind, prompts: PromptSet, options: SegmentOptions): Promise<MaskAnswer> {
    const session = this.sessionOf(kind);
    try {
      return await (await session).segment(prompts, options);
    } catch (error) {
      if (isFailure(error)) this.drop(kind, session);
      throw error;
    }
  }

  async findConcept(prompt: ConceptPrompt, options: { signal?: AbortSignal } = {}): Promise<MaskAnswer> {
    try {
      return await (await this.sessionOf('server')).findConcept(prompt, options);
    } catch (error) {
      if (!isFailure(error) || this.closed) throw error;
      this.sources.failed('server', messageOf(error));
      throw new NotHere('concepts are found by the server, which does not answer', { cause: error });
    }
  }

  /** A click into the middle: as good as any to measure with. */
  trialPrompts(): PromptSet {
    const { width, height } = this.image;
    return { points: [{ x: width / 2, y: height / 2, positive: true }], box: null, multimask: false };
  }

  close(): void {
    this.closed = true;
    for (const [kind, session] of this.sessions) this.drop(kind, session);
  }

  private sessionOf(kind: SourceKind): Promise<ImageSession> {
    if (this.closed) return Promise.reject(new SourceFailed('the session was closed'));
    let session = this.sessions.get(kind);
    if (!session) {
      session = this.sources.sourceOf(kind).open(this.image);
      this.sessions.set(kind, session);
    }
    return session;
  }

  private drop(kind: SourceKind, session: Promise<ImageSession>): void {
    if (this.sessions.get(kind) === session) this.sessions.delete(kind);
    session.then(
      (opened) => opened.close(),
      () => undefined,
    );
  }
}

/** Whether another source may do better. */
export function isFailure(error: unknown): boolean {
  const isAbort = error instanceof Error && error.name === 'AbortError';
  return !isAbort && !(error instanceof Superseded || error instanceof PromptRefused || error instanceof NotHere);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * All instances of a concept: named, shown by example boxes, or both. What is found are candidates beside the document;
 * accepting them is what makes objects, and steps of the history.
 */
import { acceptConcept, type Naming } from '../../document/commands';
import { newObjectId } from '../../document/object-id';
import type { Box } from '../../geometry/types';
import { NotHere, Superseded } from '../../inference/mask-source';
import { reasonOf } from '../components/toasts';
import { type Candidate, type Concept, noConcept } from './annotator-state';
import type { AnnotatorContext } from './context';
import type { LabelBook } from './naming';

export class Concepts {
  private asking: AbortController | null = null;

  constructor(
    private readonly context: AnnotatorContext,
    private readonly labels: LabelBook,
  ) {}

  find(text: string): void {
    this.ask({ text: text.trim() });
  }

  addExemplar(box: Box, positive: boolean): void {
    this.ask({ exemplars: [...this.concept.exemplars, { box, positive }] });
  }

  removeExemplar(index: number): void {
    this.ask({ exemplars: this.concept.exemplars.filter((_, at) => at !== index) });
  }

  setThreshold(threshold: number): void {
    this.ask({ threshold });
  }

  /** Makes a candidate the one that Enter accepts. */
  activate(index: number): void {
    const { length } = this.concept.candidates;
    if (length > 0) this.patch({ active: (index + length) % length });
  }

  accept(index: number = this.concept.active): void {
    const candidate = this.concept.candidates[index] as Candidate | undefined;
    if (!candidate) return;
    this.makeObjects([candidate]);
    this.drop(index);
  }

  acceptAll(): void {
    const { candidates } = this.concept;
    if (candidates.length === 0) return;
    this.makeObjects(candidates);
    this.clear();
  }

  /** Not this one. */
  drop(index: number = this.concept.active): void {
    const candidates = this.concept.candidates.filter((_, at) => at !== index);
    if (candidates.length === 0) this.clear();
    else this.patch({ candidates, active: Math.min(this.concept.active, candidates.length - 1) });
  }

  /** True: there was something to forget. */
  clear(): boolean {
    this.asking?.abort();
    const { status, exemplars } = this.concept;
    const { threshold } = this.concept;
    this.context.state.patch({ concept: { ...noConcept, threshold } });
    return status !== 'idle' || exemplars.length > 0;
  }

  private get concept(): Concept {
    return this.context.state.get().concept;
  }

  private patch(change: Partial<Concept>): void {
    this.context.state.patch({ concept: { ...this.concept, ...change } });
  }

  /** Of the objects that the candidates become: what was asked for, or else the label that new objects get. */
  naming(): Naming {
    const { history, label } = this.context.state.get();
    return this.labels.naming(history.document, this.concept.text || label);
  }

  private makeObjects(found: readonly Candidate[]): void {
    const { history } = this.context.state.get();
    const naming = this.naming();
    this.context.commit(acceptConcept(history.document, found, naming), found.length > 1 ? 'Accept all' : 'Accept');
    this.context.announce(`${found.length} accepted as ${naming.label || 'objects without a label'}`);
  }

  private ask(change: Partial<Concept>): void {
    this.asking?.abort();
    this.patch({ ...change, problem: null });
    const { text, exemplars } = this.concept;
    if (!text && !exemplars.some((one) => one.positive)) {
      this.patch({ status: 'idle', candidates: [] });
      return;
    }
    const asking = new AbortController();
    this.asking = asking;
    this.patch({ status: 'asking' });
    this.answer(asking.signal).catch((error: unknown) => {
      if (asking.signal.aborted || error instanceof Superseded) return;
      const problem = error instanceof NotHere ? 'Concepts are found by the server, which is away.' : reasonOf(error);
      this.patch({ status: 'failed', problem, candidates: [] });
    });
  }

  private async answer(signal: AbortSignal): Promise<void> {
    const session = await this.context.session();
    const { text, exemplars, threshold } = this.concept;
    const answer = await session.findConcept(
      { text: text || null, exemplars: exemplars.map((one) => ({ ...one })), threshold },
      { signal },
    );
    if (signal.aborted) return;
    const candidates = answer.masks.map((found) => ({ ...found, id: `candidate ${newObjectId()}` }));
    this.patch({ status: 'answered', candidates, active: 0 });
    this.context.announce(candidates.length === 1 ? '1 candidate' : `${candidates.length} candidates`);
  }
}

/**
 * Clicks and boxes on one object.
 *
 * A prompt shows at once and becomes part of the document together with the mask that answers it, in one step. While an
 * answer is on its way more prompts may come: they are asked for together and the older question is dropped.
 */
import { newObject, putObjects, setMask } from '../../document/commands';
import type { AnnotatedObject, Prompts } from '../../document/model';
import type { Box, Point } from '../../geometry/types';
import { type FoundMask, type PromptSet, Superseded } from '../../inference/mask-source';
import { settings } from '../app/settings';
import { currentObject, type Pending } from './annotator-state';
import type { AnnotatorContext } from './context';
import type { LabelBook } from './naming';

export class Prompting {
  private asking: AbortController | null = null;

  constructor(
    private readonly context: AnnotatorContext,
    private readonly labels: LabelBook,
  ) {}

  placePoint(point: Point, positive: boolean): void {
    const target = this.target();
    if (!positive && target.object.prompts.points.length === 0 && !target.object.prompts.box) {
      this.context.announce('A negative point needs an object: begin with a positive one.');
      return;
    }
    const { prompts } = target.object;
    this.ask(
      target,
      { ...prompts, points: [...prompts.points, { ...point, positive }] },
      positive ? 'Point' : 'Negative point',
    );
  }

  placeBox(box: Box): void {
    const target = this.target();
    this.ask(target, { ...target.object.prompts, box }, 'Box');
  }

  choose(index: number): void {
    const { state } = this.context;
    const { alternatives, history } = state.get();
    const found = alternatives?.masks[index];
    if (!alternatives || !found || index === alternatives.chosen) return;
    const object = history.document.objects.find((one) => one.id === alternatives.objectId);
    if (!object) return;
    const answer = { prompts: alternatives.prompts, mask: found.mask, score: found.score, origin: object.origin };
    state.patch({ alternatives: { ...alternatives, chosen: index } });
    this.context.commit(setMask(history.document, object.id, answer), 'Other mask', `alternative ${object.id}`);
    this.context.announce(`Mask ${index + 1} of ${alternatives.masks.length}`);
  }

  /** Forgets what has not been answered. True: there was something. */
  cancel(): boolean {
    this.asking?.abort();
    this.asking = null;
    const had = this.context.state.get().pending !== null;
    if (had) this.context.state.patch({ pending: null });
    return had;
  }

  /** What the pointer's place would be asked with. */
  lookAhead(point: Point): PromptSet {
    const { prompts } = this.target().object;
    return asked({ ...prompts, points: [...prompts.points, { ...point, positive: true }] });
  }

  /**
   * The object that the next prompt is about: the one at hand, or a new one. What was painted, imported or found as a
   * concept has no prompts to add to, and a click shall not take its mask away.
   */
  private target(): Pending {
    const state = this.context.state.get();
    if (state.pending) return state.pending;
    const object = currentObject(state);
    const hasPrompts = object && (object.prompts.points.length > 0 || object.prompts.box !== null);
    if (object && (hasPrompts || !object.mask)) return { object, isNew: false };
    return { object: newObject(this.labels.naming(state.history.document, state.label)), isNew: true };
  }

  private ask(target: Pending, prompts: Prompts, name: string): void {
    this.asking?.abort();
    const asking = new AbortController();
    this.asking = asking;
    const pending = { ...target, object: { ...target.object, prompts } };
    this.context.live.patch({ preview: null });
    this.context.state.patch({ pending, alternatives: null, selectedId: target.isNew ? null : target.object.id });
    this.answer(pending, name, asking.signal).catch((error: unknown) => {
      if (error instanceof Superseded || asking.signal.aborted) return;
      this.context.state.patch({ pending: null });
      this.context.failed('No mask for this prompt', error);
    });
  }

  private async answer(pending: Pending, name: string, signal: AbortSignal): Promise<void> {
    const session = await this.context.session();
    const answer = await session.segment(asked(pending.object.prompts), { signal });
    if (signal.aborted) return;
    const best = answer.masks[0] as FoundMask | undefined;
    if (!best) throw new Error('Nothing was found there.');
    const { state } = this.context;
    const { document } = state.get().history;
    const object: AnnotatedObject = {
      ...pending.object,
      mask: best.mask,
      score: best.score,
      origin: answer.source,
    };
    state.patch({
      pending: null,
      selectedId: object.id,
      alternatives:
        answer.masks.length > 1
          ? { objectId: object.id, prompts: object.prompts, masks: answer.masks, chosen: 0 }
          : null,
    });
    this.context.commit(putObjects(document, [object]), name);
    this.context.announce(`Mask found, score ${Math.round(100 * best.score)} percent`);
  }
}

/** A lone point may mean a part or the whole: then all masks are asked for. */
function asked(prompts: Prompts): PromptSet {
  const isLone = prompts.points.length === 1 && !prompts.box;
  return {
    points: prompts.points.map((point) => ({ ...point })),
    box: prompts.box,
    multimask: isLone && settings.get().alternatives,
  };
}

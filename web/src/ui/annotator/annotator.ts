/**
 * One image being annotated: the document with its history, the tool in the hand and the questions to the source of
 * masks. Knows nothing of React and of the canvas, which both look at its two stores.
 */
import { paint, putObjects, newObject, relabel, moveObject, removeObjects, setHidden } from '../../document/commands';
import { record, redo, redoName, startHistory, undo, undoName } from '../../document/history';
import type { Label } from '../../document/labels';
import type { AnnotationDocument } from '../../document/model';
import { takeOver } from '../../document/take-over';
import type { Point } from '../../geometry/types';
import type { ImageSession } from '../../inference/mask-source';
import { type CrosshairPace, type Direction, moveCrosshair, pressCrosshair } from '../../tools/crosshair';
import type { ToolEffect, ToolEvent, ToolId } from '../../tools/tool';
import { Toolbox } from '../../tools/toolbox';
import { settings } from '../app/settings';
import { Store } from '../app/store';
import {
  type AnnotatedImage,
  type AnnotatorState,
  initialState,
  type Live,
  nothingLive,
  objectAt,
  selectedObject,
} from './annotator-state';
import { Concepts } from './concepts';
import type { AnnotatorContext } from './context';
import { HoverPreview } from './hover-preview';
import { LabelBook } from './naming';
import { Prompting } from './prompting';

export interface AnnotatorHost {
  openSession(image: AnnotatedImage): Promise<ImageSession>;
  /** The document has changed and wants to be kept. */
  onChange(document: AnnotationDocument): void;
  projectLabels(): readonly Label[];
  announce(text: string): void;
  failed(title: string, error: unknown): void;
  pan(by: Point): void;
}

export class Annotator {
  readonly state: Store<AnnotatorState>;
  readonly live = new Store<Live>(nothingLive);
  readonly labels: LabelBook;
  readonly prompting: Prompting;
  readonly concepts: Concepts;

  private readonly toolbox = new Toolbox('click');
  private readonly preview: HoverPreview;
  private opened: Promise<ImageSession> | null = null;
  private closed = false;

  constructor(
    image: AnnotatedImage,
    private readonly host: AnnotatorHost,
    options: { encoded: boolean } = { encoded: true },
  ) {
    this.state = new Store(initialState(image, options.encoded));
    const context: AnnotatorContext = {
      state: this.state,
      live: this.live,
      session: () => this.session(),
      commit: (document, name, joinKey) => {
        this.commit(document, name, joinKey);
      },
      announce: (text) => {
        host.announce(text);
      },
      failed: (title, error) => {
        host.failed(title, error);
      },
    };
    this.labels = new LabelBook(() => host.projectLabels());
    this.prompting = new Prompting(context, this.labels);
    this.concepts = new Concepts(context, this.labels);
    this.preview = new HoverPreview(context, (point) => this.prompting.lookAhead(point));
  }

  close(): void {
    this.closed = true;
    this.preview.clear();
    this.prompting.cancel();
    this.concepts.clear();
    this.closeSession();
  }

  /** The saved annotations have come. */
  load(document: AnnotationDocument): void {
    this.state.patch({ loaded: true, history: startHistory(document) });
  }

  /** What others changed: from `before`, which was the last to be saved here, to `after`. What waits has it too, then. */
  takeOver(before: AnnotationDocument, after: AnnotationDocument): void {
    this.step(takeOver(this.state.get().history, before, after));
  }

  /** Prompts can be answered from now on. */
  setEncoded(): void {
    this.state.patch({ encoded: true });
    this.warm();
  }

  private closeSession(): void {
    const opened = this.opened;
    this.opened = null;
    void opened?.then(
      (session) => {
        session.close();
      },
      () => undefined, // it never was open
    );
  }

  /** Opened ahead of the first prompt, which is then answered sooner. */
  warm(): void {
    void this.session().catch(() => undefined); // the prompt will say what is wrong
  }

  // The hand.

  handle(event: ToolEvent): void {
    const { image, loaded, encoded } = this.state.get();
    if (!(loaded && encoded) && event.type !== 'cancel') return;
    const effects = this.toolbox.handle(event, image);
    this.live.patch({ draft: this.toolbox.draft });
    for (const effect of effects) this.perform(effect);
  }

  chooseTool(tool: ToolId): void {
    this.toolbox.choose(tool);
    this.preview.clear();
    const crosshair = this.live.get().crosshair;
    this.live.patch({ draft: null, hover: null, crosshair: crosshair && { ...crosshair, held: false } });
    this.state.patch({ tool });
  }

  /** The keyboard's pointer; it appears at `start`. */
  moveCrosshair(direction: Direction, pace: CrosshairPace, scale: number, start: Point): Point {
    const from = this.live.get().crosshair ?? { point: start, held: false };
    const { crosshair, events } = moveCrosshair(from, direction, pace, scale, this.state.get().image);
    this.live.patch({ crosshair });
    for (const event of events) this.handle(event);
    return crosshair.point;
  }

  pressCrosshair(negative: boolean, scale: number): void {
    const from = this.live.get().crosshair;
    if (!from) return;
    const how = { negative, drag: this.toolbox.keyboard === 'drag' };
    const { crosshair, events } = pressCrosshair(from, how, scale);
    this.live.patch({ crosshair });
    for (const event of events) this.handle(event);
  }

  /** Gives up the nearest thing that can be given up, one at a time. */
  escape(): void {
    const { crosshair } = this.live.get();
    if (this.toolbox.busy) {
      this.handle({ type: 'cancel' });
      if (crosshair) this.live.patch({ crosshair: { ...crosshair, held: false } });
    } else if (this.prompting.cancel()) this.host.announce('Cancelled');
    else if (crosshair) this.live.patch({ crosshair: null, preview: null });
    else if (this.concepts.clear()) this.host.announce('Candidates discarded');
    else if (this.state.get().alternatives) this.state.patch({ alternatives: null });
    else this.select(null);
  }

  // The document.

  select(id: string | null): void {
    this.prompting.cancel();
    this.preview.clear();
    this.state.patch({ selectedId: id, alternatives: null });
    const object = selectedObject(this.state.get());
    if (object) this.host.announce(`${object.label || 'Object without a label'} selected`);
  }

  /** The one above or below in the list. */
  selectNeighbour(step: 1 | -1): void {
    const { history, selectedId } = this.state.get();
    const { objects } = history.document;
    if (objects.length === 0) return;
    const at = objects.findIndex((object) => object.id === selectedId);
    const next = at < 0 ? objects.length - 1 : (at + step + objects.length) % objects.length;
    this.select(objects[next].id);
  }

  /** The next prompt begins another object. */
  finishObject(): void {
    this.select(null);
    this.host.announce('The next click begins a new object');
  }

  remove(id: string): void {
    if (this.state.get().selectedId === id) this.select(null);
    this.commit(removeObjects(this.state.get().history.document, [id]), 'Delete');
    this.host.announce('Object deleted');
  }

  rename(id: string, text: string): void {
    const { document } = this.state.get().history;
    this.commit(relabel(document, [id], this.labels.naming(document, text)), 'Label', `label ${id}`);
  }

  recolour(id: string, color: string): void {
    const { document } = this.state.get().history;
    const object = document.objects.find((one) => one.id === id);
    if (!object) return;
    const alike = object.label ? document.objects.filter((one) => one.label === object.label) : [object];
    const ids = alike.map((one) => one.id);
    this.commit(relabel(document, ids, { label: object.label, color }), 'Colour', `colour ${id}`);
  }

  setLabel(label: string): void {
    this.state.patch({ label });
  }

  /** One place up or down: of objects that overlap the upper one is seen, and is what a click selects. */
  restack(id: string, step: 1 | -1): void {
    const { document } = this.state.get().history;
    const index = document.objects.findIndex((object) => object.id === id) + step;
    if (index < 0 || index >= document.objects.length) return;
    this.commit(moveObject(document, id, index), 'Order', `order ${id}`);
    this.host.announce(`${index + 1} of ${document.objects.length}`);
  }

  setHidden(ids: readonly string[], hidden: boolean): void {
    this.commit(setHidden(this.state.get().history.document, ids, hidden), hidden ? 'Hide' : 'Show');
  }

  undo(): void {
    if (this.prompting.cancel()) return;
    const { history } = this.state.get();
    const name = undoName(history);
    if (name === null) return;
    this.step(undo(history));
    this.host.announce(`Undone: ${name}`);
  }

  redo(): void {
    const { history } = this.state.get();
    const name = redoName(history);
    if (name === null) return;
    this.step(redo(history));
    this.host.announce(`Redone: ${name}`);
  }

  private commit(document: AnnotationDocument, name: string, joinKey?: string): void {
    const before = this.state.get().history;
    const history = record(before, document, name, joinKey ?? null);
    if (history === before) return;
    this.state.patch({ history });
    this.host.onChange(document);
  }

  private step(history: AnnotatorState['history']): void {
    const { selectedId } = this.state.get();
    const stays = history.document.objects.some((object) => object.id === selectedId);
    this.state.patch({ history, alternatives: null, selectedId: stays ? selectedId : null });
    this.host.onChange(history.document);
  }

  private session(): Promise<ImageSession> {
    if (this.closed) return Promise.reject(new DOMException('This image was left', 'AbortError'));
    if (this.opened) return this.opened;
    const opened = this.host.openSession(this.state.get().image);
    this.opened = opened;
    opened.catch(() => {
      if (this.opened === opened) this.opened = null; // the next prompt tries again
    });
    return opened;
  }

  private perform(effect: ToolEffect): void {
    switch (effect.type) {
      case 'hover':
        this.live.patch({ hover: effect.point });
        if (this.state.get().tool === 'click') this.preview.hover(effect.point);
        break;
      case 'place-point':
        this.prompting.placePoint(effect.point, effect.positive);
        break;
      case 'place-box':
        this.prompting.placeBox(effect.box);
        break;
      case 'place-exemplar':
        this.concepts.addExemplar(effect.box, effect.positive);
        break;
      case 'paint':
        this.paint(effect.path, effect.mode);
        break;
      case 'select':
        this.select(objectAt(this.state.get(), effect.point)?.id ?? null);
        break;
      case 'pan':
        this.host.pan(effect.by);
    }
  }

  /** On the selected object; the brush alone can also begin a new one. */
  private paint(path: readonly Point[], mode: 'add' | 'erase'): void {
    const state = this.state.get();
    const { document } = state.history;
    const selected = selectedObject(state);
    if (!selected && mode === 'erase') {
      this.host.announce('Select the object to erase from.');
      return;
    }
    const object = selected ?? newObject(this.labels.naming(document, state.label));
    const there = selected ? document : putObjects(document, [object]);
    const painted = paint(there, object.id, { path, mode, radius: settings.get().brushRadius });
    if (painted === there) return; // beside the image, or where it was already
    this.state.patch({ selectedId: object.id, alternatives: null });
    this.commit(painted, mode === 'add' ? 'Brush' : 'Eraser');
  }
}

/** What the parts of the annotator share: the state, and the few ways to change it. */
import type { AnnotationDocument } from '../../document/model';
import type { ImageSession } from '../../inference/mask-source';
import type { Store } from '../app/store';
import type { AnnotatorState, Live } from './annotator-state';

export interface AnnotatorContext {
  readonly state: Store<AnnotatorState>;
  readonly live: Store<Live>;
  /** The source of masks for this image; opened when first asked for. */
  session(): Promise<ImageSession>;
  /** Makes a step of the history. `joinKey`: steps that are one for whoever undoes them. */
  commit(document: AnnotationDocument, name: string, joinKey?: string): void;
  /** Read out by screen readers, shown to nobody. */
  announce(text: string): void;
  failed(title: string, error: unknown): void;
}

/**
 * The annotator's page behind its looks: the image at work with its picture, its annotations and its neighbours, and the
 * canvas they are shown on. Images follow each other on the same canvas.
 *
 * `attach` gives it the canvas, `open` an image, `leave` ends both; all may be called again.
 */
import type { Image } from '../../api/types';
import { interactiveKey } from '../../cache/encoding-loader';
import type { AnnotationDocument } from '../../document/model';
import { navigate } from '../app/routes';
import { probe } from '../app/probe';
import type { Services } from '../app/services';
import { settings } from '../app/settings';
import { Store } from '../app/store';
import { PointerInput } from '../canvas/pointer-input';
import { Stage } from '../canvas/stage';
import { reasonOf, toasts } from '../components/toasts';
import type { ImageCollection } from '../project/image-collection';
import { Annotator } from './annotator';
import { Autosave } from './autosave';
import { PictureShelf } from './open-image';
import { masksOf, overlayOf } from './scene';

export interface OpenImage {
  readonly image: Image;
  readonly annotator: Annotator;
  readonly collection: ImageCollection;
  readonly autosave: Autosave | null; // once the annotations are read
  readonly picture: 'loading' | 'shown' | 'stand-in' | 'failed';
  readonly problem: string | null;
}

export type WorkspaceState = { readonly open: OpenImage } | { readonly problem: string } | { readonly opening: string };

export class Workspace {
  readonly state = new Store<WorkspaceState>({ opening: '' });
  readonly announcement = new Store('');
  /** CSS pixels for a pixel of the image. */
  readonly scale = new Store(1);
  /** The space bar is down: the pointer moves the picture. */
  readonly panning = new Store(false);

  private stage: Stage | null = null;
  private readonly shelf: PictureShelf;
  private readonly documents = new Map<string, Promise<AnnotationDocument>>(); // of neighbours, ahead of time
  private leaving = new AbortController();
  private saving: Promise<void> = Promise.resolve(); // what was drawn on the image that was left
  private cleanUp: (() => void)[] = [];

  constructor(private readonly services: Services) {
    this.shelf = new PictureShelf(services);
  }

  get open(): OpenImage | null {
    const state = this.state.get();
    return 'open' in state ? state.open : null;
  }

  get view(): Stage | null {
    return this.stage;
  }

  /** Gives the function that takes the canvas away again. */
  attach(host: HTMLElement): () => void {
    const stage = new Stage(host);
    const panning = this.panning;
    const input = new PointerInput(host, stage, {
      tool: (event) => {
        if (event.type === 'down') host.focus({ preventScroll: true });
        this.open?.annotator.handle(event);
      },
      get wantsPan() {
        return panning.get();
      },
    });
    stage.listen((view) => {
      this.scale.set(view.scale);
    });
    this.stage = stage;
    probe.stage = stage;
    this.showAll();
    return () => {
      input.close();
      stage.close();
      this.stage = null;
      probe.stage = null;
    };
  }

  async openImage(id: string): Promise<void> {
    this.leaveImage();
    const { signal } = this.leaving;
    if (!this.open) this.state.set({ opening: id });
    try {
      const image = this.services.findImage(id) ?? (await this.services.api.getImage(id, { signal }));
      if (signal.aborted) return;
      this.begin(image);
    } catch (error) {
      if (!signal.aborted) this.state.set({ problem: reasonOf(error) });
    }
  }

  /** The page goes. */
  leave(): void {
    this.leaveImage();
    this.state.set({ opening: '' });
    this.shelf.close();
    this.documents.clear();
  }

  /** Images of the project that can be annotated, in order, and where among them this one is. */
  neighbours(): { images: readonly Image[]; at: number } {
    const open = this.open;
    if (!open) return { images: [], at: -1 };
    const images = open.collection.state
      .get()
      .images.filter((image) => image.encoding_status === 'completed' || image.id === open.image.id);
    return { images, at: images.findIndex((image) => image.id === open.image.id) };
  }

  goTo(step: 1 | -1): void {
    const { images, at } = this.neighbours();
    const next = images[at + step] as Image | undefined;
    if (next) navigate({ page: 'image', id: next.id }, { replace: true });
    else this.announce(step > 0 ? 'This is the last image' : 'This is the first image');
  }

  announce(text: string): void {
    // The same text twice is read out only if something lies between.
    this.announcement.set(this.announcement.get() === text ? `${text}\u00a0` : text);
  }

  private begin(image: Image): void {
    const collection = this.services.collection(image.project);
    const labels = this.services.labels(image.project);
    const annotator = new Annotator(
      image,
      {
        openSession: async (one) => (await this.services.masks()).open(one),
        onChange: (document) => {
          this.open?.autosave?.change(document);
          labels.note(document);
        },
        projectLabels: () => labels.state.get().list,
        announce: (text) => {
          this.announce(text);
        },
        failed: (title, error) => {
          toasts.failed(title, error);
        },
        pan: (by) => this.stage?.pan(by),
      },
      { encoded: image.encoding_status === 'completed' },
    );
    const previous = this.open?.annotator.state.get();
    if (previous) {
      annotator.chooseTool(previous.tool);
      annotator.setLabel(previous.label);
    }
    const open: OpenImage = { image, annotator, collection, autosave: null, picture: 'loading', problem: null };
    this.state.set({ open });
    this.stage?.showImage(image);
    this.watch(open);
    void this.showPicture(open);
    void this.loadDocument(open);
    if (annotator.state.get().encoded) annotator.warm();
  }

  /** Keeps canvas and page up to date with the image at work. */
  private watch({ image, annotator, collection }: OpenImage): void {
    let shown = '';
    let last = annotator.state.get();
    const onState = () => {
      const now = annotator.state.get();
      const masksChanged =
        now.history.document !== last.history.document ||
        now.selectedId !== last.selectedId ||
        now.concept !== last.concept;
      last = now;
      if (masksChanged) this.showMasks();
      this.showOverlay();
    };
    const onImages = () => {
      const status = collection.state.get().images.find((one) => one.id === image.id)?.encoding_status;
      if (!status || status === shown) return;
      shown = status;
      if (status === 'completed' && !annotator.state.get().encoded) annotator.setEncoded();
      this.patch(annotator, { image: { ...image, encoding_status: status } });
    };
    const onOverlay = () => {
      this.showOverlay();
    };
    this.cleanUp = [
      annotator.state.subscribe(onState),
      annotator.live.subscribe(onOverlay),
      settings.subscribe(onOverlay),
      collection.state.subscribe(onImages),
    ];
    onImages();
    this.showMasks();
    this.showOverlay();
  }

  private async showPicture({ image, annotator }: OpenImage): Promise<void> {
    const { signal } = this.leaving;
    try {
      const { pyramid, isStandIn } = await this.shelf.open(image, () => this.stage?.redrawImage());
      if (signal.aborted) return;
      this.stage?.showPyramid(pyramid);
      this.patch(annotator, { picture: isStandIn ? 'stand-in' : 'shown' });
      this.shelf.trim(image.id);
      this.prefetchNeighbours();
    } catch (error) {
      if (!signal.aborted) this.patch(annotator, { picture: 'failed', problem: reasonOf(error) });
    }
  }

  private async loadDocument({ image, annotator, collection }: OpenImage): Promise<void> {
    const { signal } = this.leaving;
    try {
      const outbox = await this.services.outbox();
      await this.saving;
      const early = this.documents.get(image.id);
      this.documents.delete(image.id);
      const document = await (early ?? outbox.load(image, { signal }));
      if (signal.aborted) return;
      outbox.adopt(document);
      annotator.load(document);
      const autosave = new Autosave(outbox, image.id);
      const onHide = () => {
        if (window.document.visibilityState === 'hidden') void autosave.flush();
      };
      window.document.addEventListener('visibilitychange', onHide);
      const stopMerging = outbox.onMerged((merged, before) => {
        if (merged.imageId !== image.id) return;
        outbox.adopt(merged);
        annotator.takeOver(before, merged);
      });
      this.cleanUp.push(stopMerging, () => {
        window.document.removeEventListener('visibilitychange', onHide);
        autosave.close();
      });
      this.patch(annotator, { autosave });
      this.services.labels(image.project).scan(collection.state.get().images);
    } catch (error) {
      if (!signal.aborted) this.state.set({ problem: `The annotations could not be read: ${reasonOf(error)}` });
    }
  }

  /** So that the next image comes without a wait: its picture, what was drawn on it, and its encoding. */
  private prefetchNeighbours(): void {
    const { images, at } = this.neighbours();
    for (const step of [1, -1]) {
      const image = images[at + step] as Image | undefined;
      if (!image) continue;
      this.shelf.prefetch(image);
      if (!this.documents.has(image.id)) {
        const { signal } = this.leaving;
        const reading = this.saving.then(() => this.services.document(image, signal));
        reading.catch(() => this.documents.delete(image.id));
        this.documents.set(image.id, reading);
      }
      void this.prefetchEncoding(image).catch(() => undefined); // it is fetched when it is needed, then
    }
  }

  private async prefetchEncoding(image: Image): Promise<void> {
    const masks = await this.services.masks();
    if (masks.state.kind !== 'browser') return;
    const { fingerprint } = await this.services.api.model();
    const { loader } = await this.services.encodings();
    const key = interactiveKey(image.id, fingerprint);
    if (!loader.isCached(key)) await loader.load(key);
  }

  private leaveImage(): void {
    this.leaving.abort(new DOMException('This image was left', 'AbortError'));
    this.leaving = new AbortController();
    this.saving = this.open?.autosave?.flush() ?? this.saving;
    for (const clean of this.cleanUp) clean();
    this.cleanUp = [];
    this.open?.annotator.close();
  }

  private patch(annotator: Annotator, change: Partial<OpenImage>): void {
    const open = this.open;
    if (open?.annotator === annotator) this.state.set({ open: { ...open, ...change } });
  }

  private showAll(): void {
    const open = this.open;
    if (!open) return;
    this.stage?.showImage(open.image);
    this.showMasks();
    this.showOverlay();
    void this.showPicture(open);
  }

  private showMasks(): void {
    const open = this.open;
    if (!open) return;
    const state = open.annotator.state.get();
    this.stage?.showMasks(masksOf(state, open.annotator.concepts.naming().color));
  }

  private showOverlay(): void {
    const open = this.open;
    if (!open) return;
    const { annotator } = open;
    const chosen = settings.get();
    const state = annotator.state.get();
    const { color } = annotator.labels.naming(state.history.document, state.label);
    this.stage?.showOverlay(overlayOf(state, annotator.live.get(), chosen, color), chosen.brushRadius);
  }
}

/**
 * Which labels a project's images have, found by looking through what was drawn on each. The server keeps documents and
 * does not look into them; so this is read in the background, a few at a time, and once a page.
 */
import type { Image } from '../../api/types';
import { type Label, labelsOf } from '../../document/labels';
import type { AnnotationDocument } from '../../document/model';
import { Store } from '../app/store';

export interface KnownLabels {
  /** A label an object; of images without objects, none. */
  readonly byImage: ReadonlyMap<string, readonly string[]>;
  /** By name. */
  readonly list: readonly Label[];
}

type Read = (image: Image, signal: AbortSignal) => Promise<AnnotationDocument>;

/** The browser has six connections to a server, and the thumbnails want some. */
const atOnce = 2;
const publishEveryMs = 250;

export class ProjectLabels {
  readonly state = new Store<KnownLabels>({ byImage: new Map(), list: [] });
  /** Without masks: labels and colours are all that is wanted. */
  private readonly slim = new Map<string, AnnotationDocument>();
  private readonly names = new Map<string, readonly string[]>();
  private readonly seen = new Set<string>();
  private readonly waiting: Image[] = [];
  private readonly closing = new AbortController();
  private running = 0;
  private publishing: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly readDocument: Read) {}

  close(): void {
    this.closing.abort();
    if (this.publishing) clearTimeout(this.publishing);
  }

  /** Looks into images that were not looked into yet. */
  scan(images: readonly Image[]): void {
    for (const image of images) {
      if (this.seen.has(image.id)) continue;
      this.seen.add(image.id);
      this.waiting.push(image);
    }
    while (this.running < atOnce && this.waiting.length > 0) {
      ++this.running;
      void this.work().finally(() => {
        --this.running;
      });
    }
  }

  /** What was just drawn here. */
  note(document: AnnotationDocument): void {
    this.seen.add(document.imageId);
    this.keep(document);
    this.publish();
  }

  private async work(): Promise<void> {
    const { signal } = this.closing;
    for (let image = this.waiting.shift(); image && !signal.aborted; image = this.waiting.shift()) {
      try {
        this.keep(await this.readDocument(image, signal));
        this.publish();
      } catch {
        this.seen.delete(image.id); // the next scan tries again
      }
    }
  }

  private keep(document: AnnotationDocument): void {
    const objects = document.objects.map((object) => ({ ...object, mask: null }));
    this.slim.set(document.imageId, { ...document, objects });
    this.names.set(
      document.imageId,
      objects.map(({ label }) => label),
    );
  }

  private publish(): void {
    this.publishing ??= setTimeout(() => {
      this.publishing = null;
      this.state.set({ byImage: new Map(this.names), list: labelsOf(this.slim.values()) });
    }, publishEveryMs);
  }
}

/**
 * Everything that an image needs to be on the screen, kept for a few images: the one at work and its neighbours, which
 * are fetched while nobody waits for them.
 */
import type { Image } from '../../api/types';
import type { Services } from '../app/services';
import { decodePyramid, type ImagePyramid } from '../canvas/image-pyramid';

/** Whatever cannot be decoded here is shown as the server's picture of this size. */
const standInSize = 1024;

/** Decoded pixels kept at a time, four bytes each and a third more for the smaller sizes. */
const mostPixels = 100_000_000;
const mostPictures = 5;

export interface OpenPicture {
  readonly pyramid: ImagePyramid;
  /** This browser cannot read the file: what is shown is smaller than the image. */
  readonly isStandIn: boolean;
}

interface Entry {
  readonly image: Image;
  readonly stopping: AbortController;
  readonly picture: Promise<OpenPicture>;
  onLevel: () => void;
}

export class PictureShelf {
  private readonly entries = new Map<string, Entry>(); // the last used one last

  constructor(private readonly services: Services) {}

  /** `onLevel`: more of it can be drawn. */
  open(image: Image, onLevel: () => void): Promise<OpenPicture> {
    const entry = this.entry(image);
    entry.onLevel = onLevel;
    return entry.picture;
  }

  /** So that `open` will not have to wait. */
  prefetch(image: Image): void {
    this.entry(image).picture.catch(() => undefined); // opening it will say what is wrong
  }

  /** Gives memory back: the pictures used longest ago go, as far as there are too many, the current one never. */
  trim(currentId: string): void {
    let pixels = 0;
    for (const { image } of this.entries.values()) pixels += image.width * image.height;
    for (const [id, entry] of this.entries) {
      if (pixels <= mostPixels && this.entries.size <= mostPictures) return;
      if (id === currentId) continue;
      pixels -= entry.image.width * entry.image.height;
      this.drop(id, entry);
    }
  }

  close(): void {
    for (const [id, entry] of this.entries) this.drop(id, entry);
  }

  private entry(image: Image): Entry {
    const known = this.entries.get(image.id);
    if (known) {
      this.entries.delete(image.id);
      this.entries.set(image.id, known);
      return known;
    }
    const stopping = new AbortController();
    const entry: Entry = {
      image,
      stopping,
      onLevel: () => undefined,
      picture: this.decode(image, stopping.signal, () => {
        entry.onLevel();
      }),
    };
    this.entries.set(image.id, entry);
    entry.picture.catch(() => {
      if (this.entries.get(image.id) === entry) this.entries.delete(image.id);
    });
    return entry;
  }

  private async decode(image: Image, signal: AbortSignal, onLevel: () => void): Promise<OpenPicture> {
    const { api } = this.services;
    const file = await api.content(image.id, { signal });
    try {
      return { pyramid: await decodePyramid(file, { signal, onLevel }), isStandIn: false };
    } catch (error) {
      if (signal.aborted) throw error;
      const smaller = await api.thumbnail(image.id, standInSize, { signal });
      return { pyramid: await decodePyramid(smaller, { signal, onLevel, size: image }), isStandIn: true };
    }
  }

  private drop(id: string, entry: Entry): void {
    this.entries.delete(id);
    entry.stopping.abort(new DOMException('The picture is no longer wanted', 'AbortError'));
    entry.picture.then(
      ({ pyramid }) => {
        pyramid.close();
      },
      () => undefined,
    );
  }
}

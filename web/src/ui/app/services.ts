/**
 * What the pages work with, made once by main.tsx. What only some pages need is loaded when the first one asks: the
 * encoding cache, the outbox with its database, the sources of masks with the ONNX runtime.
 */
import { ApiClient } from '../../api/client';
import type { Image } from '../../api/types';
import type { EncodingCache } from '../../cache/encoding-cache';
import type { EncodingLoader } from '../../cache/encoding-loader';
import type { AnnotationDocument } from '../../document/model';
import type { MaskService } from '../../inference/choose';
import { OnlineState } from '../../offline/online-state';
import type { OfflineCopies } from '../../offline/offline-copies';
import type { Outbox } from '../../offline/outbox';
import { ImageCollection } from '../project/image-collection';
import { ProjectLabels } from '../project/project-labels';
import { Transfers } from '../project/transfers';
import { toasts } from '../components/toasts';
import { settings } from './settings';

export interface EncodingAccess {
  readonly cache: EncodingCache;
  readonly loader: EncodingLoader;
}

interface OpenProject {
  readonly collection: ImageCollection;
  readonly labels: ProjectLabels;
}

export class Services {
  readonly api = new ApiClient({ token: () => settings.get().token || null });
  readonly transfers = new Transfers();
  readonly online = new OnlineState({ isAlive: () => this.api.isAlive() });

  private opened: OpenProject | null = null;
  private openedOutbox: Promise<Outbox> | null = null;
  private openedEncodings: Promise<EncodingAccess> | null = null;
  private openedMasks: Promise<MaskService> | null = null;

  constructor() {
    this.online.subscribe((online) => {
      if (!online) return;
      void this.openedOutbox?.then((outbox) => outbox.flush());
      void this.opened?.collection.read();
    });
  }

  /** The images of a project; one project is kept open, that of the page. */
  collection(project: string): ImageCollection {
    return this.project(project).collection;
  }

  /** Of the project that is open. */
  findImage(id: string): Image | undefined {
    return this.opened?.collection.state.get().images.find((image) => image.id === id);
  }

  labels(project: string): ProjectLabels {
    return this.project(project).labels;
  }

  /** The token is another one: what was read with the old one is read again. */
  accessChanged(): void {
    this.closeProject();
  }

  outbox(): Promise<Outbox> {
    this.openedOutbox ??= import('../../offline/outbox').then(async ({ Outbox: Opened }) => {
      const outbox = await Opened.open({ api: this.api, onUnreachable: () => void this.online.check() });
      void outbox.flush(); // of the last visit
      return outbox;
    });
    return this.openedOutbox;
  }

  encodings(): Promise<EncodingAccess> {
    this.openedEncodings ??= Promise.all([
      import('../../cache/encoding-cache'),
      import('../../cache/encoding-loader'),
    ]).then(async ([{ EncodingCache: Cache }, { EncodingLoader: Loader }]) => {
      const { budgetBytes } = settings.get();
      const cache = await Cache.open({
        ...(budgetBytes !== null && { budgetBytes }),
        onDamaged: (_key, reason) => {
          toasts.show({ tone: 'warn', title: 'A cached encoding was damaged and is fetched again', detail: reason });
        },
      });
      return { cache, loader: new Loader(this.api, cache) };
    });
    return this.openedEncodings;
  }

  masks(): Promise<MaskService> {
    this.openedMasks ??= Promise.all([
      import('../../inference/choose'),
      import('../../inference/server-source'),
      import('../../inference/browser-source'),
      this.encodings(),
    ]).then(([{ MaskService: Chosen }, { ServerSource }, { BrowserSource }, { cache, loader }]) => {
      const { api, online } = this;
      const onModel = (fingerprint: string) => {
        cache.setCurrentModel(fingerprint);
      };
      return new Chosen({
        server: new ServerSource({ api }),
        browser: new BrowserSource({ api, loader, onModel }),
        choice: settings.get().source,
        online,
        onServerFailed: () => void online.check(),
      });
    });
    return this.openedMasks;
  }

  async offlineCopies(): Promise<OfflineCopies> {
    const { OfflineCopies: Copies } = await import('../../offline/offline-copies');
    return new Copies(this.api);
  }

  /** What was drawn on an image, to go on with: with what has not reached the server yet. */
  async document(image: Image, signal?: AbortSignal): Promise<AnnotationDocument> {
    const outbox = await this.outbox();
    return outbox.load(image, { signal });
  }

  /** The same without its masks, and without keeping it: for whoever looks through many. */
  private async outlines(image: Image, signal: AbortSignal): Promise<AnnotationDocument> {
    const [{ fromJson, withoutMasks }, outbox] = await Promise.all([import('../../document/serialise'), this.outbox()]);
    if (outbox.state.waiting.includes(image.id)) return outbox.load(image, { signal });
    const { document } = await this.api.annotations(image.id, { signal });
    return fromJson(withoutMasks(document), image);
  }

  private project(project: string): OpenProject {
    if (this.opened?.collection.project === project) return this.opened;
    this.closeProject();
    this.opened = {
      collection: new ImageCollection(this.api, project),
      labels: new ProjectLabels((image, signal) => this.outlines(image, signal)),
    };
    return this.opened;
  }

  private closeProject(): void {
    this.opened?.collection.close();
    this.opened?.labels.close();
    this.opened = null;
  }
}

/**
 * Projects that can be worked on without the server: copies of their images' originals, thumbnails and lists in Cache
 * Storage, where the service worker finds them, a cache a project. Encodings are kept by the encoding cache, annotations
 * by the outbox.
 */
import type { ApiClient } from '../api/client';
import type { Image, Model } from '../api/types';
import { commonCache, projectCache, projectPrefix } from './offline-caches';

/** The sizes of thumbnails that the app shows. */
export type ThumbnailSizes = readonly number[];

export class OfflineCopies {
  constructor(
    private readonly api: ApiClient,
    private readonly caches: CacheStorage = globalThis.caches,
  ) {}

  /** Projects of which there are copies. */
  async projects(): Promise<string[]> {
    const names = await this.caches.keys();
    return names.filter((name) => name.startsWith(projectPrefix)).map((name) => name.slice(projectPrefix.length));
  }

  async forget(project: string): Promise<void> {
    await this.caches.delete(projectCache(project));
  }

  /** What every project needs: the model's facts, the list of projects, and `urls` (the decoder, its runtime). */
  async keepCommon(model: Model, urls: readonly string[], signal?: AbortSignal): Promise<void> {
    const { connection } = this.api;
    const cache = await this.caches.open(commonCache);
    await cache.put(connection.url('/api/v1/models/current'), Response.json(model));
    await this.keep(cache, connection.url('/api/v1/projects'), signal);
    for (const url of urls) await this.keepOnce(cache, url, signal);
  }

  /** The lists of the project's images as the app asks for them; gives the images. */
  async keepList(project: string, signal?: AbortSignal): Promise<Image[]> {
    const cache = await this.caches.open(projectCache(project));
    const images: Image[] = [];
    for await (const page of this.api.allImages({ project }, { signal })) images.push(...page);
    await cache.put(this.listUrl(project), Response.json({ images, next_cursor: null }));
    await Promise.all(
      images.map((image) => cache.put(this.api.connection.url(`/api/v1/images/${image.id}`), Response.json(image))),
    );
    return images;
  }

  async keepImage(project: string, imageId: string, sizes: ThumbnailSizes, signal?: AbortSignal): Promise<void> {
    const cache = await this.caches.open(projectCache(project));
    const urls = [this.api.contentUrl(imageId), ...sizes.map((size) => this.api.thumbnailUrl(imageId, size))];
    for (const url of urls) await this.keepOnce(cache, url, signal);
  }

  /** One page is enough offline: the first request of `ApiClient.allImages`. */
  private listUrl(project: string): string {
    return this.api.connection.url('/api/v1/images', { limit: 1000, project });
  }

  private async keepOnce(cache: Cache, url: string, signal?: AbortSignal): Promise<void> {
    if (await cache.match(url, { ignoreVary: true })) return;
    await this.keep(cache, url, signal);
  }

  private async keep(cache: Cache, url: string, signal?: AbortSignal): Promise<void> {
    const { connection } = this.api;
    await cache.put(url, await connection.request(url.slice(connection.baseUrl.length), { signal }));
  }
}

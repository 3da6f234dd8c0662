/** Makes a project one that can be worked on without the server. */
import type { ApiClient } from '../api/client';
import type { EncodingCache } from '../cache/encoding-cache';
import type { EncodingLoader } from '../cache/encoding-loader';
import { preloadEncodings } from '../cache/preload';
import type { PreloadProgress, PreloadResult } from '../cache/preload';
import type { OfflineCopies, ThumbnailSizes } from './offline-copies';
import type { Outbox } from './outbox';

export interface OfflineParts {
  api: ApiClient;
  cache: EncodingCache;
  loader: EncodingLoader;
  copies: OfflineCopies;
  outbox: Outbox;
}

export interface KeepOptions {
  /** What decoding in the browser needs, for the model of this fingerprint. */
  decoderFiles: (model: Awaited<ReturnType<ApiClient['model']>>) => readonly string[];
  thumbnailSizes: ThumbnailSizes;
  signal?: AbortSignal;
  onProgress?: (progress: PreloadProgress) => void;
}

/** Images that are not encoded yet are left out. Rejects when the signal is given; what was kept until then stays. */
export async function keepProjectOffline(
  project: string,
  { api, cache, loader, copies, outbox }: OfflineParts,
  { decoderFiles, thumbnailSizes, signal, onProgress }: KeepOptions,
): Promise<PreloadResult> {
  const model = await api.model({ signal });
  cache.setCurrentModel(model.fingerprint);
  await copies.keepCommon(model, decoderFiles(model), signal);
  const images = await copies.keepList(project, signal);
  const encoded = new Map(
    images.filter((image) => image.encoding_status === 'completed').map((image) => [image.id, image]),
  );
  return preloadEncodings([...encoded.keys()], cache, loader, {
    modelFingerprint: model.fingerprint,
    signal,
    onProgress,
    alsoFor: async (imageId) => {
      const image = encoded.get(imageId);
      if (!image) return;
      await copies.keepImage(project, imageId, thumbnailSizes, signal);
      await outbox.remember(image, signal);
    },
  });
}

/** What is done to several images at once. Each says what failed; what worked stays done. */
import type { ApiClient } from '../../api/client';
import type { Image } from '../../api/types';
import { counted } from '../components/format';
import { toasts } from '../components/toasts';
import type { ImageCollection } from './image-collection';

const deletionsAtOnce = 4;

export async function encodeImages(
  api: ApiClient,
  collection: ImageCollection,
  images: readonly Image[],
): Promise<void> {
  const wanted = images.filter((image) => image.encoding_status !== 'completed');
  if (wanted.length === 0) {
    toasts.show({ tone: 'good', title: 'All of them are encoded' });
    return;
  }
  try {
    // One goes ahead of what was uploaded in the background.
    if (wanted.length === 1) await api.encode(wanted[0].id);
    else await api.encodeBatch(wanted.map((image) => image.id));
    for (const { id, encoding_status } of wanted) {
      if (encoding_status === 'failed') collection.update(id, { encoding_status: 'pending', encoding_error: null });
    }
  } catch (error) {
    toasts.failed(wanted.length === 1 ? `${wanted[0].filename} was not queued` : 'The images were not queued', error);
  }
}

export async function deleteImages(
  api: ApiClient,
  collection: ImageCollection,
  images: readonly Image[],
): Promise<void> {
  const queue = [...images];
  const failures: unknown[] = [];
  const work = async () => {
    for (let image = queue.shift(); image; image = queue.shift()) {
      try {
        await api.deleteImage(image.id);
        collection.forget([image.id]);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: deletionsAtOnce }, work));
  if (failures.length > 0) toasts.failed(`${counted(failures.length, 'image')} could not be deleted`, failures[0]);
  else toasts.show({ tone: 'good', title: `${counted(images.length, 'image')} deleted` });
}

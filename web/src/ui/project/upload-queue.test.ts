import { describe, expect, it, vi } from 'vitest';

import { ApiError } from '../../api/api-error';
import { ApiClient } from '../../api/client';
import type { UploadedImage } from '../../api/types';
import type { UploadOptions } from '../../api/upload';
import { type Upload, UploadQueue } from './upload-queue';

type Send = (file: File, options: UploadOptions) => Promise<UploadedImage>;

function queueWith(send: Send): { queue: UploadQueue; uploaded: string[] } {
  const api = new ApiClient();
  api.uploadImage = (file, options = {}) => send(file, options);
  const uploaded: string[] = [];
  const queue = new UploadQueue(api, 'cats', (image) => uploaded.push(image.filename));
  return { queue, uploaded };
}

function files(count: number): File[] {
  return Array.from({ length: count }, (_, index) => new File(['x'.repeat(10)], `${index}.png`));
}

function answered(file: File, existing = false): UploadedImage {
  return { filename: file.name, existing } as UploadedImage;
}

function statuses(queue: UploadQueue): string[] {
  return queue.uploads.get().map((upload: Upload) => upload.status);
}

describe('uploads', () => {
  it('go three at a time until all have arrived', async () => {
    let running = 0;
    let most = 0;
    const { queue, uploaded } = queueWith(async (file) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      --running;
      return answered(file);
    });
    queue.add(files(8));
    await vi.waitFor(() => {
      expect(uploaded).toHaveLength(8);
    });
    expect(most).toBe(3);
    expect(new Set(statuses(queue))).toEqual(new Set(['done']));
  });

  it('say why one was refused, and go on with the others', async () => {
    const { queue } = queueWith((file) =>
      file.name === '0.png'
        ? Promise.reject(new ApiError(422, 'Damaged', 'the file ends in the middle of a scan line'))
        : Promise.resolve(answered(file)),
    );
    queue.add(files(2));
    await vi.waitFor(() => {
      expect(statuses(queue)).toEqual(['failed', 'done']);
    });
    expect(queue.uploads.get()[0].problem).toBe('the file ends in the middle of a scan line');
  });

  it('can be tried again when they failed', async () => {
    let refuses = true;
    const { queue, uploaded } = queueWith((file) =>
      refuses ? Promise.reject(ApiError.unreachable('gone')) : Promise.resolve(answered(file)),
    );
    queue.add(files(1));
    await vi.waitFor(() => {
      expect(statuses(queue)).toEqual(['failed']);
    });
    refuses = false;
    queue.retryFailed();
    await vi.waitFor(() => {
      expect(uploaded).toEqual(['0.png']);
    });
  });

  it('come back by themselves to a server that was busy', async () => {
    let tries = 0;
    const { queue } = queueWith((file) =>
      ++tries < 3
        ? Promise.reject(new ApiError(429, 'Too Many Requests', 'the queue is full', 1))
        : Promise.resolve(answered(file, true)),
    );
    queue.add(files(1));
    await vi.waitFor(() => {
      expect(statuses(queue)).toEqual(['existing']);
    });
    expect(tries).toBe(3);
  });

  it('stop when they are cancelled', async () => {
    const { queue, uploaded } = queueWith(
      (_file, { signal }) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => {
            reject(signal.reason as Error);
          });
        }),
    );
    queue.add(files(5));
    queue.cancel();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(new Set(statuses(queue))).toEqual(new Set(['cancelled']));
    expect(uploaded).toEqual([]);
    queue.clear();
    expect(queue.uploads.get()).toEqual([]);
  });
});

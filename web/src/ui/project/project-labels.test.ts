import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Image } from '../../api/types';
import { acceptConcept } from '../../document/commands';
import { emptyDocument } from '../../document/model';
import { Mask } from '../../geometry/mask';
import { ProjectLabels } from './project-labels';

const images = Array.from({ length: 10 }, (_, index) => ({ id: `image ${index}`, width: 8, height: 8 }) as Image);

function documentOf(image: Image, labels: readonly string[]) {
  const found = [{ mask: Mask.empty(8, 8), score: 1 }];
  return labels.reduce(
    (document, label) => acceptConcept(document, found, { label, color: '#0072b2' }),
    emptyDocument(image),
  );
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the labels of a project', () => {
  it('are found by looking into each image once, two at a time', async () => {
    let running = 0;
    let most = 0;
    const read = vi.fn(async (image: Image) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 10));
      --running;
      return documentOf(image, image.id === 'image 3' ? ['cat', 'dog', 'cat'] : []);
    });
    const labels = new ProjectLabels(read);
    labels.scan(images);
    labels.scan(images);
    await vi.advanceTimersByTimeAsync(2000);
    expect(read).toHaveBeenCalledTimes(10);
    expect(most).toBe(2);
    expect(labels.state.get().list.map(({ name, objects }) => [name, objects])).toEqual([
      ['cat', 2],
      ['dog', 1],
    ]);
    expect(labels.state.get().byImage.get('image 3')).toEqual(['cat', 'dog', 'cat']);
  });

  it('are looked for again where reading failed', async () => {
    const read = vi.fn((image: Image) => Promise.resolve(documentOf(image, ['cat'])));
    read.mockRejectedValueOnce(new Error('the server is away'));
    const labels = new ProjectLabels(read);
    labels.scan(images.slice(0, 1));
    await vi.advanceTimersByTimeAsync(500);
    expect(labels.state.get().list).toEqual([]);
    labels.scan(images.slice(0, 1));
    await vi.advanceTimersByTimeAsync(500);
    expect(labels.state.get().list).toHaveLength(1);
  });

  it('follow what is drawn here', async () => {
    const labels = new ProjectLabels(() => Promise.reject(new Error('not asked')));
    labels.note(documentOf(images[0], ['bird']));
    await vi.advanceTimersByTimeAsync(500);
    labels.note(documentOf(images[0], []));
    await vi.advanceTimersByTimeAsync(500);
    expect(labels.state.get().list).toEqual([]);
    expect(labels.state.get().byImage.get('image 0')).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { decode } from '../../geometry/coco-rle';
import type { CocoRle } from '../../geometry/coco-rle';
import { rasterize } from '../../geometry/rasterize';
import {
  exportItem,
  image,
  objectId,
  partsMask,
  ringMask,
  sampleDocument,
  sampleObject,
} from '../testing/sample-documents';
import type { CocoOptions } from './coco';
import { exportCoco } from './coco';
import type { ExportItem } from './item';

interface Coco {
  images: { id: number; file_name: string; width: number; height: number }[];
  categories: { id: number; name: string }[];
  annotations: {
    id: number;
    image_id: number;
    category_id: number;
    iscrowd: number;
    area: number;
    bbox: number[];
    segmentation: CocoRle | number[][];
    score?: number;
    uuid: string;
  }[];
}

async function exported(items: ExportItem[], options?: CocoOptions): Promise<Coco> {
  return JSON.parse(await (await exportCoco(items, options)).file.text()) as Coco;
}

describe('COCO export', () => {
  it('has images, categories and annotations that refer to each other', async () => {
    const other = exportItem(sampleDocument(sampleObject(9)), { id: objectId(900), filename: 'other.jpg' });
    const coco = await exported([exportItem(), other], { labels: ['bird', 'dog'] });
    expect(coco.images).toMatchObject([
      { id: 1, file_name: 'yard.jpg', width: 5, height: 4 },
      { id: 2, file_name: 'other.jpg' },
    ]);
    expect(coco.categories.map(({ id, name }) => [id, name])).toEqual([
      [1, 'bird'],
      [2, 'dog'],
      [3, 'cat'],
      [4, 'unlabelled'],
    ]);
    expect(coco.annotations.map((a) => [a.id, a.image_id, a.category_id])).toEqual([
      [1, 1, 2],
      [2, 1, 3],
      [3, 1, 4],
      [4, 2, 2],
    ]);
  });

  it('has exact run lengths, area and box of each object, none of which is a crowd', async () => {
    const [dog, cat] = (await exported([exportItem()])).annotations;
    expect(decode(dog.segmentation as CocoRle).equals(partsMask)).toBe(true);
    expect(decode(cat.segmentation as CocoRle).equals(ringMask)).toBe(true);
    expect([dog.area, dog.bbox, dog.iscrowd, dog.score]).toEqual([5, [0, 0, 5, 4], 0, 0.5]);
    expect([cat.area, cat.bbox, cat.score]).toEqual([8, [0, 0, 3, 3], undefined]);
  });

  it('has polygons when asked, which cover the same pixels, holes too', async () => {
    const { annotations } = await exported([exportItem()], { segmentation: 'polygon', tolerance: 0 });
    const [dog, cat] = annotations.map(({ segmentation }) =>
      (segmentation as number[][]).map((numbers) =>
        Array.from({ length: numbers.length / 2 }, (_, i) => ({ x: numbers[2 * i], y: numbers[2 * i + 1] })),
      ),
    );
    expect([dog.length, cat.length]).toEqual([2, 1]);
    expect(rasterize(dog, 5, 4).equals(partsMask)).toBe(true);
    expect(rasterize(cat, 5, 4).equals(ringMask)).toBe(true);
  });

  it('says how far it is and stops when told', async () => {
    const stop = new AbortController();
    const seen: number[] = [];
    const items = Array.from({ length: 5 }, () => exportItem());
    const onProgress = (images: number) => {
      seen.push(images);
      if (images === 3) stop.abort();
    };
    await expect(exportCoco(items, { signal: stop.signal, onProgress })).rejects.toThrow(/abort/i);
    expect(seen).toEqual([1, 2, 3]);
  });

  it('of a project without images is still a file that can be read', async () => {
    expect(await exported([])).toMatchObject({ images: [], annotations: [], categories: [] });
    expect((await exportCoco([image].map((of) => exportItem(sampleDocument(), of)))).objects).toBe(0);
  });
});

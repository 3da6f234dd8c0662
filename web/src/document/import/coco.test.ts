import { describe, expect, it } from 'vitest';
import { drawing, drawn } from '../../geometry/testing/sample-masks';
import { exportCoco } from '../export/coco';
import { colorOf } from '../labels';
import type { AnnotatedObject } from '../model';
import {
  exportItem,
  fullDocument,
  image,
  objectId,
  ringMask,
  sampleDocument,
  sampleObject,
} from '../testing/sample-documents';
import { addImported } from './add-imported';
import { importCoco, readCocoFile } from './coco';

type Annotation = Record<string, unknown>;

function coco(...annotations: Annotation[]) {
  return {
    images: [{ id: 7, file_name: 'photos/yard.jpg', width: 5, height: 4 }],
    categories: [{ id: 3, name: 'dog' }],
    annotations: annotations.map((annotation, i) => ({ id: i + 1, image_id: 7, category_id: 3, ...annotation })),
  };
}

async function importedFrom(
  json: unknown,
  targets = [image],
): Promise<{ objects: AnnotatedObject[]; problems: string[] }> {
  const { objects, problems } = await importCoco(json, targets);
  return { objects: objects.get(image.id) ?? [], problems };
}

describe('COCO import', () => {
  it.each([['rle' as const], ['polygon' as const]])('takes back what was exported as %s', async (segmentation) => {
    const { file } = await exportCoco([exportItem()], { segmentation, tolerance: 0 });
    const { objects, problems } = await importedFrom(await readCocoFile(file));
    const masked = fullDocument().objects.filter((object) => object.mask !== null);
    expect(problems).toEqual([]);
    expect(objects.map(({ id, label, color, score }) => ({ id, label, color, score }))).toEqual(
      masked.map(({ id, label, color, score }) => ({ id, label, color, score })),
    );
    expect(objects.every(({ mask }, i) => mask?.equals(masked[i].mask!))).toBe(true);
  });

  it('reads compressed and plain run lengths, polygons, and boxes as prompts', async () => {
    const { objects, problems } = await importedFrom(
      coco(
        { segmentation: { size: [4, 5], counts: [0, 3, 1, 1, 1, 1, 1, 3, 9] } },
        {
          segmentation: [
            [0, 0, 2, 0, 2, 1, 0, 1],
            [1, 0, 3, 0, 3, 1, 1, 1],
          ],
        },
        { segmentation: [], bbox: [1, 2, 3, 1] },
        { bbox: [0, 0, 1, 1] },
      ),
    );
    expect(problems).toEqual([]);
    expect(objects[0].mask?.equals(ringMask)).toBe(true);
    expect(objects[1].mask && drawing(objects[1].mask)[0]).toBe('###..');
    expect(objects[2]).toMatchObject({ mask: null, prompts: { box: { x0: 1, y0: 2, x1: 4, y1: 3 } } });
    expect(objects[3].prompts.box).toEqual({ x0: 0, y0: 0, x1: 1, y1: 1 });
    expect(
      objects.every(
        ({ label, color, origin }) => label === 'dog' && color === colorOf('dog', []) && origin === 'import',
      ),
    ).toBe(true);
  });

  it('names the annotation that is wrong, and takes the others', async () => {
    const good = { segmentation: [[0, 0, 2, 0, 2, 1]] };
    const { objects, problems } = await importedFrom(
      coco(
        good,
        { segmentation: [[0, 0, 2, 0, 2]] },
        { segmentation: [[0, 0, 2, 0, null, 1]] },
        { segmentation: { size: [5, 4], counts: 'abc' } },
        { segmentation: { size: [4, 5], counts: 'abc' } },
        { segmentation: { size: [4, 5], counts: [1, 'x', 3] } },
        { segmentation: 'masks/1.png' },
        { segmentation: [], bbox: [0, 0, 0, 4] },
        {},
        { ...good, category_id: 99 },
        { ...good, id: undefined, category_id: undefined },
      ),
    );
    expect(objects).toHaveLength(1);
    expect(problems).toEqual([
      'annotation 2 (yard.jpg): segmentation[0] has 5 numbers; a polygon needs three or more x, y pairs',
      'annotation 3 (yard.jpg): segmentation[0][4] must be a number, not null',
      'annotation 4 (yard.jpg): its mask is 4 x 5, the image 5 x 4',
      expect.stringMatching(/^annotation 5 \(yard\.jpg\): /),
      'annotation 6 (yard.jpg): segmentation.counts[1] must be a number, not "x"',
      'annotation 7 (yard.jpg): segmentation must be an object, not "masks/1.png"',
      'annotation 8 (yard.jpg): its bbox is 0 x 4',
      'annotation 9 (yard.jpg): it has neither a segmentation nor a bbox',
      'annotation 10 (yard.jpg): there is no category 99',
      'annotation number 11 (yard.jpg): there is no category given',
    ]);
  });

  it('finds images by where they came from, then by name, and says which it did not find', async () => {
    const segmentation = [[0, 0, 2, 0, 2, 1]];
    const json = {
      ...coco(
        { segmentation },
        { segmentation, image_id: 8 },
        { segmentation, image_id: 8 },
        { segmentation, image_id: 9 },
        { segmentation, image_id: 10 },
      ),
      images: [
        { id: 7, file_name: 'renamed.jpg', uuid: image.id },
        { id: 8, file_name: 'nowhere.jpg' },
        { id: 9, file_name: 'twice.jpg' },
      ],
    };
    const targets = [image, ...[1, 2].map((i) => ({ ...image, id: objectId(i), filename: 'twice.jpg' }))];
    const { objects, problems } = await importedFrom(json, targets);
    expect(objects).toHaveLength(1);
    expect(problems).toEqual([
      'nowhere.jpg: no image here has this name; 2 annotations left out',
      'twice.jpg: 2 images here have this name; 1 annotation left out',
      '1 annotation left out that name an image which the file does not list',
    ]);
  });

  it.each([
    [null, 'the file must be an object'],
    [[], 'the file must be an object, not a list'],
    [{ images: [], categories: [] }, 'annotations must be a list, not missing'],
    [{ images: 3, annotations: [], categories: [] }, 'images must be a list, not 3'],
    [{ images: [], annotations: [] }, 'categories must be a list'],
    [{ images: [{ id: 1 }], annotations: [], categories: [] }, 'images[0].file_name must be a text'],
    [{ images: [], annotations: [], categories: [{ id: 1, name: {} }] }, 'categories[0].name must be a text'],
  ])('refuses %j', async (json, message) => {
    await expect(importCoco(json, [image])).rejects.toThrow(message);
  });

  it('refuses files that are no JSON', async () => {
    await expect(readCocoFile(new Blob(['{"images": [']))).rejects.toThrow('the file is not JSON');
  });

  it('can be stopped', async () => {
    await expect(importCoco(coco({}), [image], { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });
});

describe('adding what was imported', () => {
  it('twice doubles nothing', async () => {
    const { file } = await exportCoco([exportItem()]);
    const { objects } = await importedFrom(await readCocoFile(file));
    const once = addImported(sampleDocument(), objects);
    expect(addImported(once, objects).objects).toHaveLength(3);
    const foreign = objects.map((object, i) => ({ ...object, id: objectId(100 + i) }));
    expect(addImported(once, foreign)).toBe(once);
  });

  it('keeps what is there, and what only looks alike', () => {
    const document = sampleDocument(sampleObject(1), sampleObject(2, { mask: null }));
    const imported = [
      sampleObject(3, { label: 'cat' }),
      sampleObject(4, { mask: drawn('#....', '.....', '.....', '.....') }),
      sampleObject(5, { mask: null }),
    ];
    expect(addImported(document, imported).objects).toEqual([...document.objects, ...imported]);
  });
});

/**
 * COCO's instance annotations, as pycocotools and what builds on it read them.
 *
 * A segmentation is either run lengths, which are exact, or polygons, which every tool reads. `iscrowd` is 0 in both:
 * each annotation is one object; the flag says "many at once, do not count them", not which form the mask has.
 */
import { joinedRing } from '../../geometry/join-rings';
import { polygons } from '../../geometry/contours';
import type { Mask } from '../../geometry/mask';
import { rleOf } from '../serialise';
import type { Exported, ExportItem, ExportItems, ExportOptions, MaskedObject } from './item';
import { exportedObjects, forEachItem, LabelNumbers } from './item';

export interface CocoOptions extends ExportOptions {
  segmentation?: 'rle' | 'polygon';
  /** Of polygons, in pixels; 0 keeps every corner. */
  tolerance?: number;
}

export async function exportCoco(items: ExportItems, options: CocoOptions = {}): Promise<Exported> {
  const labels = new LabelNumbers(options.labels);
  const images: string[] = [];
  const annotations: string[] = [];
  await forEachItem(items, options, (item) => {
    images.push(JSON.stringify(imageEntry(item, images.length + 1)));
    for (const object of exportedObjects(item.document)) {
      annotations.push(
        JSON.stringify({
          id: annotations.length + 1,
          image_id: images.length,
          category_id: labels.numberOf(object.label) + 1,
          ...annotationOf(object, options),
        }),
      );
    }
  });
  const categories = labels.names.map((name, i) => JSON.stringify({ id: i + 1, name, supercategory: '' }));
  const info = JSON.stringify({ description: 'Exported from samcache', version: '1.0' });
  const file = new Blob(
    [
      `{"info":${info},"licenses":[],\n"images":`,
      ...listPieces(images),
      ',\n"annotations":',
      ...listPieces(annotations),
      ',\n"categories":',
      ...listPieces(categories),
      '}\n',
    ],
    { type: 'application/json' },
  );
  return { file, images: images.length, objects: annotations.length };
}

function imageEntry(item: ExportItem, id: number) {
  return { id, file_name: item.filename, width: item.width, height: item.height, uuid: item.id };
}

/** `uuid`, `color` and `score` are for an import here: readers of COCO pass over what they do not know. */
function annotationOf(object: MaskedObject, options: CocoOptions) {
  const { mask } = object;
  const box = mask.box() ?? { x0: 0, y0: 0, x1: 0, y1: 0 };
  return {
    segmentation: options.segmentation === 'polygon' ? cocoPolygons(mask, options.tolerance ?? 1) : rleOf(mask),
    area: mask.area,
    bbox: [box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0],
    iscrowd: 0,
    ...(object.score !== null && { score: object.score }),
    uuid: object.id,
    color: object.color,
  };
}

/** One ring a region: COCO knows no holes. */
function cocoPolygons(mask: Mask, tolerance: number): number[][] {
  return polygons(mask, tolerance).map((region) =>
    joinedRing([region.outer, ...region.holes]).flatMap(({ x, y }) => [x, y]),
  );
}

/** In pieces: a whole project as one text would be longer than texts may be. */
function listPieces(entries: readonly string[]): string[] {
  return ['[', ...entries.map((entry, i) => (i === 0 ? `\n${entry}` : `,\n${entry}`)), ']'];
}

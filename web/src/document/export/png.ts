/**
 * Instance masks as grey PNGs: 0 is background, object n of the image has the value n, and where objects overlap the
 * upper one is seen. `labels.json` says what each value is.
 */
import type { Exported, ExportItem, ExportItems, ExportOptions, MaskedObject } from './item';
import { exportedObjects, forEachItem, unlabelled } from './item';
import { encodeGreyPng } from './png-file';
import type { GreyImage } from './png-file';
import { UniqueNames, ZipBuilder } from './zip';

export async function exportPng(items: ExportItems, options: ExportOptions = {}): Promise<Exported> {
  const names = new UniqueNames();
  const zip = new ZipBuilder();
  const described: string[] = [];
  let objects = 0;
  await forEachItem(items, options, async (item) => {
    const file = `masks/${names.stemOf(item.filename, item.id)}.png`;
    const masked = exportedObjects(item.document);
    objects += masked.length;
    zip.addCompressed(file, await encodeGreyPng(instanceImage(item, masked)));
    described.push(JSON.stringify(describe(item, file, masked)));
  });
  zip.addText('labels.json', `{"images":[\n${described.join(',\n')}\n]}\n`);
  return { file: zip.finish(), images: described.length, objects };
}

function instanceImage(item: ExportItem, objects: readonly MaskedObject[]): GreyImage {
  const { width, height } = item;
  const Samples = objects.length < 256 ? Uint8Array : Uint16Array;
  const samples = new Samples(width * height);
  objects.forEach((object, i) => {
    object.mask.forEachSpan((y, x0, x1) => samples.fill(i + 1, y * width + x0, y * width + x1));
  });
  return { width, height, samples };
}

function describe(item: ExportItem, mask: string, objects: readonly MaskedObject[]) {
  return {
    file_name: item.filename,
    uuid: item.id,
    width: item.width,
    height: item.height,
    mask,
    objects: objects.map((object, i) => ({
      value: i + 1,
      label: object.label || unlabelled,
      uuid: object.id,
      color: object.color,
      score: object.score,
    })),
  };
}

/**
 * The segmentation labels of YOLO: a text file an image, a line an object, with its class and one polygon in parts of
 * the image's sides. An object of several parts or with holes is one polygon with bridges.
 *
 * Training tools find `labels/NAME.txt` beside `images/NAME.jpg`; `images.txt` lists the pictures they expect, which are
 * not in the ZIP.
 */
import { polygons, ringsOf } from '../../geometry/contours';
import { joinedRing } from '../../geometry/join-rings';
import type { Exported, ExportItem, ExportItems, ExportOptions } from './item';
import { exportedObjects, forEachItem, LabelNumbers } from './item';
import { splitName, UniqueNames, ZipBuilder } from './zip';

export interface YoloOptions extends ExportOptions {
  /** Of polygons, in pixels. */
  tolerance?: number;
}

export async function exportYolo(items: ExportItems, options: YoloOptions = {}): Promise<Exported> {
  const labels = new LabelNumbers(options.labels);
  const names = new UniqueNames();
  const zip = new ZipBuilder();
  const pictures: string[] = [];
  let objects = 0;
  await forEachItem(items, options, (item) => {
    const stem = names.stemOf(item.filename, item.id);
    const lines = linesOf(item, labels, options.tolerance ?? 1);
    objects += lines.length;
    zip.addText(`labels/${stem}.txt`, lines.join(''));
    pictures.push(`./images/${stem}${splitName(item.filename).extension}\n`);
  });
  zip.addText('images.txt', pictures.join(''));
  zip.addText('data.yaml', dataYaml(labels.names));
  return { file: zip.finish(), images: pictures.length, objects };
}

function linesOf(item: ExportItem, labels: LabelNumbers, tolerance: number): string[] {
  return exportedObjects(item.document).map((object) => {
    const ring = joinedRing(ringsOf(polygons(object.mask, tolerance)));
    const numbers = ring.flatMap(({ x, y }) => [part(x, item.width), part(y, item.height)]);
    return `${labels.numberOf(object.label)} ${numbers.join(' ')}\n`;
  });
}

/** Six digits are a twentieth of a pixel in a picture of 50,000. */
function part(coordinate: number, size: number): string {
  return (coordinate / size).toFixed(6).replace(/\.?0+$/, '');
}

function dataYaml(names: readonly string[]): string {
  // JSON's texts are YAML's too.
  const lines = names.map((name, i) => `  ${i}: ${JSON.stringify(name)}`);
  return ['path: .', 'train: images.txt', 'val: images.txt', lines.length ? 'names:' : 'names: {}', ...lines, ''].join(
    '\n',
  );
}

import { strFromU8, unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { rasterize } from '../../geometry/rasterize';
import { exportItem, objectId, partsMask, ringMask, sampleDocument, sampleObject } from '../testing/sample-documents';
import type { ExportItem } from './item';
import { exportYolo } from './yolo';

async function unzipped(items: ExportItem[], labels?: string[]): Promise<Record<string, string>> {
  const { file } = await exportYolo(items, { labels, tolerance: 0 });
  const files = unzipSync(new Uint8Array(await file.arrayBuffer()));
  return Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, strFromU8(bytes)]));
}

describe('YOLO export', () => {
  it('has one line an object: its class and a polygon that covers the same pixels', async () => {
    const files = await unzipped([exportItem()]);
    const lines = files['labels/yard.txt']
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ').map(Number));
    expect(lines.map(([number]) => number)).toEqual([0, 1, 2]);
    const [dog, cat] = lines.map(([, ...numbers]) =>
      Array.from({ length: numbers.length / 2 }, (_, i) => ({ x: numbers[2 * i] * 5, y: numbers[2 * i + 1] * 4 })),
    );
    expect(rasterize([dog], 5, 4).equals(partsMask)).toBe(true);
    expect(rasterize([cat], 5, 4).equals(ringMask)).toBe(true);
    expect(lines.flatMap(([, ...numbers]) => numbers).every((number) => number >= 0 && number <= 1)).toBe(true);
  });

  it('describes itself for training tools', async () => {
    const { 'data.yaml': yaml, 'images.txt': images } = await unzipped([exportItem()], ['bird', 'a "dog": yes']);
    expect(yaml).toBe(
      'path: .\ntrain: images.txt\nval: images.txt\nnames:\n  0: "bird"\n  1: "a \\"dog\\": yes"\n' +
        '  2: "dog"\n  3: "cat"\n  4: "unlabelled"\n',
    );
    expect(images).toBe('./images/yard.jpg\n');
  });

  it('keeps images of one name apart, and names out of other folders', async () => {
    const document = sampleDocument(sampleObject(1));
    const names = ['a.jpg', 'a.png', 'A.jpg', '../../etc/passwd', '.jpg'];
    const items = names.map((filename, i) => exportItem(document, { filename, id: objectId(i) }));
    expect(Object.keys(await unzipped(items)).filter((name) => name.startsWith('labels/'))).toEqual([
      'labels/a.txt',
      `labels/a-${objectId(1)}.txt`,
      `labels/A-${objectId(2)}.txt`,
      'labels/.._.._etc_passwd.txt',
      'labels/.jpg.txt',
    ]);
  });

  it('has an empty file for an image without objects: a background for training', async () => {
    const files = await unzipped([exportItem(sampleDocument())]);
    expect(files['labels/yard.txt']).toBe('');
    expect(files['data.yaml']).toContain('names: {}');
  });
});

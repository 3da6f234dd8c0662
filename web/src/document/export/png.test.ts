import { crc32, inflateSync } from 'node:zlib';
import { strFromU8, unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { boxMask } from '../../geometry/testing/sample-masks';
import { exportItem, objectId, sampleDocument, sampleObject } from '../testing/sample-documents';
import { exportPng } from './png';

/** A reader of its own: chunks and their sums, header, filters. */
function readPng(bytes: Uint8Array): { width: number; height: number; bits: number; samples: number[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  expect(Array.from(bytes.subarray(0, 8))).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
  const chunks = new Map<string, Uint8Array>();
  for (let at = 8; at < bytes.length;) {
    const length = view.getUint32(at);
    const typed = bytes.subarray(at + 4, at + 8 + length);
    expect(view.getUint32(at + 8 + length)).toBe(crc32(typed));
    chunks.set(strFromU8(typed.subarray(0, 4)), typed.subarray(4));
    at += 12 + length;
  }
  expect([...chunks.keys()]).toEqual(['IHDR', 'IDAT', 'IEND']);
  const header = chunks.get('IHDR')!;
  const [width, height] = [header[3] + 256 * header[2], header[7] + 256 * header[6]];
  expect(Array.from(header.subarray(9))).toEqual([0, 0, 0, 0]);
  const bits = header[8];
  return { width, height, bits, samples: unfilter(inflateSync(chunks.get('IDAT')!), width, height, bits / 8) };
}

function unfilter(data: Uint8Array, width: number, height: number, sampleBytes: number): number[] {
  const rowBytes = width * sampleBytes;
  expect(data.length).toBe(height * (rowBytes + 1));
  let above = new Uint8Array(rowBytes);
  const samples: number[] = [];
  for (let y = 0; y < height; ++y) {
    const line = data.subarray(y * (rowBytes + 1), (y + 1) * (rowBytes + 1));
    expect(line[0]).toBe(2);
    const row = Uint8Array.from(above, (byte, x) => byte + line[x + 1]);
    for (let x = 0; x < width; ++x) {
      samples.push(sampleBytes === 1 ? row[x] : 256 * row[2 * x] + row[2 * x + 1]);
    }
    above = row;
  }
  return samples;
}

async function exportedFiles(...items: ReturnType<typeof exportItem>[]): Promise<Record<string, Uint8Array>> {
  const { file } = await exportPng(items);
  return unzipSync(new Uint8Array(await file.arrayBuffer()));
}

describe('PNG export', () => {
  it('has the number of the uppermost object in each pixel', async () => {
    const png = readPng((await exportedFiles(exportItem()))['masks/yard.png']);
    expect(png).toEqual({
      width: 5,
      height: 4,
      bits: 8,
      samples: [2, 2, 2, 0, 0, 2, 0, 2, 0, 0, 2, 2, 2, 1, 1, 3, 3, 3, 3, 1],
    });
  });

  it('says what the numbers are', async () => {
    const { 'labels.json': json } = await exportedFiles(exportItem());
    expect(JSON.parse(strFromU8(json))).toMatchObject({
      images: [
        {
          file_name: 'yard.jpg',
          mask: 'masks/yard.png',
          width: 5,
          height: 4,
          objects: [
            { value: 1, label: 'dog', uuid: objectId(1) },
            { value: 2, label: 'cat', uuid: objectId(2) },
            { value: 3, label: 'unlabelled', uuid: objectId(3) },
          ],
        },
      ],
    });
  });

  it('has 16 bits where 8 are too few', async () => {
    const objects = Array.from({ length: 300 }, (_, i) => {
      const [x0, y0] = [i % 20, Math.floor(i / 20)];
      return sampleObject(i, { mask: boxMask(20, 200, { x0, y0, x1: x0 + 1, y1: y0 + 1 }) });
    });
    const document = { ...sampleDocument(...objects), width: 20, height: 200 };
    const png = readPng((await exportedFiles(exportItem(document, { width: 20, height: 200 })))['masks/yard.png']);
    expect(png.bits).toBe(16);
    expect(png.samples).toEqual(Array.from({ length: 4000 }, (_, i) => (i < 300 ? i + 1 : 0)));
  });
});

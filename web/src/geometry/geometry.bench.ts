/** What happens between a hand's movement and the next frame, on a photo of 24 megapixels. */
import { bench, describe } from 'vitest';
import { decode, encode } from './coco-rle';
import { polygons } from './contours';
import { Mask } from './mask';
import { decodeMaskFrame, encodeMaskFrame } from './mask-frame';
import { blob, randomNumbers } from './testing/sample-masks';

const mask = blob(6000, 4000);
const rle = encode(mask);
const frame = encodeMaskFrame({ answer: 1, index: 0, mask });
const pixels = mask.toPixels();
const random = randomNumbers(1);
const stroke = Array.from({ length: 120 }, (_, i) => ({ x: 1500 + 12 * i, y: 2000 + 300 * Math.sin(i / 9) }));
const speckled = Mask.fromPixels(
  6000,
  4000,
  pixels.map((pixel) => (random() < 0.01 ? 1 - pixel : pixel)),
);
const speckledRle = encode(speckled);

describe('24 megapixels', () => {
  bench('a stroke of 120 points, radius 60', () => void mask.withStroke(stroke, 60, 'add'));
  bench('decode run lengths', () => void decode(rle));
  bench('decode run lengths of a mask of 240,000 specks', () => void decode(speckledRle));
  bench('encode run lengths', () => void encode(mask));
  bench('decode a frame of the WebSocket', () => void decodeMaskFrame(frame));
  bench('polygons, tolerance 1', () => void polygons(mask, 1));
  bench('from pixels', () => void Mask.fromPixels(6000, 4000, pixels));
  bench('to pixels', () => void mask.toPixels());
});

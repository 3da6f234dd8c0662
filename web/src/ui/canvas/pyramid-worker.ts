/**
 * Decodes a photo and halves it until it is small, off the main thread. The coarse levels come first, so that something
 * is there to see while the rest is cut into tiles.
 */
/// <reference lib="webworker" />
import type { LevelMessage, PyramidMessage, PyramidRequest } from './image-pyramid';
import { tileSide } from './image-pyramid';

declare const self: DedicatedWorkerGlobalScope;

const smallestSide = 1024;

async function halved(source: ImageBitmap): Promise<ImageBitmap> {
  return createImageBitmap(source, {
    resizeWidth: Math.max(1, Math.round(source.width / 2)),
    resizeHeight: Math.max(1, Math.round(source.height / 2)),
    resizeQuality: 'medium',
  });
}

async function cut(bitmap: ImageBitmap): Promise<LevelMessage['tiles']> {
  if (bitmap.width <= 2 * tileSide && bitmap.height <= 2 * tileSide) return [{ x: 0, y: 0, bitmap }];
  const tiles: LevelMessage['tiles'] = [];
  for (let y = 0; y < bitmap.height; y += tileSide) {
    for (let x = 0; x < bitmap.width; x += tileSide) {
      const width = Math.min(tileSide, bitmap.width - x);
      const height = Math.min(tileSide, bitmap.height - y);
      tiles.push({ x, y, bitmap: await createImageBitmap(bitmap, x, y, width, height) });
    }
  }
  bitmap.close();
  return tiles;
}

async function build(blob: Blob): Promise<void> {
  const levels = [await createImageBitmap(blob)];
  const { width, height } = levels[0];
  const send = (message: PyramidMessage, transfer: Transferable[] = []) => {
    self.postMessage(message, transfer);
  };
  send({ type: 'size', width, height });
  for (let last = levels[0]; Math.max(last.width, last.height) > smallestSide;) {
    last = await halved(last);
    levels.push(last);
  }
  for (let index = levels.length - 1; index >= 0; --index) {
    const bitmap = levels[index];
    const size = { width: bitmap.width, height: bitmap.height };
    const tiles = await cut(bitmap);
    send(
      { type: 'level', index, ...size, tiles },
      tiles.map((tile) => tile.bitmap),
    );
  }
  send({ type: 'done' });
}

self.onmessage = (event: MessageEvent<PyramidRequest>) => {
  build(event.data.blob).catch((error: unknown) => {
    self.postMessage({ type: 'failed', reason: String(error) } satisfies PyramidMessage);
  });
};

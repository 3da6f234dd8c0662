/**
 * A photo at several sizes, each in tiles: whatever the zoom, what is drawn has at most four times the screen's pixels,
 * and only tiles that can be seen are touched.
 *
 * A pyramid is filled from a worker, coarse levels first. `close` gives its memory back (a third more than four bytes a
 * pixel); nothing may be drawn afterwards.
 */
export const tileSide = 1024;

export interface Tile {
  readonly x: number; // in pixels of its level
  readonly y: number;
  readonly bitmap: ImageBitmap;
}

export interface Level {
  readonly width: number;
  readonly height: number;
  readonly tiles: readonly Tile[];
}

export interface PyramidRequest {
  blob: Blob;
}

export interface LevelMessage {
  type: 'level';
  /** 0 is the photo itself, each next one half as large. */
  index: number;
  width: number;
  height: number;
  tiles: { x: number; y: number; bitmap: ImageBitmap }[];
}

export type PyramidMessage =
  | { type: 'size'; width: number; height: number }
  | LevelMessage
  | { type: 'done' }
  | { type: 'failed'; reason: string };

export class ImagePyramid {
  private readonly levels = new Map<number, Level>(); // by index, as they come
  private closed = false;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {}

  get pixels(): number {
    return this.width * this.height;
  }

  get isEmpty(): boolean {
    return this.levels.size === 0;
  }

  add(index: number, level: Level): void {
    if (this.closed) closeTiles(level);
    else this.levels.set(index, level);
  }

  /** The smallest level that has a pixel for every pixel of the screen; else the finest there is by now. */
  levelFor(devicePixelsPerPixel: number): Level | null {
    let best: Level | null = null;
    for (const level of [...this.levels.values()].sort((a, b) => b.width - a.width)) {
      if (best && level.width / this.width < devicePixelsPerPixel) break;
      best = level;
    }
    return best;
  }

  close(): void {
    this.closed = true;
    for (const level of this.levels.values()) closeTiles(level);
    this.levels.clear();
  }
}

function closeTiles(level: Level): void {
  for (const tile of level.tiles) tile.bitmap.close();
}

/**
 * Decodes `blob`. Resolves as soon as there is something to draw; `onLevel` is called for every level. `size`: of the image that the blob is a smaller picture of. Rejects when the browser
 * cannot read the picture, or when `signal` says so.
 */
export function decodePyramid(
  blob: Blob,
  options: { signal?: AbortSignal; onLevel?: () => void; size?: { width: number; height: number } } = {},
): Promise<ImagePyramid> {
  const worker = new Worker(new URL('./pyramid-worker.ts', import.meta.url), { type: 'module' });
  return new Promise((resolve, reject) => {
    let pyramid: ImagePyramid | null = null;
    const fail = (reason: Error) => {
      worker.terminate();
      pyramid?.close();
      reject(reason);
    };
    options.signal?.addEventListener('abort', () => {
      fail(new DOMException('The picture is no longer wanted', 'AbortError'));
    });
    worker.onerror = (event) => {
      fail(new Error(event.message || 'the picture cannot be decoded'));
    };
    worker.onmessage = ({ data }: MessageEvent<PyramidMessage>) => {
      switch (data.type) {
        case 'size':
          pyramid = new ImagePyramid(options.size?.width ?? data.width, options.size?.height ?? data.height);
          break;
        case 'level':
          if (!pyramid) break;
          pyramid.add(data.index, data);
          resolve(pyramid);
          options.onLevel?.();
          break;
        case 'failed':
          fail(new Error(data.reason));
          break;
        case 'done':
          worker.terminate();
      }
    };
    worker.postMessage({ blob } satisfies PyramidRequest);
  });
}

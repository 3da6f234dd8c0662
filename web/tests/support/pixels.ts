/** Masks as the tests see them: decoded by code of their own, so that no mistake of the app's is shared. */
export interface Rle {
  size: [number, number];
  counts: string;
}

/** COCO's compressed counts: 5 bits a character, from the fourth on as the difference to the last but one. */
function runLengths(counts: string): number[] {
  const lengths: number[] = [];
  for (let at = 0; at < counts.length;) {
    let value = 0;
    let shift = 0;
    let bits: number;
    do {
      bits = counts.charCodeAt(at++) - 48;
      value |= (bits & 0x1f) << shift;
      shift += 5;
    } while (bits & 0x20);
    if (bits & 0x10) value -= 1 << shift;
    lengths.push(value + (lengths.length > 2 ? lengths[lengths.length - 2] : 0));
  }
  return lengths;
}

export class Pixels {
  private constructor(
    readonly width: number,
    readonly height: number,
    /** Column by column. */
    private readonly inside: Uint8Array,
  ) {}

  static decode({ size: [height, width], counts }: Rle): Pixels {
    const inside = new Uint8Array(width * height);
    let at = 0;
    runLengths(counts).forEach((length, index) => {
      if (index % 2) inside.fill(1, at, at + length);
      at += length;
    });
    if (at !== inside.length) throw new Error(`a mask of ${at} pixels, not ${inside.length}`);
    return new Pixels(width, height, inside);
  }

  has(x: number, y: number): boolean {
    return this.inside[x * this.height + y] === 1;
  }

  points(): { x: number; y: number }[] {
    const found: { x: number; y: number }[] = [];
    this.inside.forEach((pixel, at) => {
      if (pixel) found.push({ x: Math.floor(at / this.height), y: at % this.height });
    });
    return found;
  }

  get area(): number {
    return this.inside.reduce((sum, pixel) => sum + pixel, 0);
  }

  /** Intersection over union. */
  iou(other: Pixels): number {
    let both = 0;
    let either = 0;
    for (let i = 0; i < this.inside.length; ++i) {
      both += this.inside[i] & other.inside[i];
      either += this.inside[i] | other.inside[i];
    }
    return either === 0 ? 1 : both / either;
  }
}

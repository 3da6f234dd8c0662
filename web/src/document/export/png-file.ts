/** Writes grey PNGs. A canvas could not: it has neither one channel nor 16 bits, and may change values by alpha. */

export interface GreyImage {
  width: number;
  height: number;
  /** Row by row, 8 or 16 bits each. */
  samples: Uint8Array | Uint16Array;
}

/** Rows that are compressed at once; in between the page can do other things. */
const rowsAtOnce = 128;
const filterUp = 2;

export async function encodeGreyPng(image: GreyImage): Promise<Uint8Array> {
  const data = await compress(filteredRows(image));
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  return concatenate([signature, chunk('IHDR', header(image)), chunk('IDAT', data), chunk('IEND', new Uint8Array())]);
}

function header({ width, height, samples }: GreyImage): Uint8Array {
  const bytes = new Uint8Array(13);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  view.setUint8(8, 8 * samples.BYTES_PER_ELEMENT);
  // Then grey, and the only kinds of compression, filter and order that there are: all 0.
  return bytes;
}

/** Each row as its difference to the one above, of which little is left in a mask. */
function* filteredRows(image: GreyImage): Generator<Uint8Array<ArrayBuffer>> {
  const rowBytes = image.width * image.samples.BYTES_PER_ELEMENT;
  let above: Uint8Array = new Uint8Array(rowBytes);
  for (let begin = 0; begin < image.height; begin += rowsAtOnce) {
    const rows = Math.min(rowsAtOnce, image.height - begin);
    const out = new Uint8Array(rows * (rowBytes + 1));
    for (let i = 0; i < rows; ++i) {
      const row = rowBigEndian(image, begin + i);
      const at = i * (rowBytes + 1);
      out[at] = filterUp;
      for (let x = 0; x < rowBytes; ++x) out[at + 1 + x] = row[x] - above[x];
      above = row;
    }
    yield out;
  }
}

function rowBigEndian({ width, samples }: GreyImage, y: number): Uint8Array {
  const row = samples.subarray(y * width, (y + 1) * width);
  if (row instanceof Uint8Array) return row;
  const bytes = new Uint8Array(2 * width);
  row.forEach((sample, x) => {
    bytes[2 * x] = sample >> 8;
    bytes[2 * x + 1] = sample & 0xff;
  });
  return bytes;
}

/** In zlib's format, which the platform calls deflate. */
async function compress(pieces: Generator<Uint8Array<ArrayBuffer>>): Promise<Uint8Array> {
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const next = pieces.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
  });
  const compressed = stream.pipeThrough(new CompressionStream('deflate'));
  return new Uint8Array(await new Response(compressed).arrayBuffer());
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; ++i) bytes[4 + i] = type.charCodeAt(i);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; ++bit) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ crcTable[(crc ^ byte) & 0xff];
  return (crc ^ 0xffffffff) >>> 0;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * The `samcache.encoding` file: one image's encoding as safetensors, read strictly.
 *
 * Everything that the file claims is checked before a tensor is handed out, and `verifyEncoding` checks every byte
 * against the digests inside the file, those of the header and of the data. Tensors are views of the file's bytes.
 */
import { createXXHash128 } from 'hash-wasm';

export type TensorType = 'F32' | 'F16' | 'BF16';

export interface EncodingTensor {
  name: string;
  dtype: TensorType;
  /** [1, C, H, W] */
  shape: readonly number[];
  bytes: Uint8Array<ArrayBuffer>;
}

export interface EncodingFile {
  metadata: ReadonlyMap<string, string>;
  tensors: ReadonlyMap<string, EncodingTensor>;
  /** Where the data begins. */
  dataOffset: number;
}

/** Not an encoding, or a damaged one. */
export class DamagedEncoding extends Error {
  override readonly name = 'DamagedEncoding';
}

const lengthBytes = 8;
const maxHeaderBytes = 1 << 20;
const maxTensors = 64;
const maxDimension = 1 << 16;
const elementBytes: Record<TensorType, number> = { F32: 4, F16: 2, BF16: 2 };

export function parseEncoding(file: ArrayBuffer): EncodingFile {
  const dataOffset = lengthBytes + headerLength(file);
  if (dataOffset % 4 !== 0) throw damaged('its data is not aligned');
  const header = parseHeader(new Uint8Array(file, lengthBytes, dataOffset - lengthBytes));
  const metadata = readMetadata(header.__metadata__);
  const names = Object.keys(header).filter((name) => name !== '__metadata__');
  if (names.length > maxTensors) throw damaged(`it has ${names.length} tensors`);
  const data = new Uint8Array(file, dataOffset);
  const entries = names.map((name) => readEntry(name, header[name], data.length));
  checkCoverage(entries, data.length);
  const tensors = new Map(
    entries.map(({ name, dtype, shape, begin, end }) => [
      name,
      { name, dtype, shape, bytes: data.subarray(begin, end) },
    ]),
  );
  return { metadata, tensors, dataOffset };
}

/** Rejects with `DamagedEncoding` when a bit of the file is not what was written. */
export async function verifyEncoding(file: ArrayBuffer): Promise<EncodingFile> {
  const parsed = parseEncoding(file);
  const hash = await xxHash128();
  checkHeaderDigest(hash, new Uint8Array(file, 0, parsed.dataOffset), parsed.metadata);
  const found = digestOf(hash, [new Uint8Array(file, parsed.dataOffset)]);
  if (parsed.metadata.get('digest') !== found) throw damaged('its data does not match its digest');
  return parsed;
}

/** Half a millisecond to make: kept. */
let sharedHash: ReturnType<typeof createXXHash128> | null = null;

function xxHash128(): ReturnType<typeof createXXHash128> {
  sharedHash ??= createXXHash128();
  return sharedHash;
}

type Hash = Awaited<ReturnType<typeof createXXHash128>>;

function digestOf(hash: Hash, pieces: Uint8Array[]): string {
  hash.init();
  for (const piece of pieces) hash.update(piece);
  return `xxh3-128:${hash.digest('hex')}`;
}

/** Of everything before the data, the digest's own digits taken as zeros. */
function checkHeaderDigest(hash: Hash, prefix: Uint8Array, metadata: ReadonlyMap<string, string>): void {
  const stated = metadata.get('header_digest');
  if (stated === undefined) {
    if (metadata.has('chunk_digests')) throw damaged('it has chunk_digests but no header_digest');
    return;
  }
  const start = '"header_digest":"xxh3-128:';
  const found = new TextDecoder('latin1').decode(prefix).indexOf(start);
  const digits = found + start.length;
  if (found < 0 || prefix.length - digits < 32) throw damaged('its header_digest is of an unknown form');
  const zeros = new TextEncoder().encode('0'.repeat(32));
  const digest = digestOf(hash, [prefix.subarray(0, digits), zeros, prefix.subarray(digits + 32)]);
  if (digest !== stated) throw damaged('its header does not match its digest');
}

function damaged(what: string): DamagedEncoding {
  return new DamagedEncoding(`not an encoding, or a damaged one: ${what}`);
}

function headerLength(file: ArrayBuffer): number {
  if (file.byteLength < lengthBytes) throw damaged(`it has ${file.byteLength} bytes`);
  const length = new DataView(file).getBigUint64(0, true);
  if (length === 0n || length > BigInt(Math.min(maxHeaderBytes, file.byteLength - lengthBytes))) {
    throw damaged(`its header would have ${length} bytes`);
  }
  return Number(length);
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw damaged('its header is not JSON');
  }
  if (!isRecord(header)) throw damaged('its header is not a JSON object');
  return header;
}

function readMetadata(value: unknown): ReadonlyMap<string, string> {
  if (!isRecord(value)) throw damaged('it has no metadata');
  const metadata = new Map<string, string>();
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw damaged(`its metadata "${key}" is not a text`);
    metadata.set(key, text);
  }
  if (metadata.get('format') !== 'samcache.encoding') throw damaged('its format is another one');
  if (metadata.get('version') !== '1') throw damaged('its version is another one');
  return metadata;
}

interface Entry {
  name: string;
  dtype: TensorType;
  shape: number[];
  begin: number;
  end: number;
}

function readEntry(name: string, value: unknown, dataBytes: number): Entry {
  if (!isRecord(value)) throw damaged(`tensor "${name}" is not described`);
  const unknown = Object.keys(value).find((key) => !['dtype', 'shape', 'data_offsets'].includes(key));
  if (unknown !== undefined) throw damaged(`tensor "${name}" has an unknown member "${unknown}"`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (dtype !== 'F32' && dtype !== 'F16' && dtype !== 'BF16') {
    throw damaged(`tensor "${name}" is of another type than F32, F16 or BF16`);
  }
  if (!isNumbers(shape, 4) || shape[0] !== 1 || !shape.every((size) => size >= 1 && size <= maxDimension)) {
    throw damaged(`tensor "${name}" is not [1, C, H, W]`);
  }
  if (!isNumbers(offsets, 2)) throw damaged(`tensor "${name}" has no place`);
  const [begin, end] = offsets;
  // At most 2^50 bytes: exact in a double.
  const size = shape.reduce((product, dimension) => product * dimension, elementBytes[dtype]);
  if (begin < 0 || end > dataBytes || end - begin !== size) {
    throw damaged(`tensor "${name}" lies at ${begin} to ${end} of ${dataBytes} bytes, and takes ${size}`);
  }
  if (begin % elementBytes[dtype] !== 0) throw damaged(`tensor "${name}" is not aligned`);
  return { name, dtype, shape, begin, end };
}

/** Without gap, overlap or rest. */
function checkCoverage(entries: Entry[], dataBytes: number): void {
  let end = 0;
  for (const entry of entries.toSorted((a, b) => a.begin - b.begin)) {
    if (entry.begin !== end) throw damaged(`tensor "${entry.name}" does not follow the one before it`);
    end = entry.end;
  }
  if (end !== dataBytes) throw damaged(`${dataBytes - end} bytes belong to no tensor`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumbers(value: unknown, count: number): value is number[] {
  return Array.isArray(value) && value.length === count && value.every(Number.isSafeInteger);
}

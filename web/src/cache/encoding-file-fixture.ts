/** Encoding files for tests, written as the server writes them. */
import { xxhash128 } from 'hash-wasm';

const alignment = 4096;
const zeros = '0'.repeat(32);

export interface EncodingFacts {
  model?: string;
  /** Different contents for different seeds. */
  seed?: number;
  /** Of the largest level; the others follow. */
  side?: number;
  channels?: number;
}

export async function makeEncoding(facts: EncodingFacts = {}): Promise<ArrayBuffer> {
  const { model = 'model-a', seed = 1, side = 8, channels = 2 } = facts;
  const tensors: Record<string, unknown> = {};
  let end = 0;
  for (const level of [0, 1, 2]) {
    const size = side >> level;
    const begin = end;
    end += 2 * channels * size * size;
    tensors[`image_embeddings.${level}`] = {
      dtype: 'BF16',
      shape: [1, channels, size, size],
      data_offsets: [begin, end],
    };
  }
  const data = Uint8Array.from({ length: end }, (_, i) => (i * 31 + seed * 17) & 0x3f);
  const metadata = {
    format: 'samcache.encoding',
    version: '1',
    model_fingerprint: model,
    profile: 'interactive',
    digest: `xxh3-128:${await xxhash128(data)}`,
    header_digest: `xxh3-128:${zeros}`,
  };
  const unsigned = makeFile({ __metadata__: metadata, ...tensors }, data);
  const prefix = new Uint8Array(unsigned, 0, unsigned.byteLength - data.length);
  metadata.header_digest = `xxh3-128:${await xxhash128(prefix)}`;
  return makeFile({ __metadata__: metadata, ...tensors }, data);
}

export function makeFile(header: Record<string, unknown>, data: Uint8Array): ArrayBuffer {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const dataOffset = Math.ceil((8 + text.length) / alignment) * alignment;
  const file = new Uint8Array(dataOffset + data.length).fill(0x20, 8 + text.length, dataOffset);
  new DataView(file.buffer).setBigUint64(0, BigInt(dataOffset - 8), true);
  file.set(text, 8);
  file.set(data, dataOffset);
  return file.buffer;
}

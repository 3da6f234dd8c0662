import { createXXHash128 } from 'hash-wasm';
import { describe, expect, it } from 'vitest';
import { DamagedEncoding, parseEncoding, verifyEncoding } from './encoding-file';
import { makeEncoding, makeFile } from './encoding-file-fixture';

const described = (begin: number, end: number, shape = [1, 1, 2, 2], dtype = 'BF16') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});
const metadata = { format: 'samcache.encoding', version: '1' };

describe('parseEncoding', () => {
  it('gives the tensors and the metadata', async () => {
    const { tensors, metadata } = parseEncoding(await makeEncoding());
    expect([...tensors.keys()]).toEqual(['image_embeddings.0', 'image_embeddings.1', 'image_embeddings.2']);
    expect(tensors.get('image_embeddings.0')).toMatchObject({ dtype: 'BF16', shape: [1, 2, 8, 8] });
    expect(tensors.get('image_embeddings.0')?.bytes).toHaveLength(256);
    expect(metadata.get('profile')).toBe('interactive');
  });

  it.each<[string, Record<string, unknown>]>([
    ['without metadata', { a: described(0, 8) }],
    ['of another format', { __metadata__: { format: 'pt' }, a: described(0, 8) }],
    ['of a later version', { __metadata__: { ...metadata, version: '2' }, a: described(0, 8) }],
    ['with metadata that is no text', { __metadata__: { ...metadata, digest: 7 }, a: described(0, 8) }],
    ['with an unknown type', { __metadata__: metadata, a: described(0, 8, [1, 1, 2, 2], 'I8') }],
    ['with a type of an object', { __metadata__: metadata, a: { ...described(0, 8), dtype: 'toString' } }],
    ['of another rank', { __metadata__: metadata, a: described(0, 8, [4]) }],
    ['with a negative size', { __metadata__: metadata, a: described(0, 8, [1, 1, -2, -2]) }],
    ['with a fraction of a size', { __metadata__: metadata, a: described(0, 8, [1, 1, 0.5, 8]) }],
    ['with a size that overflows', { __metadata__: metadata, a: described(0, 8, [1, 2 ** 32, 2 ** 32, 1]) }],
    ['with a huge size', { __metadata__: metadata, a: described(0, 8, [1, 65536, 65536, 65536]) }],
    ['with offsets past the end', { __metadata__: metadata, a: described(0, 16, [1, 1, 2, 4]) }],
    ['with negative offsets', { __metadata__: metadata, a: described(-8, 0) }],
    ['with offsets the wrong way round', { __metadata__: metadata, a: described(8, 0) }],
    [
      'with offsets that are no numbers',
      { __metadata__: metadata, a: { ...described(0, 8), data_offsets: ['0', '8'] } },
    ],
    ['with a gap', { __metadata__: metadata, a: described(4, 8, [1, 1, 1, 2]) }],
    ['with a rest', { __metadata__: metadata, a: described(0, 4, [1, 1, 1, 2]) }],
    ['with tensors that overlap', { __metadata__: metadata, a: described(0, 8), b: described(4, 8, [1, 1, 1, 2]) }],
    ['with an unknown member', { __metadata__: metadata, a: { ...described(0, 8), strides: [] } }],
    ['with a tensor that is none', { __metadata__: metadata, a: null }],
    ['with too many tensors', manyTensors()],
  ])('refuses a file %s', (_, header) => {
    expect(() => parseEncoding(makeFile(header, new Uint8Array(8)))).toThrow(DamagedEncoding);
  });

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['less than a length', new Uint8Array(7)],
    ['no header', new Uint8Array(16)],
    ['a length beyond the end', Uint8Array.of(255, 0, 0, 0, 0, 0, 0, 0, 123, 125)],
    ['a length of 2^63', Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 128, 123, 125)],
    ['a header that is no JSON', Uint8Array.of(4, 0, 0, 0, 0, 0, 0, 0, 123, 123, 32, 32)],
    ['a header that is a list', Uint8Array.of(4, 0, 0, 0, 0, 0, 0, 0, 91, 93, 32, 32)],
    ['a header that is no UTF-8', Uint8Array.of(4, 0, 0, 0, 0, 0, 0, 0, 123, 255, 125, 32)],
    ['data that is not aligned', Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 123, 125, 32)],
  ])('refuses %s', (_, bytes) => {
    expect(() => parseEncoding(bytes.buffer as ArrayBuffer)).toThrow(DamagedEncoding);
  });

  it('refuses a header over the limit before it is read', () => {
    const file = new ArrayBuffer(2 << 20);
    new DataView(file).setBigUint64(0, BigInt((1 << 20) + 1), true);
    expect(() => parseEncoding(file)).toThrow(/header would have 1048577 bytes/);
  });
});

function manyTensors(): Record<string, unknown> {
  const tensors = Array.from({ length: 65 }, (_, i) => [`t${i}`, described(0, 0)] as const);
  return { __metadata__: metadata, ...Object.fromEntries(tensors) };
}

describe('verifyEncoding', () => {
  it('accepts what was written', async () => {
    const file = await verifyEncoding(await makeEncoding());
    expect(file.metadata.get('model_fingerprint')).toBe('model-a');
  });

  it('notices every changed bit, in the header and in the data', async () => {
    const intact = await makeEncoding();
    const size = intact.byteLength;
    for (const place of [9, 40, 300, 4000, 4096, 4096 + 100, size - 1]) {
      const damaged = intact.slice(0);
      new Uint8Array(damaged)[place] ^= 1;
      await expect(verifyEncoding(damaged), `byte ${place}`).rejects.toThrow(DamagedEncoding);
    }
  });

  it('notices a file that is cut off', async () => {
    const intact = await makeEncoding();
    await expect(verifyEncoding(intact.slice(0, intact.byteLength - 2))).rejects.toThrow(DamagedEncoding);
  });

  it('refuses a file without a digest', async () => {
    const header = { __metadata__: metadata, a: described(0, 8) };
    await expect(verifyEncoding(makeFile(header, new Uint8Array(8)))).rejects.toThrow(/digest/);
  });

  it('uses the hash that the file format means', async () => {
    const hash = await createXXHash128();
    expect(hash.init().update('').digest('hex')).toBe('99aa06d3014798d86001c324468d497f');
  });
});

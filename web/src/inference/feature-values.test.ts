import { describe, expect, it } from 'vitest';
import type { EncodingTensor, TensorType } from '../cache/encoding-file';
import { featureValues, floatsOfHalves, halvesOf } from './feature-values';

function tensor(dtype: TensorType, values: Float32Array | Uint16Array): EncodingTensor {
  const bytes = new Uint8Array(values.byteLength + 4);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 4);
  return { name: 'x', dtype, shape: [1, 1, 1, values.length], bytes: bytes.subarray(4) };
}

describe('featureValues', () => {
  it('widens bfloat16 exactly', () => {
    const bits = Uint16Array.of(0x3f80, 0xc000, 0x0000, 0x7f7f);
    expect(featureValues(tensor('BF16', bits), 'float32')).toEqual(Float32Array.of(1, -2, 0, 3.3895313892515355e38));
  });

  it('keeps what is in the wanted type already', () => {
    expect(featureValues(tensor('F32', Float32Array.of(1.5, -3)), 'float32')).toEqual(Float32Array.of(1.5, -3));
    expect(featureValues(tensor('F16', Uint16Array.of(0x3c00)), 'float16')).toEqual(Uint16Array.of(0x3c00));
  });

  it('makes halves of bfloat16, the largest in place of infinity', () => {
    const bits = Uint16Array.of(0x3f80, 0x7f7f, 0xff7f);
    expect(featureValues(tensor('BF16', bits), 'float16')).toEqual(Uint16Array.of(0x3c00, 0x7bff, 0xfbff));
  });
});

describe('halves', () => {
  it('come back as they were, all of them', () => {
    const all = Uint16Array.from({ length: 1 << 16 }, (_, i) => i);
    const finite = all.filter((half) => (half & 0x7c00) !== 0x7c00);
    expect(halvesOf(floatsOfHalves(finite))).toEqual(finite);
  });

  it('are rounded to nearest, ties to even', () => {
    const steps = 2 ** -10;
    const values = Float32Array.of(
      1 + steps / 2,
      1 + 1.5 * steps,
      1 + 0.51 * steps,
      2 ** -25,
      1.5 * 2 ** -24,
      65504,
      65519,
    );
    expect(halvesOf(values)).toEqual(Uint16Array.of(0x3c00, 0x3c02, 0x3c01, 0, 2, 0x7bff, 0x7bff));
    expect(halvesOf(Float32Array.of(NaN))[0] & 0x7fff).toBeGreaterThan(0x7c00);
  });
});

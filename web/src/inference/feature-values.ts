/** The numbers of an encoding in the types that the decoder takes: float32, or the bits of float16. */
import type { EncodingTensor } from '../cache/encoding-file';

export type FeatureType = 'float32' | 'float16';

export function featureValues(tensor: EncodingTensor, wanted: FeatureType): Float32Array | Uint16Array {
  const { buffer, byteOffset, byteLength } = tensor.bytes;
  if (tensor.dtype === 'F32') {
    const floats = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
    return wanted === 'float32' ? floats : halvesOf(floats);
  }
  const bits = new Uint16Array(buffer, byteOffset, byteLength / 2);
  if (tensor.dtype === 'BF16') {
    const floats = floatsOfBfloats(bits);
    return wanted === 'float32' ? floats : halvesOf(floats);
  }
  return wanted === 'float16' ? bits.slice() : floatsOfHalves(bits);
}

/** A bfloat16 is the upper half of a float32. */
export function floatsOfBfloats(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; ++i) words[i] = bits[i] << 16;
  return new Float32Array(words.buffer);
}

/** By a table of all 65,536: several times faster than arithmetic. */
export function floatsOfHalves(bits: Uint16Array): Float32Array {
  halfTable ??= makeHalfTable();
  const floats = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; ++i) floats[i] = halfTable[bits[i]];
  return floats;
}

let halfTable: Float32Array | null = null;

function makeHalfTable(): Float32Array {
  const table = new Float32Array(1 << 16);
  for (let half = 0; half < table.length; ++half) {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >>> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0) table[half] = sign * fraction * 2 ** -24;
    else if (exponent === 31) table[half] = fraction ? NaN : sign * Infinity;
    else table[half] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return table;
}

/** To nearest, ties to even; what is too large becomes the largest half, since one infinity spoils every sum. */
export function halvesOf(floats: Float32Array): Uint16Array {
  const words = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  const halves = new Uint16Array(floats.length);
  for (let i = 0; i < words.length; ++i) halves[i] = halfOf(words[i], floats[i]);
  return halves;
}

const largestHalf = 0x7bff;

function halfOf(word: number, value: number): number {
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // not a number
  if (magnitude >= 0x477fe000) return sign | largestHalf;
  if (magnitude < 0x38800000) return sign | roundedToEven(Math.abs(value) * 2 ** 24); // counts units of 2^-24
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

function roundedToEven(value: number): number {
  const down = Math.floor(value);
  const rest = value - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
}

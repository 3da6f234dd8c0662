// float32 <-> the bits of float16, for runtimes without Float16Array (Node 20).
const kFloat = new Float32Array(1);
const kBits = new Uint32Array(kFloat.buffer);

// To nearest, ties to even.
function halfBits(value) {
  kFloat[0] = value;
  const bits = kBits[0];
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x7f800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Subnormal: count in units of 2^-24; Math.round is not to even, hence the correction of exact halves.
    const units = Math.abs(value) * 2 ** 24;
    const down = Math.floor(units);
    const rest = units - down;
    return sign | (rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down);
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

function floatOfBits(half) {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

export const toHalves = (floats) => Uint16Array.from(floats, halfBits);
export const fromHalves = (halves) => Float32Array.from(halves, floatOfBits);

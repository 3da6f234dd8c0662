/**
 * COCO's run lengths, as pycocotools and the server write them: down the columns from left to right, `size` is
 * [height, width], and `counts` packs five bits a character.
 */
import { Mask } from './mask';
import { transposeRuns } from './runs';

export interface CocoRle {
  size: [number, number];
  counts: string;
}

/** The same uncompressed, as COCO has it for crowds. */
export interface CocoRunLengths {
  size: [number, number];
  counts: number[];
}

export function encode(mask: Mask): CocoRle {
  return {
    size: [mask.height, mask.width],
    counts: compress(transposeRuns(mask.runs, mask.width, mask.height)),
  };
}

/** Throws a RangeError that says what is wrong with it. */
export function decode(rle: CocoRle | CocoRunLengths): Mask {
  const [height, width] = rle.size;
  const counts = typeof rle.counts === 'string' ? expand(rle.counts, width * height) : rle.counts;
  const mirrored = Mask.fromRuns(height, width, counts);
  return Mask.fromRuns(width, height, transposeRuns(mirrored.runs, height, width));
}

// A number is written in groups of five bits, the lowest first; the sixth bit says that more follow, and the last
// group's fifth bit is the sign. From the fourth number on the difference to the second one before is written.
const groupBits = 5;
const groupMask = 0x1f;
const signBit = 0x10;
const moreBit = 0x20;
const firstCharacter = 48;
const groupsOfALength = 7;

function compress(runs: Uint32Array): string {
  let bytes = new Uint8Array(2 * runs.length + groupsOfALength);
  let size = 0;
  for (let i = 0; i < runs.length; ++i) {
    if (size + groupsOfALength > bytes.length) {
      const larger = new Uint8Array(2 * bytes.length);
      larger.set(bytes);
      bytes = larger;
    }
    let rest = i > 2 ? runs[i] - runs[i - 2] : runs[i];
    for (let more = true; more;) {
      const group = rest & groupMask;
      rest >>= groupBits;
      more = group & signBit ? rest !== -1 : rest !== 0;
      bytes[size++] = firstCharacter + (more ? group | moreBit : group);
    }
  }
  return new TextDecoder().decode(bytes.subarray(0, size));
}

function expand(text: string, pixels: number): Uint32Array {
  if (text.length > groupsOfALength * (pixels + 2)) {
    throw new RangeError(`${text.length} characters of run lengths are more than ${pixels} pixels can have`);
  }
  const runs = new Uint32Array(text.length);
  let count = 0;
  for (let at = 0; at < text.length;) {
    let value = 0;
    let shift = 0;
    for (let more = true; more; shift += groupBits) {
      const group = text.charCodeAt(at) - firstCharacter;
      if (!(group >= 0 && group < 64)) {
        throw new RangeError(
          at < text.length ? `the run lengths have a wrong character at ${at}` : 'the run lengths end within a number',
        );
      }
      if (shift >= groupsOfALength * groupBits) {
        throw new RangeError(`the run lengths have too large a number before ${at}`);
      }
      // Seven groups are more than the 32 bits that shifts know.
      value += (group & groupMask) * 2 ** shift;
      more = (group & moreBit) !== 0;
      if (!more && group & signBit) value -= 2 ** (shift + groupBits);
      ++at;
    }
    const run = count > 2 ? value + runs[count - 2] : value;
    if (run < 0 || run > 0xffffffff) throw new RangeError(`run length ${count} is ${run}`);
    runs[count++] = run;
  }
  return runs.subarray(0, count);
}

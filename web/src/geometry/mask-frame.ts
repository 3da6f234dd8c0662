/** The binary masks of the server's WebSocket: `SCM1` frames, see docs/websocket.md. */
import { Mask } from './mask';

export interface MaskFrame {
  /** Of the JSON message that it belongs to. */
  answer: number;
  /** Of the mask in that answer. */
  index: number;
  mask: Mask;
}

const magic = 0x53434d31;
const headerBytes = 24;
const bytesOfARun = 5;

/** Throws a RangeError that says what is wrong with it. */
export function decodeMaskFrame(frame: ArrayBuffer): MaskFrame {
  const view = new DataView(frame);
  if (frame.byteLength < headerBytes || view.getUint32(0) !== magic) {
    throw new RangeError('this is not a mask frame');
  }
  const [answer, index, width, height, runs] = [4, 8, 12, 16, 20].map((at) => view.getUint32(at, true));
  const bytes = new Uint8Array(frame, headerBytes);
  return { answer, index, mask: Mask.fromRuns(width, height, readRuns(bytes, runs)) };
}

export function encodeMaskFrame({ answer, index, mask }: MaskFrame): ArrayBuffer {
  const bytes = new Uint8Array(headerBytes + bytesOfARun * mask.runs.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic);
  const header = [answer, index, mask.width, mask.height, mask.runs.length];
  header.forEach((value, i) => view.setUint32(4 + 4 * i, value, true));
  let at = headerBytes;
  for (let rest of mask.runs) {
    for (; rest > 0x7f; rest >>>= 7) bytes[at++] = 0x80 | (rest & 0x7f);
    bytes[at++] = rest;
  }
  return bytes.buffer.slice(0, at);
}

/** LEB128 numbers. */
function readRuns(bytes: Uint8Array, count: number): Uint32Array {
  if (count > bytes.length) {
    throw new RangeError(`a mask frame of ${bytes.length} bytes cannot hold ${count} runs`);
  }
  const runs = new Uint32Array(count);
  let at = 0;
  for (let i = 0; i < count; ++i) {
    let value = 0;
    let byte = 0x80;
    for (let shift = 0; byte & 0x80; shift += 7) {
      if (at === bytes.length) throw new RangeError('the mask frame ends within a run');
      if (shift === 7 * bytesOfARun) throw new RangeError(`run ${i} of the mask frame has no end`);
      byte = bytes[at++];
      value += (byte & 0x7f) * 2 ** shift;
    }
    if (value > 0xffffffff) throw new RangeError(`run ${i} of the mask frame is ${value}`);
    runs[i] = value;
  }
  if (at !== bytes.length) throw new RangeError(`${bytes.length - at} bytes follow the runs of a mask frame`);
  return runs;
}

// Reads a safetensors file of float32 and int64 tensors, as the format's own description says.
import { readFileSync } from "node:fs";

const kArrays = { F32: Float32Array, I64: BigInt64Array };

// {name: {type, dims, data}}, copied out of the file so that they are aligned.
export function readSafetensors(path) {
  const file = readFileSync(path);
  const headerLength = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString("utf8", 8, 8 + headerLength));
  const tensors = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const { dtype, shape, data_offsets: [begin, end] } = entry;
    const bytes = file.subarray(8 + headerLength + begin, 8 + headerLength + end);
    const data = new kArrays[dtype](new Uint8Array(bytes).buffer);
    tensors[name] = { type: dtype === "F32" ? "float32" : "int64", dims: shape, data };
  }
  return tensors;
}

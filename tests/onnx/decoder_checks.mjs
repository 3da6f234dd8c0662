// What must hold of the prompt decoder whatever its weights: several pictures and objects at once, labels, no prompt.
import assert from "node:assert/strict";

const kTolerance = 1e-4;

const float = (dims, values) => ({ type: "float32", dims, data: Float32Array.from(values) });
const long = (dims, values) => ({ type: "int64", dims, data: BigInt64Array.from(values.map(BigInt)) });

function assertClose(actual, expected, what) {
  assert.deepEqual([...actual.dims], [...expected.dims], what);
  const largest = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  for (let i = 0; i < expected.data.length; ++i) {
    const difference = Math.abs(actual.data[i] - expected.data[i]);
    assert.ok(difference <= kTolerance * largest, `${what}: value ${i} is off by ${difference}`);
  }
}

function assertDifferent(actual, other, what) {
  assert.ok(actual.data.some((value, i) => value !== other.data[i]), what);
}

// `base`: inputs of any case, for its picture.
export async function decoderChecks(session, base, runCase) {
  const picture = Object.fromEntries(Object.entries(base).filter(([name]) => name.startsWith("image_embeddings")));
  const side = 4 * base["image_embeddings.2"].dims[3];
  const noMask = { mask_input: float([1, 1, 1, side, side], new Array(side * side).fill(0)), has_mask_input: float([1], [0]) };
  const noBoxes = float([1, 0, 4], []);
  const run = async (points, labels, boxes = noBoxes, more = {}) =>
    (await runCase(session, { ...noMask, ...picture, input_points: points, input_labels: labels, input_boxes: boxes, ...more }))
      .pred_masks;

  const one = await run(float([1, 1, 1, 2], [40, 30]), long([1, 1, 1], [1]));
  const other = await run(float([1, 1, 1, 2], [90, 100]), long([1, 1, 1], [0]));
  const both = await run(float([1, 2, 1, 2], [40, 30, 90, 100]), long([1, 2, 1], [1, 0]));
  const half = both.data.length / 2;
  const part = (i) => ({ dims: one.dims, data: both.data.subarray(i * half, (i + 1) * half) });
  assertClose(part(0), one, "the first of two objects");
  assertClose(part(1), other, "the second of two objects");

  const box = await run(float([1, 1, 0, 2], []), long([1, 1, 0], []), float([1, 1, 4], [20, 30, 100, 110]));
  const asCorners = await run(float([1, 1, 2, 2], [20, 30, 100, 110]), long([1, 1, 2], [2, 3]));
  assertClose(asCorners, box, "a box as two points labelled 2 and 3");

  const ignored = (x) => run(float([1, 1, 2, 2], [40, 30, x, x]), long([1, 1, 2], [1, -10]));
  assertClose(await ignored(77), await ignored(5), "the place of a point labelled -10");
  assertDifferent(await run(float([1, 1, 1, 2], [40, 30]), long([1, 1, 1], [0])), one, "a negative point is not a positive one");

  const twice = {};
  for (const [name, { type, dims, data }] of Object.entries(picture)) {
    const doubled = new Float32Array(2 * data.length);
    doubled.set(data);
    doubled.set(data.map((value) => -value), data.length);
    twice[name] = { type, dims: [2, ...dims.slice(1)], data: doubled };
  }
  const pictures = await run(float([2, 1, 1, 2], [40, 30, 40, 30]), long([2, 1, 1], [1, 1]), float([2, 0, 4], []), {
    ...twice,
    mask_input: float([2, 1, 1, side, side], new Array(2 * side * side).fill(0)),
  });
  assert.deepEqual([...pictures.dims], [2, ...one.dims.slice(1)]);
  assertClose({ dims: one.dims, data: pictures.data.subarray(0, one.data.length) }, one, "the first of two pictures");

  const empty = await run(float([1, 1, 0, 2], []), long([1, 1, 0], []));
  assert.deepEqual([...empty.dims], [...one.dims]);
  assert.ok(empty.data.every(Number.isFinite), "no prompt at all gives numbers");
}

// The exported ONNX files in onnxruntime against native answers.
//
//   node parity.mjs --model DIR --samcache FILE --reference FILE --check FILE --dtype fp32|fp16 [--click-only] [--external-data]
//
// Exports every part with the program, has onnx_model_check look at the files, runs each case that onnx_reference wrote
// and holds the answers against the native ones. fp32: |difference| <= 1e-4 x max(1, largest native value), 1e-3 with
// --click-only (the full model); fp16: masks > 0 agree in 99.9 % of the pixels. Exit code 0: all held.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as ort from "onnxruntime-node";

import { fromHalves, toHalves } from "./half.mjs";
import { decoderChecks } from "./decoder_checks.mjs";
import { readSafetensors } from "./safetensors.mjs";

const { values: options } = parseArgs({
  options: {
    model: { type: "string" },
    samcache: { type: "string" },
    reference: { type: "string" },
    check: { type: "string" },
    dtype: { type: "string", default: "fp32" },
    "click-only": { type: "boolean", default: false },
    "external-data": { type: "boolean", default: false },
  },
});

const kTolerance = options["click-only"] ? 1e-3 : 1e-4;
const kMaskAgreement = 0.999;

// {part: {case: {in: {name: tensor}, out: {name: tensor}}}}
function groupCases(tensors) {
  const parts = {};
  for (const [key, tensor] of Object.entries(tensors)) {
    const [part, name, direction, tensorName] = key.split("|");
    parts[part] ??= {};
    parts[part][name] ??= { in: {}, out: {} };
    parts[part][name][direction][tensorName] = tensor;
  }
  return parts;
}

// In the type that the graph declares.
function asInput(tensor, declared) {
  if (declared === "float16") return new ort.Tensor("float16", toHalves(tensor.data), tensor.dims);
  return new ort.Tensor(tensor.type, tensor.data, tensor.dims);
}

const floats = (tensor) => (tensor.type === "float16" ? fromHalves(tensor.data) : tensor.data);

async function runCase(session, inputs) {
  const feeds = {};
  for (const { name, type } of session.inputMetadata) feeds[name] = asInput(inputs[name], type);
  return session.run(feeds);
}

function compare(actual, expected) {
  let largest = 1;
  let worst = 0;
  let differing = 0;
  for (let i = 0; i < expected.length; ++i) {
    largest = Math.max(largest, Math.abs(expected[i]));
    const difference = Math.abs(actual[i] - expected[i]);
    if (!(difference <= worst)) worst = difference; // a NaN is the worst of all
    if (actual[i] > 0 !== expected[i] > 0) ++differing;
  }
  return { relative: worst / largest, agreement: 1 - differing / expected.length };
}

// Text features are native without the padding at the end, which means nothing.
function check(part, name, outputName, actual, expected) {
  if (part === "text_encoder") actual = actual.subarray(0, expected.data.length);
  assert.equal(actual.length, expected.data.length, `${part} ${name} ${outputName}: number of values`);
  const found = compare(actual, expected.data);
  const held =
    options.dtype === "fp32"
      ? found.relative <= kTolerance
      : outputName !== "pred_masks" || found.agreement >= kMaskAgreement;
  if (!held) console.error(`FAILED ${part} ${name} ${outputName}: ${JSON.stringify(found)}`);
  return { ...found, held };
}

async function checkPart(folder, part, cases) {
  const suffix = options.dtype === "fp16" ? "_fp16" : "";
  const session = await ort.InferenceSession.create(join(folder, `${part}${suffix}.onnx`));
  const worst = { relative: 0, agreement: 1, held: true };
  for (const [name, { in: inputs, out: outputs }] of Object.entries(cases)) {
    const answers = await runCase(session, inputs);
    assert.deepEqual(Object.keys(outputs).sort(), [...session.outputNames].sort(), `${part}: outputs`);
    for (const [outputName, expected] of Object.entries(outputs)) {
      if (part !== "text_encoder") assert.deepEqual([...answers[outputName].dims], expected.dims, `${part} ${name}`);
      const found = check(part, name, outputName, floats(answers[outputName]), expected);
      worst.relative = Math.max(worst.relative, found.relative);
      if (outputName === "pred_masks") worst.agreement = Math.min(worst.agreement, found.agreement);
      worst.held &&= found.held;
    }
  }
  console.log(
    `${part}: ${Object.keys(cases).length} cases, largest difference ${worst.relative.toExponential(2)}, ` +
      `mask pixels that agree at least ${(100 * worst.agreement).toFixed(3)} %`,
  );
  if (part.startsWith("prompt_encoder_mask_decoder")) await decoderChecks(session, Object.values(cases)[0].in, runCase);
  await session.release();
  return worst.held;
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), "samcache-onnx-"));
  try {
    const casesFile = join(folder, "cases.safetensors");
    const clickOnly = options["click-only"] ? ["--click-only"] : [];
    execFileSync(options.reference, [options.model, casesFile, ...clickOnly], { stdio: "inherit" });
    const parts = groupCases(readSafetensors(casesFile));
    const external = options["external-data"] ? ["--external-data"] : [];
    const exported = JSON.parse(
      execFileSync(options.samcache, [
        "export-onnx", "--model", options.model, "--part", Object.keys(parts).join(","), "--dtype", options.dtype,
        "--out", folder, "--json", ...external,
      ]),
    );
    for (const file of exported.files) assert.equal(statSync(file.file).size, file.size_bytes);
    execFileSync(options.check, exported.files.map(({ file }) => file), { stdio: "inherit" });
    let held = true;
    for (const [part, cases] of Object.entries(parts)) held = (await checkPart(folder, part, cases)) && held;
    return held ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

process.exitCode = await main().catch((error) => {
  console.error(error.message);
  return 1;
});

// The exported decoder in onnxruntime-node against the program's own click, fp32, on the same threads.
//
//   (cd tests/onnx && npm ci); node bench/onnx_decoder/bench.mjs --samcache build/src/apps/samcache --model DIR
//       [--threads 2] [--rounds 30]
//
// Prints one JSON document. Random numbers stand for the picture: times do not depend on them. The decoder is timed
// before and after the program, and the slower median counts. The program's click holds more: the mask is cleaned and
// enlarged to the picture's size.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const require = createRequire(new URL("../../tests/onnx/package.json", import.meta.url));
const ort = require("onnxruntime-node");

const kWantedRatio = 1.5;
const kWarmUps = 3;

const { values: options } = parseArgs({
  options: {
    samcache: { type: "string" },
    model: { type: "string" },
    threads: { type: "string", default: "2" },
    rounds: { type: "string", default: "30" },
  },
});

const sizeOf = (dims) => dims.reduce((product, size) => product * size, 1);
const median = (times) => [...times].sort((a, b) => a - b)[times.length >> 1];

// One click on a made-up picture, whose sizes the graph declares.
function oneClick(session) {
  const feeds = {
    input_points: new ort.Tensor("float32", [100, 100], [1, 1, 1, 2]),
    input_labels: new ort.Tensor("int64", [1n], [1, 1, 1]),
    input_boxes: new ort.Tensor("float32", [], [1, 0, 4]),
  };
  for (const { name, shape } of session.inputMetadata) {
    if (!name.startsWith("image_embeddings")) continue;
    const dims = [1, ...shape.slice(1)];
    feeds[name] = new ort.Tensor("float32", Float32Array.from({ length: sizeOf(dims) }, () => Math.random() - 0.5), dims);
  }
  return feeds;
}

async function decoderMs(file) {
  const session = await ort.InferenceSession.create(file, { intraOpNumThreads: Number(options.threads) });
  const feeds = oneClick(session);
  const times = [];
  for (let round = -kWarmUps; round < Number(options.rounds); ++round) {
    const start = performance.now();
    await session.run(feeds);
    if (round >= 0) times.push(performance.now() - start);
  }
  await session.release();
  return median(times);
}

function samcache(...commandLine) {
  const all = ["--model", options.model, "--threads", options.threads, ...commandLine, "--json"];
  return JSON.parse(execFileSync(options.samcache, all, { maxBuffer: 1 << 26 }));
}

const folder = mkdtempSync(join(tmpdir(), "samcache-bench-"));
try {
  const exported = samcache("export-onnx", "--part", "prompt_encoder_mask_decoder", "--out", folder).files[0];
  const load = loadavg()[0];
  const before = await decoderMs(exported.file);
  const bench = samcache("bench", "--quick", "--precision", "fp32");
  const after = await decoderMs(exported.file);
  const click = bench.rows.find(({ name }) => name === "click").value;
  const value = Math.max(before, after);
  const row = {
    name: "onnx_decoder",
    value,
    unit: "ms",
    limit: click,
    ratio: value / click,
    note: `onnxruntime-node ${ort.env.versions.node}, one point, ${exported.size_bytes} bytes of model; limit: the program's own fp32 click; wanted: ratio <= ${kWantedRatio}`,
  };
  const { samcache: version, created_at, model } = bench;
  const machine = { cpu: cpus()[0].model, ...bench.machine, load_before: load };
  console.log(JSON.stringify({ samcache: version, created_at, machine, model, rounds: Number(options.rounds), rows: [row] }, null, 2));
} finally {
  rmSync(folder, { recursive: true });
}

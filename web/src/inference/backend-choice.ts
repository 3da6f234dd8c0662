/**
 * Chooses what the browser decodes with: WebAssembly, or the GPU where there is one that gives the same masks and is
 * faster. Both are tried on the same image of nothing in particular before the first prompt.
 */
import type { BrowserBackend, DecoderModel, GpuWish } from './decoder-messages';
import type { FeatureType } from './feature-values';
import type { PromptSet } from './mask-source';
import { findGpu, loadRuntime, threadCount } from './onnx-runtime';
import { PromptDecoder } from './prompt-decoder';

export interface ChosenDecoder {
  decoder: PromptDecoder;
  backend: BrowserBackend;
  reason: string;
}

export type FetchGraph = (type: FeatureType) => Promise<Uint8Array>;

const trialRuns = 3;
/** Whoever takes this long for the first one, compiling included, is not worth a second. */
const slowestTrialMs = 10_000;
/** Of the logits, relative to their size. Halves give 0.01; a graph that goes wrong gives about 1. */
const largestError = 0.05;

export async function chooseDecoder(
  model: DecoderModel,
  wish: GpuWish,
  fetchGraph: FetchGraph,
): Promise<ChosenDecoder> {
  const plain = await plainDecoder(model, fetchGraph);
  if (wish === 'avoid') return { ...plain, reason: 'WebGPU is switched off' };
  const gpu = await findGpu(wish === 'insist');
  if ('missing' in gpu) return { ...plain, reason: gpu.missing };
  try {
    return await fasterOf(plain, model, gpu.halves ? 'float16' : 'float32', wish, fetchGraph);
  } catch (error) {
    return { ...plain, reason: `WebGPU failed: ${messageOf(error)}` };
  }
}

interface Plain {
  decoder: PromptDecoder;
  backend: 'wasm-threads' | 'wasm';
}

async function plainDecoder(model: DecoderModel, fetchGraph: FetchGraph): Promise<Plain> {
  const [runtime, graph] = await Promise.all([loadRuntime(false), fetchGraph('float32')]);
  const decoder = await PromptDecoder.create(runtime, graph, 'float32', model, false);
  return { decoder, backend: threadCount() > 1 ? 'wasm-threads' : 'wasm' };
}

async function fasterOf(
  plain: Plain,
  model: DecoderModel,
  type: FeatureType,
  wish: GpuWish,
  fetchGraph: FetchGraph,
): Promise<ChosenDecoder> {
  const [runtime, graph] = await Promise.all([loadRuntime(true), fetchGraph(type)]);
  const decoder = await PromptDecoder.create(runtime, graph, type, model, true);
  try {
    const [expected, found] = [await tryOut(plain.decoder, model), await tryOut(decoder, model)];
    const error = relativeError(found.logits, expected.logits);
    const figures = `WebGPU ${found.medianMs.toFixed(0)} ms, WebAssembly ${expected.medianMs.toFixed(0)} ms`;
    if (!(error <= largestError)) {
      throw new Error(`its masks are wrong by ${(100 * error).toFixed(1)} %`);
    }
    if (wish !== 'insist' && found.medianMs >= expected.medianMs) {
      await decoder.release();
      return { ...plain, reason: figures };
    }
    await plain.decoder.release();
    return { decoder, backend: 'webgpu', reason: figures };
  } catch (error) {
    await decoder.release();
    throw error;
  }
}

interface Trial {
  logits: Float32Array;
  medianMs: number;
}

async function tryOut(decoder: PromptDecoder, model: DecoderModel): Promise<Trial> {
  const image = decoder.prepareTrial();
  const middle = model.maskSide / 2;
  const prompts: PromptSet = { points: [{ x: middle, y: middle, positive: true }], box: null, multimask: false };
  try {
    const begin = performance.now();
    const { logits } = await decoder.decode(image, prompts); // also warms it up
    const firstMs = performance.now() - begin;
    if (firstMs > slowestTrialMs) return { logits, medianMs: firstMs };
    const times: number[] = [];
    for (let i = 0; i < trialRuns; ++i) {
      const start = performance.now();
      await decoder.decode(image, prompts);
      times.push(performance.now() - start);
    }
    return { logits, medianMs: times.sort((a, b) => a - b)[trialRuns >> 1] };
  } finally {
    decoder.forget(image);
  }
}

/** Root of the squared differences' sum over the expected values' sum of squares. */
export function relativeError(found: Float32Array, expected: Float32Array): number {
  let differences = 0;
  let sizes = 0;
  for (let i = 0; i < expected.length; ++i) {
    differences += (found[i] - expected[i]) ** 2;
    sizes += expected[i] ** 2;
  }
  return Math.sqrt(differences / sizes);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * onnxruntime-web for the decoder's worker: which of its builds, how many threads, and whether the GPU can be trusted.
 *
 * Only the build that is used is fetched: plain WebAssembly has 14 MB, the one with WebGPU 27. Threads need a page that
 * is isolated from other origins.
 */
import type * as Runtime from 'onnxruntime-web';
import { runtimeFiles } from './runtime-files';

export type OnnxRuntime = typeof Runtime;
export type { InferenceSession, Tensor } from 'onnxruntime-web';

/** More threads than this only wait for each other in a graph of this size. */
const maxThreads = 8;

export interface GpuFacts {
  halves: boolean;
}

/** Whether there is a GPU worth trying: an adapter that computes in software is slower than WebAssembly. */
export async function findGpu(softwareToo: boolean): Promise<GpuFacts | { missing: string }> {
  const gpu = (navigator as { gpu?: Gpu }).gpu;
  if (!gpu) return { missing: 'this browser has no WebGPU' };
  const adapter = await gpu.requestAdapter().catch(() => null);
  if (!adapter) return { missing: 'there is no GPU for WebGPU' };
  const software = adapter.isFallbackAdapter ?? adapter.info?.isFallbackAdapter ?? false;
  if (software && !softwareToo) return { missing: 'WebGPU would compute in software' };
  return { halves: adapter.features.has('shader-f16') };
}

/** The part of the WebGPU interface that is used here. */
interface Gpu {
  requestAdapter(): Promise<{
    features: { has(name: string): boolean };
    isFallbackAdapter?: boolean;
    info?: { isFallbackAdapter?: boolean };
  } | null>;
}

export async function loadRuntime(withGpu: boolean): Promise<OnnxRuntime> {
  const runtime = withGpu ? await import('onnxruntime-web/webgpu') : await import('onnxruntime-web/wasm');
  const { script, binary } = withGpu ? runtimeFiles.gpu : runtimeFiles.plain;
  runtime.env.wasm.wasmPaths = { mjs: absolute(script), wasm: absolute(binary) };
  runtime.env.wasm.numThreads = threadCount();
  runtime.env.logLevel = 'error';
  return runtime;
}

export function threadCount(): number {
  return self.crossOriginIsolated ? Math.min(navigator.hardwareConcurrency, maxThreads) : 1;
}

function absolute(url: string): string {
  return new URL(url, self.location.href).href;
}

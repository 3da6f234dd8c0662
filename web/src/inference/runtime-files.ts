/**
 * Where the build puts the runtime's own files. In a production build its threads hang unless it is told, with absolute
 * URLs.
 */
import gpuScript from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url';
import gpuBinary from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import plainScript from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url';
import plainBinary from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';

export const runtimeFiles = {
  plain: { script: plainScript, binary: plainBinary },
  gpu: { script: gpuScript, binary: gpuBinary },
} as const;

/** What the page and the decoder's worker say to each other: one message a prompt, one answer a message. */
import type { Runs } from '../geometry/runs';
import type { StabilityRule } from './mask-selection';
import type { PromptSet } from './mask-source';

export type BrowserBackend = 'webgpu' | 'wasm-threads' | 'wasm';

/** `avoid`: plain WebAssembly. `insist`: also an adapter that computes in software, for tests. */
export type GpuWish = 'avoid' | 'try' | 'insist';

export interface DecoderModel {
  fingerprint: string;
  /** Of the `prompt_encoder_mask_decoder_with_mask` part; `&dtype=fp16` gives the one in halves. */
  url: string;
  /** Of the model's square input, pixels. */
  imageSize: number;
  maskSide: number;
  stability: StabilityRule;
}

export interface LoadRequest {
  type: 'load';
  model: DecoderModel;
  token: string | null;
  gpu: GpuWish;
}

export interface OpenRequest {
  type: 'open';
  imageId: string;
  width: number;
  height: number;
  /** The whole file, already verified; transferred. */
  encoding: ArrayBuffer;
}

export interface SegmentRequest {
  type: 'segment';
  imageId: string;
  prompts: PromptSet;
}

export type DecoderRequest = LoadRequest | OpenRequest | SegmentRequest;

export interface LoadAnswer {
  backend: BrowserBackend;
  /** Why it is that one. */
  reason: string;
}

export interface DecodedMask {
  runs: Runs;
  score: number;
}

export interface SegmentAnswer {
  /** Best first; null: the image is not open any more, and must be opened again. */
  masks: DecodedMask[] | null;
}

/** What each request is answered with. */
export interface DecoderAnswers {
  load: LoadAnswer;
  open: null;
  segment: SegmentAnswer;
}

export type DecoderReply = { id: number } & ({ value: unknown } | { error: string });

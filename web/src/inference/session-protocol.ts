/** The messages of docs/websocket.md that are used here, the server's read strictly. */
import { decodeMaskFrame } from '../geometry/mask-frame';
import type { Box } from '../geometry/types';
import type { ConceptPrompt, FoundMask, PromptSet } from './mask-source';

/**
 * Objects of the session. The page keeps the prompts of its own objects; to the server they are three, each with its
 * prompts replaced every time, so that a preview never takes the place of a click.
 */
export const sessionObjects = { click: 1, preview: 2, concept: 3 } as const;

/** A frame of a mask of 100 megapixels can have no more than this. */
const maxFrames = 1000;

export interface ServerResult {
  type: 'inference_result';
  seq: number | null;
  answer: number;
  boxes: number[][];
  scores: number[];
  frames: number;
}

export interface ServerError {
  type: 'error';
  seq: number | null;
  detail: string;
  retryAfterMs: number | null;
}

export type ServerMessage =
  ServerResult | ServerError | { type: 'superseded'; seq: number | null } | { type: 'pong'; seq: number | null };

/** The server said something that docs/websocket.md does not know. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** Sent first on every connection. */
export const greeting = { type: 'set_options', mask_format: 'binary', units: 'pixel', box_format: 'xyxy' };

export function segmentMessage(prompts: PromptSet, preview: boolean): object {
  return {
    type: 'set_prompts',
    object: preview ? sessionObjects.preview : sessionObjects.click,
    mode: 'interactive',
    multimask_output: prompts.multimask,
    points: prompts.points.map(({ x, y, positive }) => ({ coords: [x, y], positive })),
    boxes: prompts.box ? [{ coords: cornersOf(prompts.box) }] : [],
  };
}

export function conceptMessage(prompt: ConceptPrompt): object {
  return {
    type: 'set_prompts',
    object: sessionObjects.concept,
    mode: 'concept',
    confidence_threshold: prompt.threshold,
    multimask_output: false,
    text: prompt.text,
    boxes: prompt.exemplars.map(({ box, positive }) => ({ coords: cornersOf(box), positive })),
  };
}

function cornersOf({ x0, y0, x1, y1 }: Box): number[] {
  return [x0, y0, x1, y1];
}

export function parseServerMessage(text: string): ServerMessage {
  const message = parseObject(text);
  const seq = typeof message.seq === 'number' ? message.seq : null;
  switch (message.type) {
    case 'superseded':
    case 'pong':
      return { type: message.type, seq };
    case 'error': {
      const { detail, retry_after_ms: retry } = message;
      return {
        type: 'error',
        seq,
        detail: typeof detail === 'string' ? detail : 'the server gave no reason',
        retryAfterMs: typeof retry === 'number' && retry >= 0 ? retry : null,
      };
    }
    case 'inference_result':
      return resultOf(message, seq);
    default:
      throw new ProtocolError(`unknown message "${String(message.type)}"`);
  }
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ProtocolError('a message is not JSON');
  }
  if (typeof value !== 'object' || value === null) throw new ProtocolError('a message is no object');
  return value as Record<string, unknown>;
}

function resultOf(message: Record<string, unknown>, seq: number | null): ServerResult {
  const { answer, boxes, scores, frames = 0 } = message;
  if (typeof answer !== 'number') throw new ProtocolError('a result has no number');
  const count = Array.isArray(boxes) ? boxes.length : -1;
  if (!isList(boxes, count, isBox) || !isList(scores, count, Number.isFinite)) {
    throw new ProtocolError('boxes and scores of a result do not fit together');
  }
  if (typeof frames !== 'number' || !Number.isInteger(frames) || frames < 0 || frames > maxFrames) {
    throw new ProtocolError('a result has no sensible number of frames');
  }
  return { type: 'inference_result', seq, answer, boxes: boxes as number[][], scores: scores as number[], frames };
}

function isList(value: unknown, count: number, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length === count && value.every(isItem);
}

function isBox(value: unknown): boolean {
  return isList(value, 4, Number.isFinite);
}

/** Best first. Throws `ProtocolError` when the frames are not those of the result. */
export function masksOf(
  result: ServerResult,
  frames: readonly ArrayBuffer[],
  image: { width: number; height: number },
): FoundMask[] {
  if (frames.length !== result.boxes.length) throw new ProtocolError('a result lacks masks');
  const found = frames.map((frame, i) => {
    const { answer, index, mask } = readFrame(frame);
    if (answer !== result.answer || index !== i) throw new ProtocolError('a mask is of another result');
    if (mask.width !== image.width || mask.height !== image.height) {
      throw new ProtocolError('a mask has another size than the image');
    }
    const [x0, y0, x1, y1] = result.boxes[i];
    return { mask, box: { x0, y0, x1, y1 }, score: result.scores[i] };
  });
  return found.sort((a, b) => b.score - a.score);
}

function readFrame(frame: ArrayBuffer): ReturnType<typeof decodeMaskFrame> {
  try {
    return decodeMaskFrame(frame);
  } catch (error) {
    throw new ProtocolError(error instanceof Error ? error.message : String(error));
  }
}

import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api/api-error';
import type { Model } from '../api/types';
import { EncodingCache } from '../cache/encoding-cache';
import { makeEncoding } from '../cache/encoding-file-fixture';
import { EncodingLoader } from '../cache/encoding-loader';
import { IndexedDbStore } from '../cache/indexed-db-store';
import { BrowserSource, decoderFiles } from './browser-source';
import type { WorkerLike } from './decoder-client';
import type { DecoderReply, DecoderRequest } from './decoder-messages';
import { NotHere, SourceFailed, Superseded } from './mask-source';
import type { PromptSet } from './mask-source';

const image = { id: 'image-1', width: 4, height: 2 };
const click: PromptSet = { points: [{ x: 1, y: 1, positive: true }], box: null, multimask: false };
const runs = Uint32Array.of(1, 2, 5);

function modelOf(fingerprint: string): Model {
  return {
    name: 'demo',
    fingerprint,
    preprocess: '1',
    image_size: 256,
    mask_side: 128,
    stability: { fallback: true, delta: 0.05, threshold: 0.98 },
    precision: 'fp32',
    device: 'cpu',
    profiles: ['trunk'],
    parts: [
      {
        name: 'prompt_encoder_mask_decoder_with_mask',
        url: '/api/v1/models/current/prompt_encoder_mask_decoder_with_mask.onnx?v=1',
      },
    ],
  };
}

/** A worker that answers what the test says, and prompts only when it is told to where they are held. */
class FakeWorker implements WorkerLike {
  onmessage: WorkerLike['onmessage'] = null;
  onerror: WorkerLike['onerror'] = null;
  onmessageerror: WorkerLike['onmessageerror'] = null;
  requests: DecoderRequest[] = [];
  terminated = false;
  /** The image has to be opened again. */
  forgetful = false;
  held: (() => void)[] | null = null;

  postMessage(message: unknown): void {
    const { id, request } = message as { id: number; request: DecoderRequest };
    this.requests.push(request);
    const answer = () => {
      const reply = this.reply(id, request);
      queueMicrotask(() => this.onmessage?.({ data: reply } as MessageEvent<DecoderReply>));
    };
    if (this.held && request.type === 'segment') this.held.push(answer);
    else answer();
  }

  terminate(): void {
    this.terminated = true;
  }

  /** Lets so many held requests be answered, when they have come. */
  async release(count: number): Promise<void> {
    await vi.waitFor(() => expect(this.held).toHaveLength(count));
    for (const answer of this.held?.splice(0) ?? []) answer();
  }

  get types(): string[] {
    return this.requests.map(({ type }) => type);
  }

  private reply(id: number, request: DecoderRequest): DecoderReply {
    if (failOn === request.type) return { id, error: `no ${request.type}` };
    if (request.type === 'load') return { id, value: { backend: 'wasm', reason: 'no WebGPU' } };
    if (request.type === 'open') return { id, value: null };
    const masks = this.forgetful ? null : [{ runs, score: 0.75 }];
    this.forgetful = false;
    return { id, value: { masks } };
  }
}

let workers: FakeWorker[];
/** Requests of this type fail. */
let failOn: DecoderRequest['type'] | null = null;
let fingerprint: string;
let serverIsAway: boolean;
let downloads: number;
let source: BrowserSource;
let databases = 0;

beforeEach(async () => {
  workers = [];
  failOn = null;
  fingerprint = 'model-a';
  serverIsAway = false;
  downloads = 0;
  const store = await IndexedDbStore.open(`browser source ${++databases}`);
  const cache = await EncodingCache.open({ store, channel: null, budgetBytes: 1e6 });
  const away = () => Promise.reject(ApiError.unreachable('away'));
  const loader = new EncodingLoader(
    {
      downloadEncoding: async () => {
        if (serverIsAway) return away();
        ++downloads;
        return new Response(await makeEncoding({ model: fingerprint }));
      },
    },
    cache,
  );
  source = new BrowserSource({
    api: {
      model: () => (serverIsAway ? away() : Promise.resolve(modelOf(fingerprint))),
      connection: { baseUrl: 'http://server', token: () => 'secret' } as never,
    },
    loader,
    createWorker: () => {
      workers.push(new FakeWorker());
      return workers[workers.length - 1];
    },
  });
});

describe('BrowserSource', () => {
  it('loads the decoder once, opens the image, and gives its masks', async () => {
    const session = await source.open(image);
    const answer = await session.segment(click);
    expect(answer).toMatchObject({ source: 'browser', masks: [{ score: 0.75, box: { x0: 1, y0: 0, x1: 3, y1: 1 } }] });
    expect(answer.masks[0].mask.area).toBe(2);
    await source.open({ ...image, id: 'image-2' });
    expect(workers).toHaveLength(1);
    expect(workers[0].types).toEqual(['load', 'open', 'segment', 'open']);
    expect(workers[0].requests[0]).toMatchObject({
      token: 'secret',
      gpu: 'try',
      model: {
        url: 'http://server/api/v1/models/current/prompt_encoder_mask_decoder_with_mask.onnx?v=1',
        maskSide: 128,
      },
    });
    expect(source.facts).toEqual({ backend: 'wasm', reason: 'no WebGPU' });
  });

  it('opens a cached image without the server', async () => {
    (await source.open(image)).close();
    serverIsAway = true;
    const session = await source.open(image);
    expect((await session.segment(click)).masks).toHaveLength(1);
    expect(downloads).toBe(1);
    expect(source.hasEncoding(image.id)).toBe(true);
    expect(source.hasEncoding('image-2')).toBe(false);
    await expect(source.open({ ...image, id: 'image-2' })).rejects.toThrow(ApiError);
  });

  it('opens an image again that the worker made room of', async () => {
    const session = await source.open(image);
    workers[0].forgetful = true;
    expect((await session.segment(click)).masks).toHaveLength(1);
    expect(workers[0].types).toEqual(['load', 'open', 'segment', 'open', 'segment']);
    expect(downloads).toBe(1);
  });

  it('loads another decoder when the server has another model', async () => {
    await source.open(image);
    fingerprint = 'model-b';
    const session = await source.open(image);
    expect(workers.map(({ terminated }) => terminated)).toEqual([true, false]);
    expect(downloads).toBe(2);
    expect((await session.segment(click)).masks).toHaveLength(1);
  });

  it('answers an empty prompt with nothing, without asking', async () => {
    const session = await source.open(image);
    const { masks } = await session.segment({ points: [], box: null, multimask: true });
    expect(masks).toEqual([]);
    expect(workers[0].types).not.toContain('segment');
  });

  it('drops previews of which a newer one came', async () => {
    const session = await source.open(image);
    workers[0].held = [];
    const first = session.segment(click, { preview: true });
    const second = session.segment(click, { preview: true });
    const third = session.segment(click, { preview: true });
    const clicked = session.segment(click);
    await expect(second).rejects.toBeInstanceOf(Superseded);
    await workers[0].release(2);
    await Promise.all([first, clicked]);
    await workers[0].release(1);
    await third;
  });

  it('fails when the decoder cannot be loaded, and tries again the next time', async () => {
    failOn = 'load';
    await expect(source.open(image)).rejects.toThrow('no load');
    failOn = null;
    expect(workers[0].terminated).toBe(true);
    await source.open(image);
    expect(workers).toHaveLength(2);
  });

  it('fails what waits when the worker dies, and lives again the next time', async () => {
    const session = await source.open(image);
    workers[0].held = [];
    const answer = session.segment(click);
    const failed = expect(answer).rejects.toThrow(SourceFailed);
    await Promise.resolve();
    workers[0].onerror?.({ message: 'out of memory' } as ErrorEvent);
    await failed;
    expect(source.facts).toBeNull();
    expect((await (await source.open(image)).segment(click)).masks).toHaveLength(1);
  });

  it('knows no concepts', async () => {
    const session = await source.open(image);
    await expect(session.findConcept({ text: 'cat', exemplars: [], threshold: 0.5 })).rejects.toThrow(NotHere);
  });
});

describe('decoderFiles', () => {
  it('names all that decoding needs', () => {
    const files = decoderFiles(modelOf('model-a'));
    expect(files[0]).toBe('/api/v1/models/current/prompt_encoder_mask_decoder_with_mask.onnx?v=1&dtype=fp32');
    expect(files.slice(1).map((file) => file.split('.').at(-1))).toEqual(['mjs', 'wasm']);
  });
});

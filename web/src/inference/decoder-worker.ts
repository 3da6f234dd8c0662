/** The worker that decodes prompts in the browser. Requests are answered one after the other. */
import { chooseDecoder } from './backend-choice';
import type { ChosenDecoder } from './backend-choice';
import type {
  DecoderAnswers,
  DecoderModel,
  DecoderReply,
  DecoderRequest,
  LoadRequest,
  OpenRequest,
  SegmentRequest,
} from './decoder-messages';
import type { FeatureType } from './feature-values';
import { finishMasks } from './finish-masks';
import type { PreparedImage } from './prompt-decoder';

/** Features in float32 are 20 MB an image: enough to go back and forth between neighbours. */
const maxOpenImages = 4;

let model: DecoderModel | null = null;
let chosen: ChosenDecoder | null = null;
/** The longest unused first. */
const images = new Map<string, PreparedImage>();
let work: Promise<void> = Promise.resolve();

self.onmessage = ({ data }: MessageEvent<{ id: number; request: DecoderRequest }>) => {
  work = work.then(() => answer(data.id, data.request));
};

async function answer(id: number, request: DecoderRequest): Promise<void> {
  let reply: DecoderReply;
  try {
    reply = { id, value: await handle(request) };
  } catch (error) {
    reply = { id, error: error instanceof Error ? error.message : String(error) };
  }
  self.postMessage(reply, buffersIn(reply));
}

function handle(request: DecoderRequest): Promise<DecoderAnswers[DecoderRequest['type']]> {
  switch (request.type) {
    case 'load':
      return load(request);
    case 'open':
      return open(request);
    case 'segment':
      return segment(request);
  }
}

async function load({ model: wanted, token, gpu }: LoadRequest): Promise<DecoderAnswers['load']> {
  for (const id of images.keys()) forget(id);
  await chosen?.decoder.release();
  chosen = null;
  model = wanted;
  chosen = await chooseDecoder(wanted, gpu, (type) => fetchGraph(wanted.url, type, token));
  return { backend: chosen.backend, reason: chosen.reason };
}

async function fetchGraph(url: string, type: FeatureType, token: string | null): Promise<Uint8Array> {
  const ofType = new URL(url, self.location.href);
  ofType.searchParams.set('dtype', type === 'float16' ? 'fp16' : 'fp32');
  const headers: HeadersInit = token === null ? {} : { Authorization: `Bearer ${token}` };
  const response = await fetch(ofType, { headers });
  if (!response.ok) throw new Error(`the decoder could not be fetched: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

function open({ imageId, width, height, encoding }: OpenRequest): Promise<null> {
  const prepared = loaded().chosen.decoder.prepare({ width, height, encoding });
  forget(imageId);
  images.set(imageId, prepared);
  for (const oldest of images.keys()) {
    if (images.size <= maxOpenImages) break;
    forget(oldest);
  }
  return Promise.resolve(null);
}

async function segment({ imageId, prompts }: SegmentRequest): Promise<DecoderAnswers['segment']> {
  const image = images.get(imageId);
  if (!image) return { masks: null };
  images.delete(imageId);
  images.set(imageId, image);
  const { chosen, model } = loaded();
  const candidates = await chosen.decoder.decode(image, prompts);
  const { width, height } = image;
  const rule = model.stability;
  return { masks: finishMasks(candidates, { rule, multimask: prompts.multimask, width, height }) };
}

function loaded(): { chosen: ChosenDecoder; model: DecoderModel } {
  if (!chosen || !model) throw new Error('no decoder is loaded');
  return { chosen, model };
}

function forget(imageId: string): void {
  const image = images.get(imageId);
  if (image) chosen?.decoder.forget(image);
  images.delete(imageId);
}

function buffersIn(reply: DecoderReply): Transferable[] {
  const { masks } = (('value' in reply ? reply.value : null) as Partial<DecoderAnswers['segment']>) ?? {};
  return masks?.map(({ runs }) => runs.buffer as ArrayBuffer) ?? [];
}

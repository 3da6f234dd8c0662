/** Masks from the browser itself: the model's decoder in a worker, on the image's encoding from the cache or the server. */
import { ApiError } from '../api/api-error';
import type { ApiClient } from '../api/client';
import type { Model } from '../api/types';
import { interactiveKey } from '../cache/encoding-loader';
import type { EncodingLoader } from '../cache/encoding-loader';
import { Mask } from '../geometry/mask';
import { DecoderClient } from './decoder-client';
import type { WorkerLike } from './decoder-client';
import type { DecoderModel, GpuWish, LoadAnswer } from './decoder-messages';
import { LatestLane } from './latest-lane';
import { NotHere, SourceFailed } from './mask-source';
import type {
  FoundMask,
  ImageOfSession,
  ImageSession,
  MaskAnswer,
  MaskSource,
  PromptSet,
  SegmentOptions,
} from './mask-source';
import { runtimeFiles } from './runtime-files';

const decoderPart = 'prompt_encoder_mask_decoder_with_mask';

export interface BrowserSourceOptions {
  api: Pick<ApiClient, 'model' | 'connection'>;
  loader: EncodingLoader;
  /** Asked when the decoder is loaded. */
  gpu?: () => GpuWish;
  createWorker?: () => WorkerLike;
  /** Told which model the encodings must be of. */
  onModel?: (fingerprint: string) => void;
}

/** A decoder that is being loaded or is there, for one model. */
interface Loaded {
  model: DecoderModel;
  client: DecoderClient;
  answer: Promise<LoadAnswer>;
}

export class BrowserSource implements MaskSource {
  readonly kind = 'browser';
  private loaded: Loaded | null = null;
  private knownFacts: LoadAnswer | null = null;

  constructor(private readonly options: BrowserSourceOptions) {}

  /** What it decodes with; null: nothing is loaded. */
  get facts(): LoadAnswer | null {
    return this.knownFacts;
  }

  /** Rejects with `SourceFailed` or `ApiError`; the next time everything is tried again. */
  async open(image: ImageOfSession): Promise<ImageSession> {
    const session = new BrowserSession(image, (signal) => this.opened(image, signal));
    await session.ready();
    return session;
  }

  /** Whether an image could be opened without the server. */
  hasEncoding(imageId: string): boolean {
    const { loaded } = this;
    return loaded !== null && this.options.loader.isCached(interactiveKey(imageId, loaded.model.fingerprint));
  }

  /** Loads the decoder anew, with another wish for the GPU. */
  reload(): void {
    this.loaded?.client.close();
  }

  close(): void {
    this.loaded?.client.close();
  }

  private async opened(image: ImageOfSession, signal?: AbortSignal): Promise<DecoderClient> {
    const { client, model, answer } = await this.decoder();
    const key = interactiveKey(image.id, model.fingerprint);
    const [encoding, facts] = await Promise.all([this.options.loader.load(key, signal), answer]);
    this.knownFacts = facts;
    await client.ask({ type: 'open', imageId: image.id, width: image.width, height: image.height, encoding });
    return client;
  }

  private async decoder(): Promise<Loaded> {
    const model = await this.currentModel();
    if (this.loaded?.model.fingerprint === model.fingerprint) return this.loaded;
    this.loaded?.client.close();
    return this.load(model);
  }

  private load(model: DecoderModel): Loaded {
    const { api, gpu, createWorker = decoderWorker, onModel } = this.options;
    onModel?.(model.fingerprint);
    const forget = () => {
      if (this.loaded === loaded) this.loaded = this.knownFacts = null;
    };
    const client = new DecoderClient(createWorker(), forget);
    const answer = client.ask({ type: 'load', model, token: api.connection.token(), gpu: gpu?.() ?? 'try' });
    const loaded: Loaded = { model, client, answer };
    this.loaded = loaded;
    // A worker without a decoder is of no use to anybody.
    answer.catch(() => client.close());
    return loaded;
  }

  /** Of a server that is away: what is loaded stays right. */
  private async currentModel(): Promise<DecoderModel> {
    try {
      return decoderModel(await this.options.api.model(), this.options.api.connection.baseUrl);
    } catch (error) {
      if (this.loaded && error instanceof ApiError && error.isTemporary) return this.loaded.model;
      throw error;
    }
  }
}

/** What decoding without a GPU needs, for whoever keeps it for later. */
export function decoderFiles(model: Model, baseUrl = ''): string[] {
  const { script, binary } = runtimeFiles.plain;
  return [`${decoderModel(model, baseUrl).url}&dtype=fp32`, script, binary];
}

function decoderModel(model: Model, baseUrl: string): DecoderModel {
  const part = model.parts.find(({ name }) => name === decoderPart);
  if (!part) throw new SourceFailed(`the server offers no ${decoderPart}`);
  return {
    fingerprint: model.fingerprint,
    url: baseUrl + part.url,
    imageSize: model.image_size,
    maskSide: model.mask_side,
    stability: model.stability,
  };
}

function decoderWorker(): WorkerLike {
  return new Worker(new URL('./decoder-worker.ts', import.meta.url), { type: 'module' });
}

class BrowserSession implements ImageSession {
  private readonly clicks = new LatestLane();
  private readonly previews = new LatestLane();
  private client: Promise<DecoderClient> | null = null;
  private readonly closing = new AbortController();

  constructor(
    private readonly image: ImageOfSession,
    private readonly openImage: (signal: AbortSignal) => Promise<DecoderClient>,
  ) {}

  ready(): Promise<DecoderClient> {
    this.client ??= this.openImage(this.closing.signal).catch((error: unknown) => {
      this.client = null;
      throw error;
    });
    return this.client;
  }

  segment(prompts: PromptSet, options: SegmentOptions = {}): Promise<MaskAnswer> {
    const { preview = false, object = '', signal } = options;
    const lane = preview ? this.previews : this.clicks;
    return lane.submit(preview ? '' : object, () => this.decode(prompts), signal);
  }

  findConcept(): Promise<MaskAnswer> {
    return Promise.reject(new NotHere('concepts are found by the server alone'));
  }

  close(): void {
    const reason = new SourceFailed('the session was closed');
    this.clicks.close(reason);
    this.previews.close(reason);
    this.closing.abort(reason);
  }

  private async decode(prompts: PromptSet): Promise<MaskAnswer> {
    const start = performance.now();
    const asksForSomething = prompts.points.length > 0 || prompts.box !== null;
    const masks = asksForSomething ? await this.ask(prompts) : [];
    return { masks, latencyMs: performance.now() - start, source: 'browser' };
  }

  private async ask(prompts: PromptSet): Promise<FoundMask[]> {
    const { id, width, height } = this.image;
    const client = await this.ready();
    const { masks } = await client.ask({ type: 'segment', imageId: id, prompts });
    if (!masks) {
      // The worker keeps few images, and had to make room for others.
      this.client = null;
      return this.ask(prompts);
    }
    return masks.map(({ runs, score }) => {
      const mask = Mask.fromRuns(width, height, runs);
      return { mask, box: mask.box() ?? { x0: 0, y0: 0, x1: 0, y1: 0 }, score };
    });
  }
}

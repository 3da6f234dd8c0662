/** Masks from the server, over one WebSocket an image. */
import type { ApiClient } from '../api/client';
import { LatestLane } from './latest-lane';
import { SourceFailed } from './mask-source';
import type {
  ConceptPrompt,
  ImageOfSession,
  ImageSession,
  MaskAnswer,
  MaskSource,
  PromptSet,
  SegmentOptions,
} from './mask-source';
import type { ConnectionOptions, SocketLike } from './server-connection';
import { ServerConnection } from './server-connection';
import { conceptMessage, masksOf, ProtocolError, segmentMessage } from './session-protocol';

export interface ServerSourceOptions {
  api: Pick<ApiClient, 'interactiveUrl' | 'interactiveProtocols'>;
  connection?: Partial<ConnectionOptions>;
  createSocket?: (url: string, protocols: string[]) => SocketLike;
}

export class ServerSource implements MaskSource {
  readonly kind = 'server';

  constructor(private readonly options: ServerSourceOptions) {}

  open(image: ImageOfSession): Promise<ImageSession> {
    const { api, connection, createSocket = browserSocket } = this.options;
    const openSocket = () => createSocket(api.interactiveUrl(image.id), api.interactiveProtocols());
    return Promise.resolve(new ServerSession(image, new ServerConnection(openSocket, connection)));
  }
}

function browserSocket(url: string, protocols: string[]): SocketLike {
  return new WebSocket(url, protocols) as SocketLike;
}

class ServerSession implements ImageSession {
  private readonly clicks = new LatestLane();
  private readonly previews = new LatestLane();
  private readonly concepts = new LatestLane();

  constructor(
    private readonly image: ImageOfSession,
    private readonly connection: ServerConnection,
  ) {}

  segment(prompts: PromptSet, options: SegmentOptions = {}): Promise<MaskAnswer> {
    const { preview = false, object = '', signal } = options;
    const lane = preview ? this.previews : this.clicks;
    return lane.submit(preview ? '' : object, () => this.ask(segmentMessage(prompts, preview)), signal);
  }

  findConcept(prompt: ConceptPrompt, { signal }: { signal?: AbortSignal } = {}): Promise<MaskAnswer> {
    return this.concepts.submit('', () => this.ask(conceptMessage(prompt)), signal);
  }

  close(): void {
    const reason = new SourceFailed('the session was closed');
    for (const lane of [this.clicks, this.previews, this.concepts]) lane.close(reason);
    this.connection.close();
  }

  private async ask(message: object): Promise<MaskAnswer> {
    const start = performance.now();
    const { result, frames } = await this.connection.ask(message);
    try {
      const masks = masksOf(result, frames, this.image);
      return { masks, latencyMs: performance.now() - start, source: 'server' };
    } catch (error) {
      throw error instanceof ProtocolError ? new SourceFailed(error.message) : error;
    }
  }
}

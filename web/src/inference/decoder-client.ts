/** The page's end of the decoder's worker: promises in place of messages. */
import type { DecoderAnswers, DecoderReply, DecoderRequest } from './decoder-messages';
import { SourceFailed } from './mask-source';

export interface WorkerLike {
  postMessage(message: unknown, transfer: Transferable[]): void;
  terminate(): void;
  onmessage: ((event: MessageEvent<DecoderReply>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
}

interface Waiting {
  resolve: (value: never) => void;
  reject: (reason: Error) => void;
}

export class DecoderClient {
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;
  private dead: SourceFailed | null = null;

  /** `onDeath` is called once when the worker cannot go on. */
  constructor(
    private readonly worker: WorkerLike,
    private readonly onDeath: (reason: SourceFailed) => void = () => undefined,
  ) {
    worker.onmessage = ({ data }) => this.settle(data);
    worker.onerror = (event) => this.die(event.message || 'its script did not load');
    worker.onmessageerror = () => this.die('an answer could not be read');
  }

  /** Rejects with `SourceFailed`. */
  ask<R extends DecoderRequest>(request: R): Promise<DecoderAnswers[R['type']]> {
    if (this.dead) return Promise.reject(this.dead);
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, request }, request.type === 'open' ? [request.encoding] : []);
    });
  }

  close(): void {
    this.die('it was closed');
  }

  private settle(reply: DecoderReply): void {
    const waiting = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if ('error' in reply) waiting?.reject(new SourceFailed(reply.error));
    else waiting?.resolve(reply.value as never);
  }

  private die(why: string): void {
    if (this.dead) return;
    this.dead = new SourceFailed(`the decoder's worker ended: ${why}`);
    this.worker.terminate();
    for (const { reject } of this.waiting.values()) reject(this.dead);
    this.waiting.clear();
    this.onDeath(this.dead);
  }
}

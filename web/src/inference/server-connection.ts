/**
 * A WebSocket to one image that comes back by itself.
 *
 * Every `ask` is answered once. When the connection is lost, what was not answered is sent again on the next one; the
 * messages say everything, so it does not matter what the server knew. While the connection cannot be had, asks wait
 * for `patienceMs` and then reject with `SourceFailed`; attempts go on in the background, with growing pauses.
 */
import { PromptRefused, SourceFailed, Superseded } from './mask-source';
import type { ServerError, ServerMessage, ServerResult } from './session-protocol';
import { greeting, parseServerMessage, ProtocolError } from './session-protocol';

export interface SocketLike {
  binaryType: string;
  send(text: string): void;
  close(code?: number): void;
  onopen: (() => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
}

export type OpenSocket = () => SocketLike;

export interface ConnectionOptions {
  /** How long an ask waits for a connection. */
  patienceMs: number;
  firstPauseMs: number;
  longestPauseMs: number;
  /** After this long without a word, with asks open, the server is asked whether it is there … */
  quietMs: number;
  /** … and has this long to answer. */
  pongMs: number;
  /** How often one ask is sent again because the server had too much to do. */
  maxRetries: number;
}

const defaults: ConnectionOptions = {
  patienceMs: 4000,
  firstPauseMs: 250,
  longestPauseMs: 15_000,
  quietMs: 10_000,
  pongMs: 5000,
  maxRetries: 8,
};

const closedByUs = 1000;
const imageRemoved = 4404;
const longestRetryPauseMs = 10_000;

export interface Answer {
  result: ServerResult;
  frames: ArrayBuffer[];
}

interface Ask {
  message: object;
  retries: number;
  resolve: (answer: Answer) => void;
  reject: (reason: Error) => void;
  patience: Timer | null;
}

type Timer = ReturnType<typeof setTimeout>;

export class ServerConnection {
  private readonly options: ConnectionOptions;
  private readonly asks = new Map<number, Ask>();
  private socket: SocketLike | null = null;
  private isOpen = false;
  private lastSeq = 0;
  private attempts = 0;
  private nextAttempt: Timer | null = null;
  private watch: Timer | null = null;
  private receiving: Answer | null = null;
  private ended: Error | null = null;

  /** `onState` hears when the connection is there, and when it is lost. */
  constructor(
    private readonly openSocket: OpenSocket,
    options: Partial<ConnectionOptions> = {},
    private readonly onState: (open: boolean) => void = () => undefined,
  ) {
    this.options = { ...defaults, ...options };
    this.connect();
  }

  ask(message: object): Promise<Answer> {
    if (this.ended) return Promise.reject(this.ended);
    return new Promise((resolve, reject) => {
      const ask: Ask = { message, retries: 0, resolve, reject, patience: null };
      const seq = ++this.lastSeq;
      this.asks.set(seq, ask);
      if (this.isOpen) this.send(seq, ask);
      else this.waitForConnection(seq, ask);
    });
  }

  close(): void {
    this.end(new SourceFailed('the session was closed'));
  }

  private connect(): void {
    this.nextAttempt = null;
    const socket = this.openSocket();
    this.socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.opened();
    socket.onclose = ({ code, reason }) => this.lost(code, reason);
    socket.onmessage = ({ data }) => this.received(data);
  }

  private opened(): void {
    this.isOpen = true;
    this.socket?.send(JSON.stringify(greeting));
    for (const [seq, ask] of this.asks) {
      clearTimeout(ask.patience ?? undefined);
      this.send(seq, ask);
    }
    this.onState(true);
  }

  private send(seq: number, ask: Ask): void {
    this.socket?.send(JSON.stringify({ ...ask.message, seq }));
    this.watchOver();
  }

  private lost(code: number, reason: string): void {
    const wasOpen = this.isOpen;
    this.detach();
    if (wasOpen) this.onState(false);
    if (code === imageRemoved) {
      this.end(new PromptRefused(reason || 'the image was removed'));
      return;
    }
    for (const [seq, ask] of this.asks) this.waitForConnection(seq, ask);
    const { firstPauseMs, longestPauseMs } = this.options;
    const pause = Math.min(firstPauseMs * 2 ** this.attempts++, longestPauseMs);
    // Not all pages at once, when a server comes back.
    this.nextAttempt = setTimeout(() => this.connect(), pause * (0.75 + Math.random() / 2));
  }

  private detach(): void {
    const socket = this.socket;
    this.isOpen = false;
    this.socket = null;
    this.receiving = null;
    clearTimeout(this.watch ?? undefined);
    if (!socket) return;
    socket.onopen = socket.onclose = socket.onmessage = null;
    socket.close(closedByUs);
  }

  private end(reason: Error): void {
    this.ended ??= reason;
    this.detach();
    clearTimeout(this.nextAttempt ?? undefined);
    for (const seq of [...this.asks.keys()]) this.take(seq)?.reject(this.ended);
  }

  private waitForConnection(seq: number, ask: Ask): void {
    clearTimeout(ask.patience ?? undefined);
    ask.patience = setTimeout(() => {
      this.take(seq)?.reject(new SourceFailed('the server cannot be reached'));
    }, this.options.patienceMs);
  }

  private take(seq: number | null): Ask | null {
    const ask = seq === null ? undefined : this.asks.get(seq);
    if (seq === null || !ask) return null;
    clearTimeout(ask.patience ?? undefined);
    this.asks.delete(seq);
    return ask;
  }

  private received(data: unknown): void {
    this.attempts = 0;
    this.watchOver();
    try {
      if (data instanceof ArrayBuffer) this.receiveFrame(data);
      else this.receiveMessage(parseServerMessage(String(data)));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.end(new SourceFailed(`the server speaks another language: ${error.message}`));
    }
  }

  private receiveFrame(frame: ArrayBuffer): void {
    if (!this.receiving) throw new ProtocolError('a mask comes without a result');
    this.receiving.frames.push(frame);
    this.finishAnswer();
  }

  private receiveMessage(message: ServerMessage): void {
    if (this.receiving) throw new ProtocolError('masks of a result are missing');
    switch (message.type) {
      case 'inference_result':
        this.receiving = { result: message, frames: [] };
        this.finishAnswer();
        break;
      case 'superseded':
        this.take(message.seq)?.reject(new Superseded());
        break;
      case 'error':
        this.refused(message);
        break;
      case 'pong':
        break;
    }
  }

  private finishAnswer(): void {
    const answer = this.receiving;
    if (!answer || answer.frames.length < answer.result.frames) return;
    this.receiving = null;
    this.take(answer.result.seq)?.resolve(answer);
  }

  private refused({ seq, detail, retryAfterMs }: ServerError): void {
    const ask = seq === null ? undefined : this.asks.get(seq);
    if (seq === null || !ask) return;
    if (retryAfterMs === null) {
      this.take(seq)?.reject(new PromptRefused(detail));
    } else if (++ask.retries > this.options.maxRetries) {
      this.take(seq)?.reject(new SourceFailed(detail));
    } else {
      setTimeout(
        () => {
          if (this.isOpen && this.asks.get(seq) === ask) this.send(seq, ask);
        },
        Math.min(retryAfterMs, longestRetryPauseMs),
      );
    }
  }

  /** A connection can be dead for minutes before the system says so. */
  private watchOver(): void {
    clearTimeout(this.watch ?? undefined);
    if (!this.isOpen || this.asks.size === 0) return;
    this.watch = setTimeout(() => {
      this.socket?.send(JSON.stringify({ type: 'ping' }));
      this.watch = setTimeout(() => this.lost(0, 'no answer'), this.options.pongMs);
    }, this.options.quietMs);
  }
}

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Mask } from '../geometry/mask';
import { boxMask } from '../geometry/testing/sample-masks';
import { encodeMaskFrame } from '../geometry/mask-frame';
import { PromptRefused, SourceFailed, Superseded } from './mask-source';
import type { ImageSession, PromptSet } from './mask-source';
import type { SocketLike } from './server-connection';
import { ServerSource } from './server-source';

const image = { id: 'image-1', width: 4, height: 2 };
const mask = boxMask(4, 2, { x0: 1, y0: 0, x1: 3, y1: 1 });
const click: PromptSet = { points: [{ x: 1, y: 1, positive: true }], box: null, multimask: false };

interface Sent {
  type: string;
  seq?: number;
  [field: string]: unknown;
}

/** A server that does what the test says. */
class ScriptedSocket implements SocketLike {
  binaryType = '';
  sent: Sent[] = [];
  closedWith: number | undefined;
  onopen: SocketLike['onopen'] = null;
  onclose: SocketLike['onclose'] = null;
  onmessage: SocketLike['onmessage'] = null;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Sent);
  }
  close(code?: number): void {
    this.closedWith = code;
  }
  /** Prompts, without the greeting and pings. */
  get prompts(): Sent[] {
    return this.sent.filter(({ type }) => type === 'set_prompts');
  }
  say(message: object | string | ArrayBuffer): void {
    const isRaw = typeof message === 'string' || message instanceof ArrayBuffer;
    this.onmessage?.({ data: isRaw ? message : JSON.stringify(message) });
  }
  answer(seq: number | undefined, scores: number[] = [0.5]): void {
    const boxes = scores.map(() => [1, 0, 3, 1]);
    this.say({ type: 'inference_result', seq, answer: 7, boxes, scores, frames: scores.length });
    scores.forEach((_, index) => this.say(encodeMaskFrame({ answer: 7, index, mask })));
  }
}

let sockets: ScriptedSocket[];
let protocols: string[][];
let session: ImageSession;

function last(): ScriptedSocket {
  return sockets[sockets.length - 1];
}

beforeEach(async () => {
  vi.useFakeTimers();
  sockets = [];
  protocols = [];
  const source = new ServerSource({
    api: {
      interactiveUrl: (id) => `ws://server/${id}`,
      interactiveProtocols: () => ['bearer.secret'],
    },
    createSocket: (url, offered) => {
      expect(url).toBe('ws://server/image-1');
      protocols.push(offered);
      sockets.push(new ScriptedSocket());
      return last();
    },
  });
  session = await source.open(image);
});

afterEach(() => {
  session.close();
  vi.useRealTimers();
});

describe('ServerSource', () => {
  it('says all prompts in one message and gives the masks best first', async () => {
    last().onopen?.();
    const prompts: PromptSet = {
      points: [
        { x: 1, y: 1.5, positive: true },
        { x: 3, y: 0, positive: false },
      ],
      box: { x0: 0, y0: 0, x1: 2, y1: 2 },
      multimask: true,
    };
    const answer = session.segment(prompts);
    expect(protocols).toEqual([['bearer.secret']]);
    expect(last().sent[0]).toMatchObject({ type: 'set_options', mask_format: 'binary', units: 'pixel' });
    expect(last().prompts).toEqual([
      {
        type: 'set_prompts',
        seq: 1,
        object: 1,
        mode: 'interactive',
        multimask_output: true,
        points: [
          { coords: [1, 1.5], positive: true },
          { coords: [3, 0], positive: false },
        ],
        boxes: [{ coords: [0, 0, 2, 2] }],
      },
    ]);
    last().answer(1, [0.3, 0.9]);
    const { masks, source } = await answer;
    expect(source).toBe('server');
    expect(masks.map(({ score }) => score)).toEqual([0.9, 0.3]);
    expect(masks[0].mask.equals(mask)).toBe(true);
    expect(masks[0].box).toEqual({ x0: 1, y0: 0, x1: 3, y1: 1 });
  });

  it('asks for concepts, and for previews beside the clicks', async () => {
    last().onopen?.();
    const found = session.findConcept({
      text: 'cat',
      exemplars: [{ box: { x0: 0, y0: 0, x1: 1, y1: 1 }, positive: false }],
      threshold: 0.25,
    });
    const preview = session.segment(click, { preview: true });
    const clicked = session.segment(click);
    const [concept, ahead, prompt] = last().prompts;
    expect(concept).toMatchObject({ mode: 'concept', text: 'cat', confidence_threshold: 0.25 });
    expect(concept.boxes).toEqual([{ coords: [0, 0, 1, 1], positive: false }]);
    expect(new Set([concept.object, ahead.object, prompt.object]).size).toBe(3);
    for (const { seq } of [concept, ahead, prompt]) last().answer(seq);
    await Promise.all([found, preview, clicked]);
  });

  it('asks one thing at a time and drops what a newer prompt took the place of', async () => {
    last().onopen?.();
    const first = session.segment(click, { object: 'a' });
    const second = session.segment(click, { object: 'a' });
    const third = session.segment({ ...click, multimask: true }, { object: 'a' });
    await expect(second).rejects.toBeInstanceOf(Superseded);
    expect(last().prompts).toHaveLength(1);
    last().answer(1);
    await first;
    await vi.advanceTimersByTimeAsync(0);
    expect(last().prompts[1]).toMatchObject({ multimask_output: true });
    last().answer(last().prompts[1].seq);
    await third;
  });

  it('takes the server at its word that a prompt was superseded', async () => {
    last().onopen?.();
    const answer = session.segment(click);
    last().say({ type: 'superseded', seq: 1 });
    await expect(answer).rejects.toBeInstanceOf(Superseded);
  });

  it('sends again what was not answered when the connection comes back', async () => {
    const answer = session.segment(click);
    last().onopen?.();
    last().say({ type: 'inference_result', seq: 1, answer: 7, boxes: [[1, 0, 3, 1]], scores: [0.5], frames: 1 });
    last().onclose?.({ code: 1006, reason: '' }); // before its mask
    await vi.advanceTimersByTimeAsync(1000);
    expect(sockets).toHaveLength(2);
    last().onopen?.();
    expect(last().prompts).toMatchObject([{ seq: 1 }]);
    last().answer(1);
    expect((await answer).masks).toHaveLength(1);
  });

  it('gives up an ask when no connection is to be had, and goes on trying', async () => {
    const answer = session.segment(click);
    const failed = expect(answer).rejects.toBeInstanceOf(SourceFailed);
    last().onclose?.({ code: 1006, reason: '' });
    await vi.advanceTimersByTimeAsync(5000);
    await failed;
    const before = sockets.length;
    last().onclose?.({ code: 1006, reason: '' });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sockets.length).toBeGreaterThan(before);
    last().onopen?.();
    const again = session.segment(click);
    last().answer(last().prompts[0].seq);
    await again;
  });

  it('pauses longer and longer between attempts', async () => {
    for (let i = 0; i < 6; ++i) {
      last().onclose?.({ code: 1006, reason: '' });
      await vi.advanceTimersByTimeAsync(250 * 2 ** i * 0.74);
      expect(sockets).toHaveLength(i + 1);
      await vi.advanceTimersByTimeAsync(250 * 2 ** i * 0.52);
      expect(sockets).toHaveLength(i + 2);
    }
  });

  it('finds out that a silent connection is dead', async () => {
    last().onopen?.();
    const answer = session.segment(click);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(last().sent.at(-1)).toEqual({ type: 'ping' });
    last().say({ type: 'pong', seq: null });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(6000);
    expect(sockets).toHaveLength(2);
    last().onopen?.();
    last().answer(1);
    await answer;
  });

  it('tells a refused prompt from a busy server', async () => {
    last().onopen?.();
    const refused = session.segment(click);
    last().say({ type: 'error', seq: 1, detail: 'point lies outside of the picture' });
    await expect(refused).rejects.toThrow(PromptRefused);
    const busy = session.segment(click);
    await vi.advanceTimersByTimeAsync(0);
    last().say({ type: 'error', seq: 2, detail: 'too many', retry_after_ms: 250 });
    await vi.advanceTimersByTimeAsync(250);
    expect(last().prompts.map(({ seq }) => seq)).toEqual([1, 2, 2]);
    last().answer(2);
    await busy;
  });

  it('is over when the image was removed', async () => {
    last().onopen?.();
    const answer = session.segment(click);
    last().onclose?.({ code: 4404, reason: 'the image was deleted' });
    await expect(answer).rejects.toThrow('the image was deleted');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sockets).toHaveLength(1);
    await expect(session.segment(click)).rejects.toThrow(PromptRefused);
  });

  it.each<[string, (socket: ScriptedSocket) => void]>([
    ['no JSON', (socket) => socket.say('hello')],
    ['an unknown message', (socket) => socket.say({ type: 'hello' })],
    ['a list', (socket) => socket.say('[]')],
    ['null', (socket) => socket.say('null')],
    ['a mask without a result', (socket) => socket.say(new ArrayBuffer(24))],
    [
      'boxes without scores',
      (socket) => socket.say({ type: 'inference_result', answer: 1, boxes: [[0, 0, 1, 1]], scores: [] }),
    ],
    [
      'boxes that are none',
      (socket) => socket.say({ type: 'inference_result', answer: 1, boxes: [[0, 0, 1]], scores: [1] }),
    ],
    [
      'a billion frames',
      (socket) => socket.say({ type: 'inference_result', answer: 1, boxes: [], scores: [], frames: 1e9 }),
    ],
    [
      'a frame that is none',
      (socket) => {
        socket.say({ type: 'inference_result', seq: 1, answer: 7, boxes: [[0, 0, 1, 1]], scores: [1], frames: 1 });
        socket.say(new ArrayBuffer(30));
      },
    ],
    [
      'a mask of another size',
      (socket) => {
        socket.say({ type: 'inference_result', seq: 1, answer: 7, boxes: [[0, 0, 1, 1]], scores: [1], frames: 1 });
        socket.say(encodeMaskFrame({ answer: 7, index: 0, mask: Mask.empty(5, 2) }));
      },
    ],
    [
      'a mask of another answer',
      (socket) => {
        socket.say({ type: 'inference_result', seq: 1, answer: 7, boxes: [[0, 0, 1, 1]], scores: [1], frames: 1 });
        socket.say(encodeMaskFrame({ answer: 6, index: 0, mask }));
      },
    ],
  ])('is of no use when the server says %s', async (_, speak) => {
    last().onopen?.();
    const answer = session.segment(click);
    const failed = expect(answer).rejects.toBeInstanceOf(SourceFailed);
    speak(last());
    await failed;
  });

  it('closes the connection with the session', async () => {
    last().onopen?.();
    const answer = session.segment(click);
    session.close();
    await expect(answer).rejects.toBeInstanceOf(SourceFailed);
    expect(last().closedWith).toBe(1000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sockets).toHaveLength(1);
  });
});

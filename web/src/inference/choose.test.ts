import { beforeEach, describe, expect, it, vi } from 'vitest';
import { MaskService } from './choose';
import type { BrowserMaskSource, MaskServiceOptions } from './choose';
import { NotHere, PromptRefused, SourceFailed, Superseded } from './mask-source';
import type { MaskAnswer, MaskSource, PromptSet, SourceKind } from './mask-source';

const image = { id: 'image-1', width: 4, height: 2 };
const click: PromptSet = { points: [{ x: 1, y: 1, positive: true }], box: null, multimask: false };

/** Answers as fast as the test says, or not at all. */
class FakeSource implements MaskSource {
  failure: Error | null = null;
  opened = 0;
  closed = 0;
  asked = 0;

  constructor(
    readonly kind: SourceKind,
    public latencyMs: number,
  ) {}

  open(): ReturnType<MaskSource['open']> {
    ++this.opened;
    return Promise.resolve({
      segment: () => this.answer(),
      findConcept: () => this.answer(),
      close: () => void ++this.closed,
    });
  }

  private answer(): Promise<MaskAnswer> {
    ++this.asked;
    if (this.failure) return Promise.reject(this.failure);
    return Promise.resolve({ masks: [], latencyMs: this.latencyMs, source: this.kind });
  }
}

class FakeBrowser extends FakeSource implements BrowserMaskSource {
  facts: BrowserMaskSource['facts'] = { backend: 'wasm-threads', reason: 'this browser has no WebGPU' };
}

class FakeOnline {
  online = true;
  private listener: (online: boolean) => void = () => undefined;
  subscribe(listener: (online: boolean) => void): () => void {
    this.listener = listener;
    return () => (this.listener = () => undefined);
  }
  set(online: boolean): void {
    this.online = online;
    this.listener(online);
  }
}

let server: FakeSource;
let browser: FakeBrowser;
let now: number;

function service(options: Partial<MaskServiceOptions> = {}): MaskService {
  return new MaskService({ server, browser, now: () => now, ...options });
}

/** Until the measurement is over. */
async function settled(): Promise<void> {
  for (let i = 0; i < 50; ++i) await Promise.resolve();
}

beforeEach(() => {
  server = new FakeSource('server', 30);
  browser = new FakeBrowser('browser', 10);
  now = 0;
});

describe('MaskService', () => {
  it('asks the server until both are measured, then the faster one', async () => {
    const masks = service();
    expect(masks.state).toMatchObject({ kind: 'server', backend: 'websocket', medianMs: null });
    const session = await masks.open(image);
    expect((await session.segment(click)).source).toBe('server');
    await settled();
    expect(masks.state).toMatchObject({ kind: 'browser', backend: 'wasm-threads' });
    expect(masks.state.reason).toBe('measured: browser 10 ms, server 30 ms');
    expect((await session.segment(click)).source).toBe('browser');
    expect(masks.state.medianMs).toBe(10);
  });

  it('stays with the server when that is faster, and measures once', async () => {
    server.latencyMs = 5;
    const masks = service();
    await masks.open(image);
    await settled();
    expect(masks.state).toMatchObject({ kind: 'server', reason: 'measured: browser 10 ms, server 5 ms' });
    const asked = browser.asked;
    await masks.open({ ...image, id: 'image-2' });
    await settled();
    expect(browser.asked).toBe(asked);
  });

  it('stays with the server when the browser cannot decode', async () => {
    browser.failure = new SourceFailed('the decoder could not be fetched');
    const masks = service();
    await masks.open(image);
    await settled();
    expect(masks.state).toMatchObject({ kind: 'server', reason: 'measured: browser does not answer, server 30 ms' });
  });

  it('does what it is told by hand, also in an open session', async () => {
    const masks = service({ choice: 'browser' });
    const session = await masks.open(image);
    expect((await session.segment(click)).source).toBe('browser');
    masks.choose('server');
    expect((await session.segment(click)).source).toBe('server');
    expect(masks.state.reason).toBe('chosen by hand');
  });

  it('falls back when a source fails, says why, and tries it again later', async () => {
    const masks = service({ choice: 'server', restMs: 1000 });
    const session = await masks.open(image);
    server.failure = new SourceFailed('the server cannot be reached');
    expect((await session.segment(click)).source).toBe('browser');
    expect(masks.state).toMatchObject({ kind: 'browser', reason: 'the server cannot be reached' });
    const asked = server.asked;
    await session.segment(click);
    expect(server.asked).toBe(asked);
    server.failure = null;
    now = 1000;
    expect((await session.segment(click)).source).toBe('server');
    expect(masks.state.kind).toBe('server');
  });

  it('falls back from a dead worker to the server, and opens a new one later', async () => {
    const masks = service({ choice: 'browser', restMs: 1000 });
    const session = await masks.open(image);
    await session.segment(click);
    browser.failure = new SourceFailed("the decoder's worker ended");
    expect((await session.segment(click)).source).toBe('server');
    browser.failure = null;
    now = 1000;
    expect((await session.segment(click)).source).toBe('browser');
    expect(browser.opened).toBe(2);
    await settled();
    expect(browser.closed).toBe(1);
  });

  it('does not wait for a server that is known to be away', async () => {
    const online = new FakeOnline();
    const masks = service({ choice: 'server', online });
    const session = await masks.open(image);
    online.set(false);
    expect(masks.state).toMatchObject({ kind: 'browser', reason: 'the server is away' });
    await session.segment(click);
    expect(server.asked).toBe(0);
    online.set(true);
    expect((await session.segment(click)).source).toBe('server');
  });

  it('tells of the failure when neither answers', async () => {
    const onServerFailed = vi.fn();
    const masks = service({ choice: 'server', onServerFailed });
    const session = await masks.open(image);
    server.failure = new SourceFailed('the server cannot be reached');
    browser.failure = new SourceFailed('no encoding');
    await expect(session.segment(click)).rejects.toThrow('the server cannot be reached');
    expect(onServerFailed).toHaveBeenCalled();
  });

  it.each([new Superseded(), new PromptRefused('outside'), new DOMException('aborted', 'AbortError')])(
    'does not take %s for a failure of the source',
    async (error) => {
      const masks = service({ choice: 'server' });
      const session = await masks.open(image);
      server.failure = error;
      await expect(session.segment(click)).rejects.toBe(error);
      expect(browser.asked).toBe(0);
      expect(masks.state.kind).toBe('server');
    },
  );

  it('asks the server alone for concepts', async () => {
    const masks = service({ choice: 'browser' });
    const session = await masks.open(image);
    const prompt = { text: 'cat', exemplars: [], threshold: 0.5 };
    expect((await session.findConcept(prompt)).source).toBe('server');
    server.failure = new SourceFailed('the server cannot be reached');
    await expect(session.findConcept(prompt)).rejects.toBeInstanceOf(NotHere);
  });

  it('tells its listeners what changed, and no more', async () => {
    const masks = service({ choice: 'server' });
    const heard = vi.fn();
    const stop = masks.subscribe(heard);
    const session = await masks.open(image);
    await session.segment(click);
    expect(heard).toHaveBeenCalledTimes(1);
    await session.segment(click);
    expect(heard).toHaveBeenCalledTimes(1);
    stop();
    masks.choose('browser');
    expect(heard).toHaveBeenCalledTimes(1);
  });

  it('closes what it opened', async () => {
    const masks = service({ choice: 'server' });
    const session = await masks.open(image);
    await session.segment(click);
    session.close();
    await settled();
    expect(server.closed).toBe(1);
    await expect(session.segment(click)).rejects.toBeInstanceOf(SourceFailed);
  });
});

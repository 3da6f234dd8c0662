import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Connection } from './connection';
import { watchEvents } from './events';

const status = { id: '1', project: '', encoding_status: 'completed', encoding_error: null, encoded_at: null };

/** A server of streams that the test writes to and breaks off. */
function eventServer() {
  const streams: ReadableStreamDefaultController<Uint8Array>[] = [];
  const urls: string[] = [];
  let refuses = false;
  const fetch = (url: unknown, init?: RequestInit) => {
    urls.push(String(url));
    if (refuses) return Promise.reject(new TypeError('fetch failed'));
    let body: ReadableStreamDefaultController<Uint8Array>;
    const response = new Response(
      new ReadableStream<Uint8Array>({
        start(controller) {
          body = controller;
          streams.push(controller);
        },
      }),
    );
    init?.signal?.addEventListener('abort', () => body.error(init.signal?.reason));
    return Promise.resolve(response);
  };
  return {
    connection: new Connection({ fetch: fetch }),
    urls,
    send: (type: string, data: unknown) =>
      streams.at(-1)?.enqueue(new TextEncoder().encode(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`)),
    breakOff: () => streams.at(-1)?.error(new TypeError('network error')),
    refuse: (yes: boolean) => (refuses = yes),
  };
}

describe('watching events', () => {
  const stop = { controller: new AbortController() };
  const listeners = { onStatus: vi.fn(), onRemoved: vi.fn(), onResync: vi.fn(), onConnected: vi.fn() };

  beforeEach(() => {
    vi.useFakeTimers();
    stop.controller = new AbortController();
    Object.values(listeners).forEach((listener) => listener.mockReset());
  });
  afterEach(() => {
    stop.controller.abort();
    vi.useRealTimers();
  });

  function watch() {
    const server = eventServer();
    const ended = watchEvents(server.connection, listeners, { project: 'cats', signal: stop.controller.signal });
    return { server, ended };
  }
  const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

  it('hands on what the server says', async () => {
    const { server } = watch();
    await settle();
    server.send('status', status);
    server.send('removed', { id: '2', project: '' });
    server.send('resync', {});
    server.send('something new', {});
    await settle();
    expect(server.urls).toEqual(['/api/v1/events?project=cats']);
    expect(listeners.onConnected.mock.calls).toEqual([[true]]);
    expect(listeners.onStatus.mock.calls).toEqual([[status]]);
    expect(listeners.onRemoved.mock.calls).toEqual([[{ id: '2', project: '' }]]);
    expect(listeners.onResync).toHaveBeenCalledTimes(1);
  });

  it('comes back after a break, and says that something may have been missed', async () => {
    const { server } = watch();
    await settle();
    expect(listeners.onResync).not.toHaveBeenCalled();
    server.breakOff();
    await settle(1_000);
    server.send('status', status);
    await settle();
    expect(listeners.onConnected.mock.calls).toEqual([[true], [false], [true]]);
    expect(listeners.onResync).toHaveBeenCalledTimes(1);
    expect(listeners.onStatus).toHaveBeenCalledTimes(1);
  });

  it('asks a dead server ever more rarely, and never gives up', async () => {
    const { server } = watch();
    await settle();
    server.refuse(true);
    server.breakOff();
    await settle(60_000);
    const asked = server.urls.length;
    expect(asked).toBeGreaterThan(4);
    expect(asked).toBeLessThan(16);
    server.refuse(false);
    await settle(25_000);
    expect(listeners.onConnected).toHaveBeenLastCalledWith(true);
  });

  it('does not trust a connection that is silent for too long', async () => {
    const { server } = watch();
    await settle(39_000);
    expect(server.urls).toHaveLength(1);
    await settle(3_000);
    expect(server.urls).toHaveLength(2);
  });

  it('lives through nonsense', async () => {
    const { server } = watch();
    await settle();
    server.send('status', status);
    server.send('status', undefined);
    await settle(1_000);
    expect(server.urls).toHaveLength(2);
  });

  it('ends when told', async () => {
    const { ended } = watch();
    await settle();
    stop.controller.abort();
    await expect(ended).resolves.toBeUndefined();
  });
});

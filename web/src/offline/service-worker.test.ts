import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { commonCache, projectCache, shellPrefix } from './offline-caches';

const origin = 'http://server';

/** Cache Storage as far as the worker uses it. */
class FakeCache {
  readonly kept = new Map<string, Response>();
  match(request: Request | string): Promise<Response | undefined> {
    return Promise.resolve(this.kept.get(urlOf(request))?.clone());
  }
  put(request: Request | string, response: Response): Promise<void> {
    this.kept.set(urlOf(request), response);
    return Promise.resolve();
  }
  async addAll(requests: Request[]): Promise<void> {
    for (const request of requests) await this.put(request, await network(request));
  }
  keys(): Promise<Request[]> {
    return Promise.resolve([...this.kept.keys()].map((url) => new Request(url)));
  }
}

class FakeCaches {
  readonly all = new Map<string, FakeCache>();
  open(name: string): Promise<FakeCache> {
    const cache = this.all.get(name) ?? new FakeCache();
    this.all.set(name, cache);
    return Promise.resolve(cache);
  }
  keys(): Promise<string[]> {
    return Promise.resolve([...this.all.keys()]);
  }
  delete(name: string): Promise<boolean> {
    return Promise.resolve(this.all.delete(name));
  }
}

type Listener = (event: object) => void;

const listeners = new Map<string, Listener>();
const claim = vi.fn(() => Promise.resolve());
const caches = new FakeCaches();
/** What the server answers; a rejection when it is away. */
let network: (request: Request) => Promise<Response>;
let asked: string[];

function urlOf(request: Request | string): string {
  return new URL(typeof request === 'string' ? request : request.url, origin).href;
}

function basic(body: string, status = 200): Response {
  const response = new Response(body, { status });
  Object.defineProperty(response, 'type', { value: 'basic' });
  return response;
}

/** What the page gets: null when the worker leaves it to the browser. */
async function ask(path: string, init: RequestInit & { navigate?: boolean } = {}): Promise<string | null> {
  const request = new Request(origin + path, init);
  if (init.navigate) Object.defineProperty(request, 'mode', { value: 'navigate' });
  let answer: Promise<Response> | null = null;
  const respondWith = (promise: Promise<Response>) => (answer = promise);
  listeners.get('fetch')?.({ request, respondWith });
  return answer === null ? null : (await (answer as Promise<Response>)).text();
}

async function happen(type: string): Promise<void> {
  let work: Promise<unknown> = Promise.resolve();
  listeners.get(type)?.({ waitUntil: (promise: Promise<unknown>) => (work = promise) });
  await work;
}

beforeAll(async () => {
  vi.stubGlobal('self', {
    addEventListener: (type: string, listener: Listener) => listeners.set(type, listener),
    location: new URL(origin),
    clients: { claim },
    skipWaiting: () => Promise.resolve(),
  });
  vi.stubGlobal('caches', caches);
  vi.stubGlobal(
    'Request',
    class extends Request {
      constructor(input: Request | string, init?: RequestInit) {
        super(typeof input === 'string' ? new URL(input, origin) : input, init);
      }
    },
  );
  vi.stubGlobal('fetch', (request: Request) => {
    asked.push(new URL(request.url).pathname);
    return network(request);
  });
  vi.stubGlobal('APP_SHELL', { version: 'new', files: ['/', '/assets/app.js', '/assets/big.wasm'] });
  const script = './service-worker.ts';
  await import(script);
});

beforeEach(async () => {
  asked = [];
  caches.all.clear();
  network = (request) => Promise.resolve(basic(`network ${new URL(request.url).pathname}`));
  await happen('install');
  asked = [];
});

const away = () => Promise.reject(new TypeError('Failed to fetch'));

describe('the app', () => {
  it('comes from the shell, whatever page is opened', async () => {
    network = away;
    expect(await ask('/', { navigate: true })).toBe('network /');
    expect(await ask('/images/1', { navigate: true })).toBe('network /');
    expect(await ask('/assets/app.js')).toBe('network /assets/app.js');
  });

  it('keeps large files when they are first used, and no errors', async () => {
    network = () => Promise.resolve(basic('broken', 500));
    expect(await ask('/assets/big.wasm')).toBe('broken');
    network = () => Promise.resolve(basic('wasm'));
    expect(await ask('/assets/big.wasm')).toBe('wasm');
    network = away;
    expect(await ask('/assets/big.wasm')).toBe('wasm');
  });

  it('replaces the files of older versions, and takes over the large ones that stayed', async () => {
    const old = await caches.open(`${shellPrefix}old`);
    await old.put('/assets/big.wasm', basic('wasm'));
    await old.put('/assets/gone.wasm', basic('gone'));
    await old.put('/assets/old.js', basic('old'));
    await (await caches.open(commonCache)).put('/api/v1/projects', basic('kept'));
    await happen('activate');
    expect(await caches.keys()).toEqual([`${shellPrefix}new`, commonCache]);
    network = away;
    expect(await ask('/assets/big.wasm')).toBe('wasm');
    expect(claim).toHaveBeenCalled();
  });
});

describe('the server’s answers', () => {
  it('come from the network first, and from the copy when it is away', async () => {
    await (await caches.open(commonCache)).put('/api/v1/projects', basic('copy'));
    expect(await ask('/api/v1/projects')).toBe('network /api/v1/projects');
    network = away;
    expect(await ask('/api/v1/projects')).toBe('network /api/v1/projects');
  });

  it('are not replaced by errors', async () => {
    await (await caches.open(commonCache)).put('/api/v1/projects', basic('copy'));
    network = () => Promise.resolve(basic('overloaded', 503));
    expect(await ask('/api/v1/projects')).toBe('copy');
    network = () => Promise.resolve(basic('no token', 401));
    expect(await ask('/api/v1/projects')).toBe('no token');
    network = away;
    expect(await ask('/api/v1/projects')).toBe('copy');
  });

  it('are not kept unless a page kept them', async () => {
    expect(await ask('/api/v1/images/1')).toBe('network /api/v1/images/1');
    network = away;
    await expect(ask('/api/v1/images/1')).rejects.toThrow('Failed to fetch');
  });

  it('that never change come from the copy at once', async () => {
    await (await caches.open(projectCache('cats'))).put('/api/v1/images/1/thumbnail?size=256', basic('copy'));
    expect(await ask('/api/v1/images/1/thumbnail?size=256')).toBe('copy');
    expect(await ask('/api/v1/images/1/content')).toBe('network /api/v1/images/1/content');
    expect(asked).toEqual(['/api/v1/images/1/content']);
  });

  it.each(['/api/v1/events', '/api/v1/images/1/events', '/api/v1/images/1/encoding', '/healthz', '/metrics'])(
    'are left alone: %s',
    async (path) => {
      expect(await ask(path)).toBeNull();
    },
  );

  it('to anything but GET, and pages of the server, are left alone', async () => {
    expect(await ask('/api/v1/images', { method: 'POST', body: '' })).toBeNull();
    expect(await ask('/metrics', { navigate: true })).toBeNull();
    expect(await ask('/api/v1/images/1/content', { headers: { Range: 'bytes=0-9' } })).toBeNull();
  });
});

import { describe, expect, it, vi } from 'vitest';
import { ApiError } from './api-error';
import { ApiClient } from './client';

interface Seen {
  url: string;
  init: RequestInit;
}

/** A client whose server answers from a list, and what it was asked. */
function clientOf(answers: (Response | Error)[], token: string | null = null): { client: ApiClient; seen: Seen[] } {
  const seen: Seen[] = [];
  const fetch = (url: unknown, init: RequestInit = {}) => {
    seen.push({ url: String(url), init });
    init.signal?.throwIfAborted();
    const answer = answers.shift() ?? new Error('nothing more was expected');
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  return { client: new ApiClient({ fetch: fetch, token: () => token }), seen };
}

function problem(status: number, headers: Record<string, string> = {}): Response {
  return Response.json({ type: 'about:blank', title: 'Broken', status, detail: 'it is broken' }, { status, headers });
}

describe('ApiClient', () => {
  it('sends the token with every request, and none when there is none', async () => {
    const open = clientOf([Response.json({ projects: [] })]);
    await open.client.projects();
    expect(open.seen[0].init.headers).toEqual({});
    const guarded = clientOf([Response.json({ projects: [] })], 'secret');
    await guarded.client.projects();
    expect(guarded.seen[0].init.headers).toMatchObject({ Authorization: 'Bearer secret' });
    expect(guarded.client.interactiveProtocols()).toEqual(['bearer.secret']);
  });

  it('goes through the pages of a long list', async () => {
    const { client, seen } = clientOf([
      Response.json({ images: [{ id: '1' }], next_cursor: 'a/b' }),
      Response.json({ images: [{ id: '2' }], next_cursor: null }),
    ]);
    const ids: string[] = [];
    for await (const page of client.allImages({ project: 'cats' })) ids.push(...page.map(({ id }) => id));
    expect(ids).toEqual(['1', '2']);
    expect(seen.map(({ url }) => url)).toEqual([
      '/api/v1/images?limit=1000&project=cats',
      '/api/v1/images?limit=1000&project=cats&cursor=a%2Fb',
    ]);
  });

  it('turns problem details into errors', async () => {
    const error = await clientOf([problem(404)])
      .client.getImage('x')
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 404, title: 'Broken', detail: 'it is broken', isTemporary: false });
  });

  it('says something sensible of an answer that a proxy made', async () => {
    const page = new Response('<html>', { status: 502, statusText: 'Bad Gateway' });
    await expect(clientOf([page]).client.getImage('x')).rejects.toMatchObject({ status: 502, title: 'Bad Gateway' });
  });

  it('knows a server that is away', async () => {
    const error = clientOf([new TypeError('fetch failed')]).client.getImage('x');
    await expect(error).rejects.toMatchObject({ status: 0, isUnreachable: true, isTemporary: true });
  });

  it('asks a busy server again, when it says', async () => {
    vi.useFakeTimers();
    try {
      const { client, seen } = clientOf([problem(503, { 'Retry-After': '2' }), Response.json({ id: 'x' })]);
      const answer = client.getImage('x');
      await vi.advanceTimersByTimeAsync(1_400);
      expect(seen).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(1_200);
      await expect(answer).resolves.toEqual({ id: 'x' });
    } finally {
      vi.useRealTimers();
    }
  });

  it('does not ask again what changes something, nor waits for long', async () => {
    const post = clientOf([problem(503, { 'Retry-After': '0' })]);
    await expect(post.client.encode('x')).rejects.toMatchObject({ status: 503, retryAfterMs: 0 });
    const long = clientOf([problem(429, { 'Retry-After': '3600' })]);
    await expect(long.client.getImage('x')).rejects.toMatchObject({ retryAfterMs: 3_600_000 });
    expect([post.seen.length, long.seen.length]).toEqual([1, 1]);
  });

  it('understands a date in Retry-After', async () => {
    const date = new Date(Date.now() + 60_000).toUTCString();
    const error = await clientOf([problem(503, { 'Retry-After': date })])
      .client.getImage('x')
      .catch((e: unknown) => e);
    expect((error as ApiError).retryAfterMs).toBeGreaterThan(50_000);
  });

  it('lets an abort be an abort', async () => {
    const stop = new AbortController();
    stop.abort();
    await expect(clientOf([]).client.getImage('x', { signal: stop.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });

  it('saves annotations after the revision that it read', async () => {
    const { client, seen } = clientOf([
      Response.json({ version: 1 }, { headers: { ETag: 'W/"3"' } }),
      Response.json({ revision: 4 }, { headers: { ETag: '"4"' } }),
      problem(412),
    ]);
    const { document, etag } = await client.annotations('x');
    expect(await client.putAnnotations('x', document, etag)).toBe('"4"');
    expect(seen[1].init.headers).toMatchObject({ 'If-Match': '"3"' });
    expect(seen[1].init.body).toBe('{"version":1}');
    await expect(client.putAnnotations('x', document, etag)).rejects.toMatchObject({ status: 412 });
  });

  it('puts nothing into a path that does not belong there', async () => {
    const { client, seen } = clientOf([Response.json({})]);
    await client.getImage('../models/current?x=#y');
    expect(seen[0].url).toBe('/api/v1/images/..%2Fmodels%2Fcurrent%3Fx%3D%23y');
  });

  it('asks for the file of an encoding, not for its description', async () => {
    const { client, seen } = clientOf([new Response('bytes')]);
    const response = await client.downloadEncoding('x', { profile: 'interactive', dtype: 'fp16' });
    expect(await response.text()).toBe('bytes');
    expect(seen[0].url).toBe('/api/v1/images/x/encoding?profile=interactive&dtype=fp16&download=1');
  });
});

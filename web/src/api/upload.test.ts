// @vitest-environment jsdom
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiClient } from './client';

/** Vitest puts it there. */
declare const jsdom: { virtualConsole: { removeAllListeners: () => void } };

const open: (() => void)[] = [];
afterEach(() => open.splice(0).forEach((close) => close()));

/** A client of a server that answers like this. */
async function serving(
  answer: (request: IncomingMessage, body: string, response: ServerResponse) => void,
): Promise<ApiClient> {
  const server = createServer((request, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Access-Control-Allow-Headers', 'authorization');
    response.setHeader('Access-Control-Expose-Headers', 'Retry-After');
    if (request.method === 'OPTIONS') return void response.end();
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => answer(request, Buffer.concat(pieces).toString('latin1'), response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return new ApiClient({ baseUrl: `http://127.0.0.1:${port}`, token: () => 'secret' });
}

const file = new File(['picture'.repeat(1000)], 'a.jpg', { type: 'image/jpeg' });

describe('upload', () => {
  it('sends the file and its project as a form, with the token, and says how far it is', async () => {
    const client = await serving((request, body, response) => {
      response.statusCode = 201;
      response.end(JSON.stringify({ id: 'x', form: body, token: request.headers.authorization }));
    });
    const onProgress = vi.fn();
    const image = await client.uploadImage(file, { project: 'cats', onProgress });
    expect(image).toMatchObject({ id: 'x', token: 'Bearer secret' });
    expect(image).toHaveProperty(
      'form',
      expect.stringMatching(/name="project"\s+cats\s[^]*name="file"; filename="a.jpg"[^]*(picture){1000}/),
    );
    expect(onProgress).toHaveBeenCalled();
  });

  it('fails with the problem that the server names', async () => {
    const client = await serving((_, __, response) => {
      response.writeHead(415, { 'Retry-After': '3' });
      response.end(JSON.stringify({ title: 'Unsupported Media Type', detail: 'a.jpg is no picture' }));
    });
    await expect(client.uploadImage(file)).rejects.toMatchObject({
      status: 415,
      detail: 'a.jpg is no picture',
      retryAfterMs: 3000,
    });
  });

  it('fails when the connection breaks', async () => {
    jsdom.virtualConsole.removeAllListeners(); // or it is in the terminal, too
    const client = await serving((request) => request.socket.destroy());
    await expect(client.uploadImage(file)).rejects.toMatchObject({ status: 0, isUnreachable: true });
  });

  it('stops when told', async () => {
    const stop = new AbortController();
    const client = await serving(() => stop.abort());
    await expect(client.uploadImage(file, { signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' });
  });
});

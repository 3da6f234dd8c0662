import { describe, expect, it, vi } from 'vitest';

import { ApiClient } from '../../api/client';
import type { Image } from '../../api/types';
import { ImageCollection } from './image-collection';

function image(id: string, encoding_status: Image['encoding_status'] = 'pending'): Image {
  return { id, project: 'cats', filename: `${id}.jpg`, encoding_status } as Image;
}

/** A server with a list of images and a stream of events that the test writes. */
class FakeServer {
  images: Image[] = [image('a'), image('b')];
  readonly asked: string[] = [];
  fails = false;
  private events: ReadableStreamDefaultController<Uint8Array> | null = null;

  readonly fetch: typeof fetch = (input) => {
    const path = input instanceof Request ? input.url : input.toString();
    this.asked.push(path);
    if (path.startsWith('/api/v1/events')) {
      const body = new ReadableStream<Uint8Array>({ start: (controller) => (this.events = controller) });
      return Promise.resolve(new Response(body));
    }
    if (this.fails) return Promise.resolve(Response.json({ title: 'Forbidden', detail: 'not yours' }, { status: 403 }));
    const id = /^\/api\/v1\/images\/([^?]+)$/.exec(path)?.[1];
    const found = this.images.find((one) => one.id === id);
    return Promise.resolve(Response.json(found ?? { images: this.images, next_cursor: null }));
  };

  push(type: string, data: object): void {
    this.events?.enqueue(new TextEncoder().encode(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`));
  }
}

async function opened(server: FakeServer): Promise<ImageCollection> {
  const collection = new ImageCollection(new ApiClient({ fetch: server.fetch }), 'cats');
  await vi.waitFor(() => {
    expect(collection.state.get()).toMatchObject({ status: 'ready', live: true });
  });
  return collection;
}

function statuses(collection: ImageCollection): string[] {
  return collection.state.get().images.map(({ id, encoding_status }) => `${id} ${encoding_status}`);
}

describe('the images of a project', () => {
  it('follow the events of the server', async () => {
    const server = new FakeServer();
    const collection = await opened(server);
    server.push('status', { id: 'a', project: 'cats', encoding_status: 'completed', encoding_error: null });
    server.push('status', {
      id: 'a',
      project: 'dogs',
      encoding_status: 'failed',
      encoding_error: 'of another project',
    });
    server.push('removed', { id: 'b', project: 'cats' });
    await vi.waitFor(() => {
      expect(statuses(collection)).toEqual(['a completed']);
    });
    collection.close();
  });

  it('come in when somebody else uploads one', async () => {
    const server = new FakeServer();
    const collection = await opened(server);
    server.images = [...server.images, image('c')];
    server.push('status', { id: 'c', project: 'cats', encoding_status: 'pending', encoding_error: null });
    await vi.waitFor(() => {
      expect(statuses(collection)).toEqual(['a pending', 'b pending', 'c pending']);
    });
    collection.close();
  });

  it('are read again when events may have been missed', async () => {
    const server = new FakeServer();
    const collection = await opened(server);
    server.images = [image('b', 'completed')];
    server.push('resync', {});
    await vi.waitFor(() => {
      expect(statuses(collection)).toEqual(['b completed']);
    });
    collection.close();
  });

  it('stay on the screen when they cannot be read again', async () => {
    const server = new FakeServer();
    const collection = await opened(server);
    server.fails = true;
    await collection.read();
    expect(statuses(collection)).toEqual(['a pending', 'b pending']);
    expect(collection.state.get().status).toBe('ready');
    collection.close();
  });

  it('say why they cannot be read at first', async () => {
    const server = new FakeServer();
    server.fails = true;
    const collection = new ImageCollection(new ApiClient({ fetch: server.fetch }), 'cats');
    await vi.waitFor(() => {
      expect(collection.state.get().status).toBe('failed');
    });
    expect(String(collection.state.get().problem)).toContain('not yours');
    collection.close();
  });

  it('are there once, however often they are uploaded', async () => {
    const collection = await opened(new FakeServer());
    collection.add(image('c'));
    collection.add(image('c', 'completed'));
    expect(statuses(collection)).toEqual(['a pending', 'b pending', 'c completed']);
    collection.close();
  });
});

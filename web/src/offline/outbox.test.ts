import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api/api-error';
import type { AnnotatedObject, AnnotationDocument } from '../document/model';
import { emptyDocument } from '../document/model';
import type { JsonDocument } from '../document/serialise';
import { Outbox } from './outbox';
import type { AnnotationApi } from './outbox';
import { OutboxStore } from './outbox-store';

const image = { id: 'image-1', width: 4, height: 2 };
const ids = ['a', 'b', 'c', 'd'].map((letter) => `00000000-0000-4000-8000-00000000000${letter}`);
const [a, b, c, d] = ids;

function object(id: string, label = 'cat'): AnnotatedObject {
  const prompts = { points: [], box: null };
  return { id, label, color: '#112233', prompts, mask: null, score: null, origin: 'brush', hidden: false };
}

function of(...objects: AnnotatedObject[]): AnnotationDocument {
  return { ...emptyDocument(image), objects };
}

/** The server's part: documents with revisions, and what can go wrong on the way. */
class Server implements AnnotationApi {
  revision = 0;
  document: unknown = {};
  away = false;
  puts = 0;
  /** What happens to an answer, once. */
  spoil: (() => void) | null = null;
  refuse: ApiError | null = null;

  annotations(): Promise<{ document: unknown; etag: string }> {
    if (this.away) return Promise.reject(ApiError.unreachable('away'));
    return Promise.resolve({ document: structuredClone(this.document), etag: `"${this.revision}"` });
  }

  putAnnotations(_id: string, document: unknown, etag: string): Promise<string> {
    if (this.away) return Promise.reject(ApiError.unreachable('away'));
    if (this.refuse) return Promise.reject(this.refuse);
    ++this.puts;
    if (etag !== `"${this.revision}"`) return Promise.reject(new ApiError(412, 'Precondition Failed', ''));
    this.document = structuredClone(document);
    ++this.revision;
    const spoil = this.spoil;
    this.spoil = null;
    if (spoil) return Promise.reject(ApiError.unreachable('the answer was lost')).finally(spoil);
    return Promise.resolve(`"${this.revision}"`);
  }

  /** Somebody else saves. */
  async others(change: (objects: JsonDocument['objects']) => JsonDocument['objects']): Promise<void> {
    const document = this.document as JsonDocument;
    this.document = { ...document, objects: change(document.objects) };
    ++this.revision;
    await Promise.resolve();
  }

  get labels(): Record<string, string> {
    const { objects = [] } = this.document as Partial<JsonDocument>;
    return Object.fromEntries(objects.map(({ id, label }) => [id, label]));
  }
}

/** As the browser's: one holder a name. */
class Locks {
  private last: Promise<unknown> = Promise.resolve();
  request = ((_name: string, work: () => Promise<unknown>) => {
    const mine = this.last.then(work, work);
    this.last = mine.catch(() => undefined);
    return mine;
  }) as LockManager['request'];
}

let databases = 0;
let server: Server;
let locks: Locks;
let boxes: Outbox[];

async function open(database = `outbox ${databases}`): Promise<Outbox> {
  const outbox = await Outbox.open({ api: server, store: await OutboxStore.open(database), locks, retryMs: 1e6 });
  boxes.push(outbox);
  return outbox;
}

beforeEach(() => {
  ++databases;
  server = new Server();
  locks = new Locks();
  boxes = [];
});

afterEach(() => {
  for (const box of boxes) box.close();
});

describe('Outbox', () => {
  it('sends what is saved', async () => {
    const box = await open();
    expect(await box.load(image)).toEqual(of());
    await box.save(of(object(a)));
    await box.flush();
    expect(server.labels).toEqual({ [a]: 'cat' });
    expect(box.state).toEqual({ waiting: [], sending: false, problem: null });
  });

  it('keeps saves while the server is away, over a restart, and sends them once', async () => {
    const box = await open();
    await box.load(image);
    server.away = true;
    await box.save(of(object(a)));
    await box.save(of(object(a), object(b)));
    await box.flush();
    expect(box.state.waiting).toEqual([image.id]);

    const restarted = await open();
    expect(restarted.state.waiting).toEqual([image.id]);
    expect(await restarted.load(image)).toEqual(of(object(a), object(b)));
    server.away = false;
    await restarted.flush();
    expect(Object.keys(server.labels)).toEqual([a, b]);
    expect(server.puts).toBe(1);
    await restarted.flush();
    expect(server.puts).toBe(1);
  });

  it('shows what was last known when the server is away, and says so when there is nothing', async () => {
    await (await open()).save(of(object(a)));
    const box = await open();
    await box.flush();
    server.away = true;
    expect(await box.load(image)).toEqual(of(object(a)));
    await expect(box.load({ ...image, id: 'never seen' })).rejects.toBeInstanceOf(ApiError);
  });

  it('merges with what others saved meanwhile', async () => {
    const box = await open();
    await box.load(image);
    await box.save(of(object(a), object(b)));
    await box.flush();
    const merged = vi.fn();
    box.onMerged(merged);
    server.away = true;
    await box.save(of(object(a, 'dog'), object(b), object(c)));
    await box.flush();
    await server.others((objects) => [...objects.filter(({ id }) => id !== b), { ...objects[0], id: d, label: 'cow' }]);
    server.away = false;
    await box.flush();
    expect(server.labels).toEqual({ [a]: 'dog', [c]: 'cat', [d]: 'cow' });
    expect(merged).toHaveBeenCalledOnce();
    const told = (merged.mock.calls[0] as AnnotationDocument[]).map(({ objects }) => objects.map(({ id }) => id));
    expect(told).toEqual([
      [a, c, d],
      [a, b, c],
    ]);
    expect(box.state.waiting).toEqual([]);
  });

  it('neither loses nor doubles a save whose answer was lost', async () => {
    const box = await open();
    await box.load(image);
    server.spoil = () => undefined;
    await box.save(of(object(a)));
    await box.flush();
    await box.flush();
    expect(server.puts).toBe(2);
    expect(box.state.waiting).toEqual([]);
    expect(server.labels).toEqual({ [a]: 'cat' });
    expect(server.revision).toBe(1);
  });

  it('sends what was saved while a save was on its way', async () => {
    const box = await open();
    await box.load(image);
    await Promise.all([box.save(of(object(a))), box.save(of(object(a), object(b)))]);
    await box.save(of(object(a), object(b), object(c)));
    await box.flush();
    expect(Object.keys(server.labels)).toEqual([a, b, c]);
    expect(box.state.waiting).toEqual([]);
  });

  it('lets two tabs work on one image', async () => {
    const [one, other] = [await open(), await open()];
    await Promise.all([one.load(image), other.load(image)]);
    const merged = vi.fn();
    other.onMerged(merged);
    await one.save(of(object(a)));
    await other.save(of(object(b)));
    await Promise.all([one.flush(), other.flush()]);
    expect(Object.keys(server.labels).toSorted()).toEqual([a, b]);
    expect(merged).toHaveBeenCalledOnce();

    // The one removes its own; that the other never showed it must not bring it back.
    await one.save(of());
    await other.save(of(object(b, 'dog')));
    await Promise.all([one.flush(), other.flush()]);
    expect(server.labels).toEqual({ [b]: 'dog' });
  });

  it('lets a merged document be gone on with', async () => {
    const [one, other] = [await open(), await open()];
    await Promise.all([one.load(image), other.load(image)]);
    other.onMerged((document) => other.adopt(document));
    await one.save(of(object(a)));
    await one.flush();
    await other.save(of(object(b)));
    await other.save(of(object(b)));
    await other.flush();
    expect(Object.keys(server.labels)).toEqual([b]);
  });

  it('says what the server does not take, goes on with the others, and can give it up', async () => {
    const box = await open();
    await box.load(image);
    server.refuse = new ApiError(413, 'Too Large', 'over 16 MiB');
    await box.save(of(object(a)));
    await box.flush();
    expect(box.state.problem).toEqual({ imageId: image.id, message: 'over 16 MiB' });
    expect(box.state.waiting).toEqual([image.id]);
    await box.discard(image.id);
    expect(box.state).toMatchObject({ waiting: [], problem: null });
  });

  it('keeps what it has when the server has a document of another program', async () => {
    const box = await open();
    await box.load(image);
    server.document = { shapes: [] };
    server.revision = 5;
    await box.save(of(object(a)));
    await box.flush();
    expect(box.state.problem?.message).toMatch(/version/);
    expect(server.document).toEqual({ shapes: [] });
    expect(box.state.waiting).toEqual([image.id]);
  });

  it('does not bother the server with a document that is as it was', async () => {
    const box = await open();
    await box.load(image);
    await box.save(of(object(a)));
    await box.flush();
    await box.save(of(object(a)));
    await box.flush();
    expect(server.puts).toBe(1);
  });

  it('tells whoever watches the connection that the server is away', async () => {
    const onUnreachable = vi.fn();
    const store = await OutboxStore.open(`outbox ${++databases}`);
    const box = await Outbox.open({ api: server, store, locks, onUnreachable, retryMs: 1e6 });
    boxes.push(box);
    server.away = true;
    await box.save(of(object(a)));
    await box.flush();
    expect(onUnreachable).toHaveBeenCalled();
  });
});

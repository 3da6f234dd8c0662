/** What is measured in the browser, called from outside by measure.ts. */
import { ApiClient } from '../../src/api/client';
import { EncodingCache } from '../../src/cache/encoding-cache';
import { EncodingLoader, interactiveKey } from '../../src/cache/encoding-loader';
import type { EncodingStore } from '../../src/cache/encoding-store';
import { IndexedDbStore } from '../../src/cache/indexed-db-store';
import { BrowserSource } from '../../src/inference/browser-source';
import type { GpuWish, LoadAnswer } from '../../src/inference/decoder-messages';
import type { ImageOfSession, ImageSession, MaskSource, PromptSet } from '../../src/inference/mask-source';
import { ServerSource } from '../../src/inference/server-source';
import { OpfsStore } from './opfs-store';

export type StoreKind = 'IndexedDB' | 'OPFS';

export interface StorageTimes {
  writeMs: number[];
  readMs: number[];
}

export interface SourceTimes {
  facts: LoadAnswer | null;
  encodingBytes: number;
  /** Everything from nothing: runtime, decoder, encoding. */
  firstOpenMs: number;
  /** Of an image whose encoding is cached, until it can be clicked on. */
  cachedOpenMs: number[];
  /** From the click to its mask. */
  clickMs: number[];
  serverClickMs: number[];
  /** The least agreement of a browser's mask with the server's. */
  worstIou: number;
}

const api = new ApiClient();

async function time(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

async function measureStorage(kind: StoreKind, count: number, sizeBytes: number): Promise<StorageTimes> {
  const store: EncodingStore = kind === 'OPFS' ? await OpfsStore.open('bench') : await IndexedDbStore.open('bench');
  const times: StorageTimes = { writeMs: [], readMs: [] };
  const names = Array.from({ length: count }, (_, i) => `entry ${i}`);
  for (const name of names) {
    const bytes = randomBytes(sizeBytes);
    const key = interactiveKey(name, 'bench');
    const entry = { name, key, sizeBytes, savedAt: Date.now(), lastUsedAt: Date.now() };
    times.writeMs.push(await time(() => store.write(entry, bytes, () => [])));
  }
  for (const name of names) {
    const read = async () => {
      const bytes = await store.read(name, Date.now());
      if (bytes?.byteLength !== sizeBytes) throw new Error(`${name} was not read`);
    };
    times.readMs.push(await time(read));
  }
  await store.remove(names);
  store.close();
  return times;
}

/** Browsers compress what they keep: zeros would say nothing. */
function randomBytes(size: number): ArrayBuffer {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, Math.min(at + 65_536, size)));
  }
  return bytes.buffer;
}

async function measureSource(
  image: ImageOfSession,
  places: { x: number; y: number }[],
  gpu: GpuWish,
): Promise<SourceTimes> {
  const cache = await EncodingCache.open({ store: await IndexedDbStore.open(`bench ${gpu} ${image.id}`) });
  const browser = new BrowserSource({ api, loader: new EncodingLoader(api, cache), gpu: () => gpu });
  const server = new ServerSource({ api });
  const firstOpenMs = await time(async () => (await browser.open(image)).close());
  const cachedOpenMs: number[] = [];
  for (let i = 0; i < 10; ++i) cachedOpenMs.push(await time(async () => (await browser.open(image)).close()));
  const inBrowser = await clicks(browser, image, places);
  const onServer = await clicks(server, image, places);
  const ious = inBrowser.masks.map((mask, i) => mask.iou(onServer.masks[i]));
  const facts = browser.facts;
  browser.close();
  return {
    facts,
    encodingBytes: cache.usageBytes,
    firstOpenMs,
    cachedOpenMs,
    clickMs: inBrowser.timesMs,
    serverClickMs: onServer.timesMs,
    worstIou: Math.min(...ious),
  };
}

async function clicks(source: MaskSource, image: ImageOfSession, places: { x: number; y: number }[]) {
  const session = await source.open(image);
  await click(session, places[0]); // warms up
  const timesMs: number[] = [];
  const masks = [];
  for (const place of places) {
    const start = performance.now();
    masks.push((await click(session, place)).masks[0].mask);
    timesMs.push(performance.now() - start);
  }
  session.close();
  return { timesMs, masks };
}

function click(session: ImageSession, place: { x: number; y: number }) {
  const prompts: PromptSet = { points: [{ ...place, positive: true }], box: null, multimask: false };
  return session.segment(prompts);
}

declare global {
  interface Window {
    bench: { measureStorage: typeof measureStorage; measureSource: typeof measureSource };
  }
}

window.bench = { measureStorage, measureSource };

/**
 * Measures in Debian's Chromium what the README and the cache's choice of a store rest on, and writes it to
 * bench/results. The server's program is `SAMCACHE_BINARY` (or the build's); a full-size model is measured when
 * `SAMCACHE_FULL_MODEL` names one, of any weights: times do not depend on them.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build } from 'vite';
import type { GpuWish } from '../src/inference/decoder-messages';
import { launchBrowser } from '../tests/support/browser';
import { pointIn, scene, scenePicture } from '../tests/support/scene';
import type { TestServer } from '../tests/support/server';
import type { SourceTimes, StorageTimes, StoreKind } from './page/page';

const here = fileURLToPath(new URL('.', import.meta.url));
const results = fileURLToPath(new URL('../../bench/results/', import.meta.url));
const day = process.env.SAMCACHE_RESULT_DAY ?? new Date().toISOString().slice(0, 10);
const fullModel = process.env.SAMCACHE_FULL_MODEL;
const entryBytes = 10 * 2 ** 20;
const entryCount = 20;
const rounds = 3;

const app = mkdtempSync(join(tmpdir(), 'samcache-bench-'));
let browser: Browser;

beforeAll(async () => {
  await build({
    configFile: false,
    root: join(here, 'page'),
    logLevel: 'warn',
    worker: { format: 'es' },
    build: { outDir: app, emptyOutDir: true, target: 'es2023' },
  });
  process.env.SAMCACHE_WEB_APP = app;
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser.close();
  rmSync(app, { recursive: true });
});

test('stores of encodings', async () => {
  const stores = await withPage(undefined, async (page) => {
    const times: Record<StoreKind, StorageTimes> = { IndexedDB: noTimes(), OPFS: noTimes() };
    // In turn, so that a busy moment of the machine does not count against one of them.
    for (let round = 0; round < rounds; ++round) {
      for (const kind of ['IndexedDB', 'OPFS'] as const) {
        const { writeMs, readMs } = await page.evaluate(
          ([kind, count, size]) => window.bench.measureStorage(kind, count, size),
          [kind, entryCount, entryBytes] as const,
        );
        times[kind].writeMs.push(...writeMs);
        times[kind].readMs.push(...readMs);
      }
    }
    return times;
  });
  const summary = (times: StorageTimes) => ({ write_ms: spread(times.writeMs), read_ms: spread(times.readMs) });
  write('browser-storage', {
    entry_bytes: entryBytes,
    entries: entryCount * rounds,
    indexed_db: summary(stores.IndexedDB),
    opfs: summary(stores.OPFS),
  });
});

test('clicks and cached images', async () => {
  const demo = await measureModel('avoid');
  const full = fullModel === undefined ? null : await measureModel('avoid', fullModel);
  write('browser', { demo, ...(full && { full_size: full }) });
  expect(demo.worst_iou_with_server).toBeGreaterThanOrEqual(0.99);
  expect(demo.click_ms.median).toBeLessThanOrEqual(50);
  expect(demo.cached_open_ms.median).toBeLessThanOrEqual(200);
});

async function measureModel(gpu: GpuWish, model?: string) {
  const times = await withPage(model, async (page, server) => {
    const id = await server.upload('bench', 'scene.jpg', scenePicture());
    const image = { id, width: scene.width, height: scene.height };
    const places = Array.from({ length: 5 }, () => scene.objects.map(pointIn)).flat();
    return page.evaluate(([image, places, gpu]) => window.bench.measureSource(image, places, gpu), [
      image,
      places,
      gpu,
    ] as const);
  });
  return inResult(times);
}

function inResult(times: SourceTimes) {
  return {
    backend: times.facts?.backend,
    encoding_bytes: times.encodingBytes,
    first_open_ms: round(times.firstOpenMs),
    cached_open_ms: spread(times.cachedOpenMs),
    click_ms: spread(times.clickMs),
    server_click_ms: spread(times.serverClickMs),
    worst_iou_with_server: times.worstIou,
  };
}

async function withPage<T>(
  model: string | undefined,
  measure: (page: Page, server: TestServer) => Promise<T>,
): Promise<T> {
  if (model === undefined) delete process.env.SAMCACHE_TEST_MODEL;
  else process.env.SAMCACHE_TEST_MODEL = model;
  const { TestServer } = await import('../tests/support/server'); // reads where the app is
  const server = await TestServer.start();
  const page = await browser.newPage();
  try {
    await page.goto(server.url);
    await page.waitForFunction(() => 'bench' in window);
    return await measure(page, server);
  } finally {
    await page.close();
    await server.close();
  }
}

function noTimes(): StorageTimes {
  return { writeMs: [], readMs: [] };
}

function spread(timesMs: number[]) {
  const sorted = timesMs.toSorted((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)]);
  return { median: at(0.5), p10: at(0.1), p90: at(0.9) };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function write(name: string, figures: object): void {
  const machine = { cpu: cpus()[0].model, cores: cpus().length, load: loadavg().map(round) };
  const file = join(results, `${day}-${name}.json`);
  writeFileSync(file, `${JSON.stringify({ browser: browser.version(), machine, ...figures }, null, 2)}\n`);
}

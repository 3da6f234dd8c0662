/** Encodings in the browser: kept within the budget, preloaded, cancelled, deleted. */
import { describe, expect, test } from 'vitest';
import type { App } from './support/app';
import { Fixture } from './support/fixture';
import { named, pointIn, scenePicture } from './support/scene';
import { until } from './support/until';

const fixture = new Fixture();
const [bird] = named('black', 'bird');

function upload(project: string, count: number): Promise<string[]> {
  const variants = Array.from({ length: count }, (_, variant) => variant);
  return Promise.all(
    variants.map((variant) => fixture.server.upload(project, `scene-${variant}.jpg`, scenePicture(variant))),
  );
}

async function encodingBytes(id: string): Promise<number> {
  const url = `${fixture.server.url}/api/v1/images/${id}/encoding?download=1&profile=interactive`;
  return (await (await fetch(url)).arrayBuffer()).byteLength;
}

interface Kept {
  names: string[];
  bytes: number;
}

async function kept(app: App): Promise<Kept> {
  await app.goTo('/storage');
  const usage = app.page.getByTestId('cache-usage');
  await usage.waitFor();
  const names = await app.page.getByTestId('cache-entry').locator('td:first-child').allTextContents();
  return { names, bytes: Number(await usage.getAttribute('data-bytes')) };
}

async function chooseOffline(app: App, project: string): Promise<void> {
  await app.goTo(`/projects/${project}`);
  await app.tile('scene-0.jpg').waitFor();
  await app.chooseFromMenu('Project', /^Make available offline/);
}

describe('the cache', () => {
  test('drops the encoding that was not used for the longest time, and its bookkeeping is exact', async () => {
    // In projects of their own: what comes next in a project is fetched ahead.
    const names = ['first.jpg', 'second.jpg', 'third.jpg'];
    const ids: string[] = [];
    for (const [variant, name] of names.entries()) {
      ids.push(await fixture.server.upload(`eviction-${variant}`, name, scenePicture(variant)));
    }
    const size = await encodingBytes(ids[0]);
    const app = await fixture.open({ source: 'browser', budgetBytes: 2.5 * size });
    for (const at of [0, 1, 0, 2]) {
      await app.annotate(ids[at]);
      const before = (await fixture.server.objects(ids[at])).length;
      await app.click(pointIn(bird));
      await app.savedMasks(ids[at], before + 1);
    }
    const left = await kept(app);
    expect(left.names.toSorted()).toEqual(['first.jpg', 'third.jpg']);
    expect(left.bytes).toBe(2 * size);

    await app.button('Delete the encoding of first.jpg').click();
    await until('one is left', async () => (await app.page.getByTestId('cache-entry').count()) === 1);
    expect(await app.page.getByTestId('cache-usage').getAttribute('data-bytes')).toBe(String(size));
  });

  test('says so when a project does not fit', async () => {
    const [id] = await upload('large', 8);
    const size = await encodingBytes(id);
    const app = await fixture.open({ budgetBytes: 3.5 * size });
    await chooseOffline(app, 'large');
    await app.page
      .getByTestId('transfer')
      .getByText(/^The cache is full/)
      .waitFor();
    expect((await kept(app)).bytes).toBeLessThanOrEqual(3.5 * size);
  });
});

describe('a project made available offline', () => {
  test('is there whole, and an interrupted preload keeps what it had and goes on from there', async () => {
    const count = 8;
    const [id] = await upload('preload', count);
    const size = await encodingBytes(id);
    const app = await fixture.open();
    const session = await app.context.newCDPSession(app.page);
    const slow = { offline: false, latency: 300, downloadThroughput: 2 * size, uploadThroughput: -1 };
    await session.send('Network.emulateNetworkConditions', slow);
    await chooseOffline(app, 'preload');
    const transfer = app.page.getByTestId('transfer');
    await transfer.getByText(new RegExp(`^[1-9] of ${count}`)).waitFor({ timeout: 30_000 });
    await transfer.getByRole('button', { name: 'Cancel' }).click();
    await app.page.locator('[data-testid=transfer]:not([data-status=running])').waitFor();
    await session.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: -1,
    });
    const interrupted = await kept(app);
    expect(interrupted.names.length).toBeGreaterThan(0);
    expect(interrupted.names.length).toBeLessThan(count);
    expect(interrupted.bytes).toBe(interrupted.names.length * size);

    await chooseOffline(app, 'preload');
    await app.page.getByText(`${count} of ${count} images can be annotated offline`).waitFor();
    const whole = await kept(app);
    expect(whole.names).toHaveLength(count);
    expect(whole.bytes).toBe(count * size);
  });
});

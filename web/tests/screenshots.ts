/** Takes the pictures of docs/screenshots: the app's main states, on drawn scenes, with the demo model. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { beforeAll, test } from 'vitest';
import { type App, jpeg } from './support/app';
import { Fixture } from './support/fixture';
import { pointIn, type Scene, scene, scenePicture } from './support/scene';

const project = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(project, 'docs/screenshots');
const drawScene = process.env.SAMCACHE_DRAW_SCENE ?? join(project, 'build/tools/eval_demo/draw_scene');
const seeds = [3, 7, 11, 12, 21, 22, 23, 24, 25, 26, 31];
const quality = 0.86;

const fixture = new Fixture();

interface Drawing {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
  scene: Scene;
}

function drawings(): Drawing[] {
  const drawn = seeds.map((seed) => {
    const place = join(fixture.server.folder, `scene-${seed}`);
    execFileSync(drawScene, ['--seed', String(seed), '--out', place, '--width', '640', '--height', '480']);
    return {
      name: `scene-${String(seed).padStart(2, '0')}.jpg`,
      bytes: new Uint8Array(readFileSync(`${place}.jpg`)),
      scene: JSON.parse(readFileSync(`${place}.json`, 'utf8')) as Scene,
    };
  });
  return [{ name: 'garden.jpg', bytes: scenePicture(), scene }, ...drawn];
}

/** WebP, which says the same as PNG in a fraction of the bytes; the browser itself encodes it. */
async function webp(page: Page, png: Buffer): Promise<Buffer> {
  const encoded = await page.evaluate(
    async ([text, wanted]) => {
      const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
      const picture = await createImageBitmap(new Blob([bytes]));
      const canvas = new OffscreenCanvas(picture.width, picture.height);
      canvas.getContext('2d')?.drawImage(picture, 0, 0);
      const blob = await canvas.convertToBlob({ type: 'image/webp', quality: wanted });
      const compressed = new Uint8Array(await blob.arrayBuffer());
      let binary = '';
      for (const byte of compressed) binary += String.fromCharCode(byte);
      return btoa(binary);
    },
    [png.toString('base64'), quality] as const,
  );
  return Buffer.from(encoded, 'base64');
}

async function shoot(app: App, name: string): Promise<void> {
  await app.page.waitForTimeout(600); // what moves has come to rest
  const png = await app.page.screenshot();
  writeFileSync(join(folder, `${name}.webp`), await webp(app.page, png));
}

async function allPicturesOf(app: App): Promise<void> {
  await app.page.waitForFunction(() => {
    const pictures = [...document.querySelectorAll<HTMLImageElement>('[data-testid=image-tile] img')];
    return pictures.length > 0 && pictures.every((picture) => picture.complete && picture.naturalWidth > 0);
  });
}

/** Clicks on what the model finds well: the largest things. */
async function annotateLargest(app: App, drawn: Scene, count: number): Promise<void> {
  const area = ({ box: [x0, y0, x1, y1] }: Scene['objects'][number]) => (x1 - x0) * (y1 - y0);
  const largest = drawn.objects.toSorted((a, b) => area(b) - area(a)).slice(0, count);
  for (const [index, object] of largest.entries()) {
    await app.press('n');
    await app.page.getByLabel(/^Label of/).fill(object.kind);
    await app.page.keyboard.press('Enter');
    await app.click(pointIn(object));
    await app.waitForObjects(index + 1);
  }
}

let ids: string[] = [];
let scenes: Drawing[] = [];

function imageOf(name: string): { id: string; drawn: Scene } {
  const at = scenes.findIndex((drawing) => drawing.name === name);
  return { id: ids[at], drawn: scenes[at].scene };
}

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  scenes = drawings();
  ids = [];
  for (const { name, bytes } of scenes) ids.push(await fixture.server.upload('garden', name, bytes));
});

test('the annotator', async () => {
  for (const theme of ['light', 'dark'] as const) {
    const app = await fixture.open({ theme, source: 'browser' });
    const { id, drawn } = imageOf(theme === 'light' ? 'scene-23.jpg' : 'scene-03.jpg');
    await app.annotate(id);
    await annotateLargest(app, drawn, 3);
    await app.saveState('saved');
    await shoot(app, `annotator-${theme}`);
  }
});

test('concepts and their candidates', async () => {
  const app = await fixture.open({ theme: 'light' });
  await app.annotate(ids[0]);
  await app.page.getByLabel('What to find').fill('black bird');
  await app.press('Enter');
  await app.candidates.first().waitFor();
  await shoot(app, 'concept');
});

test('a project, what is stored, and a project without the server', async () => {
  const app = await fixture.open({ theme: 'light', source: 'automatic' });
  await app.goTo('/projects/garden');
  await app.tile('garden.jpg').waitFor();
  await allPicturesOf(app);
  await shoot(app, 'project');
  await app.chooseFromMenu('Project', /^Make available offline/);
  await app.page.getByText(/can be annotated offline/).waitFor({ timeout: 60_000 });
  await app.goTo('/storage');
  await app.page.getByTestId('cache-entry').first().waitFor();
  await shoot(app, 'storage');
  const { id, drawn } = imageOf('scene-31.jpg');
  await app.annotate(id);
  await fixture.server.kill();
  await annotateLargest(app, drawn, 2);
  await app.saveState('waiting');
  await shoot(app, 'offline');
  await fixture.server.startAgain();
});

test('uploads on their way', async () => {
  const app = await fixture.open({ theme: 'dark' });
  await app.goTo('/projects/meadow');
  await app.upload(
    ...scenes.slice(1, 7).map(({ name, bytes }) => jpeg(name, bytes)),
    jpeg('notes.jpg', Buffer.from('no picture')),
  );
  await app.page.getByText(/notes\.jpg:/).waitFor();
  await app.waitForStatus('scene-03.jpg', 'completed');
  await allPicturesOf(app);
  await shoot(app, 'uploads-dark');
});

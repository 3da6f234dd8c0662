/** For whoever has no mouse, sees little, or listens to the page. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import { describe, expect, test } from 'vitest';
import type { App, Point } from './support/app';
import { Fixture } from './support/fixture';
import { Pixels } from './support/pixels';
import { named, pointIn, scenePicture, truth } from './support/scene';

const fixture = new Fixture();
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const [bird] = named('black', 'bird');

/** What axe finds wrong by WCAG 2.2 AA, in a line each. */
async function findings(app: App): Promise<string[]> {
  await app.page.evaluate(axe);
  const { violations } = await app.page.evaluate(() => {
    const { axe: loaded } = window as unknown as { axe: { run(options: object): Promise<AxeResults> } };
    return loaded.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] });
  });
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`));
}

describe.each(['light', 'dark'] as const)('in %s', (theme) => {
  test('every page meets WCAG 2.2 AA as far as a program can see', async () => {
    const id = await fixture.server.upload(`access-${theme}`, 'scene.jpg', scenePicture());
    const app = await fixture.open({ theme });
    const pages = [
      ['/', 'New project'],
      [`/projects/access-${theme}`, 'Upload'],
      ['/storage', 'Delete all'],
      ['/settings', 'Save'],
    ];
    for (const [path, button] of pages) {
      await app.goTo(path);
      await app.button(button).waitFor();
      expect(await findings(app), path).toEqual([]);
    }
    await app.annotate(id);
    await app.click(pointIn(bird));
    await app.waitForObjects(1);
    await app.page.getByLabel('What to find').fill('black bird');
    await app.press('Enter');
    await app.candidates.first().waitFor();
    expect(await findings(app), 'the annotator').toEqual([]);
    await app.press('Escape', '?');
    await app.page.getByRole('dialog').waitFor();
    expect(await findings(app), 'the shortcuts').toEqual([]);
  });
});

/** Tabs until what has the focus is called `name`. */
async function tabTo(app: App, name: string | RegExp): Promise<void> {
  const wanted = typeof name === 'string' ? new RegExp(`^${name}$`) : name;
  for (let steps = 0; steps < 60; ++steps) {
    await app.press('Tab');
    const focused = await app.page.evaluate(() => {
      const element = document.activeElement;
      return element?.getAttribute('aria-label') ?? element?.textContent ?? '';
    });
    if (wanted.test(focused.trim())) return;
  }
  throw new Error(`Tab never came to ${String(name)}`);
}

const coarse = 48; // CSS pixels of a step with Shift
const near = 5; // pixels of the image

/** Walks the crosshair by what the page says of its place, as somebody who does not see it would. */
async function walkTo(app: App, target: Point): Promise<void> {
  const { scale } = (await app.page.evaluate(() => window.samcache?.view())) ?? { scale: 1 };
  await app.press('ArrowRight');
  for (let steps = 0; steps < 200; ++steps) {
    const said = await app.page.getByTestId('announcer').textContent();
    const [x, y] = (said ?? '').split(',').map(Number);
    const [dx, dy] = [target.x - x, target.y - y];
    if (Math.abs(dx) <= near && Math.abs(dy) <= near) return;
    const sideways = Math.abs(dx) > near;
    const key = sideways ? (dx > 0 ? 'ArrowRight' : 'ArrowLeft') : dy > 0 ? 'ArrowDown' : 'ArrowUp';
    const far = Math.abs(sideways ? dx : dy) * scale > coarse;
    await app.press(far ? `Shift+${key}` : key);
  }
  throw new Error('the crosshair never came there');
}

test('an image is found, annotated, named and left with the keyboard alone', async () => {
  const id = await fixture.server.upload('keyboard', 'scene.jpg', scenePicture());
  const app = await fixture.open();
  await app.goTo('/');
  await tabTo(app, /^keyboard/);
  await app.press('Enter');
  await app.tile('scene.jpg').waitFor();
  await tabTo(app, /^scene\.jpg/);
  await app.press('Enter');
  await app.waitForImage();

  await tabTo(app, /^Canvas/);
  await walkTo(app, pointIn(bird));
  await app.press('Enter');
  await app.waitForObjects(1);
  await app.press('l');
  await app.page.keyboard.type('bird');
  await app.press('Enter');
  const [saved] = await app.saved(id, ([object]) => object?.label === 'bird', 'a bird');
  if (!saved.mask) throw new Error('no mask');
  expect(Pixels.decode(saved.mask).iou(truth(bird))).toBeGreaterThanOrEqual(0.8);

  await app.press('Delete');
  await app.saved(id, (objects) => objects.length === 0, 'nothing');
});

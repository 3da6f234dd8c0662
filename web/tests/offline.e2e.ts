/** The server is killed; work goes on, and reaches it once when it is back. */
import { expect, test } from 'vitest';
import type { App } from './support/app';
import { Fixture } from './support/fixture';
import { Pixels } from './support/pixels';
import { named, pointIn, type SceneObject, scenePicture, truth } from './support/scene';
import type { SavedObject } from './support/server';

const fixture = new Fixture();
const [bird] = named('black', 'bird');
const [cat] = named('orange', 'cat');

async function preloaded(project: string, count: number): Promise<{ app: App; ids: string[] }> {
  const ids: string[] = [];
  for (let variant = 0; variant < count; ++variant) {
    ids.push(await fixture.server.upload(project, `${variant}.jpg`, scenePicture(variant)));
  }
  const app = await fixture.open({ source: 'automatic' });
  await app.goTo(`/projects/${project}`);
  await app.tile('0.jpg').waitFor();
  await app.chooseFromMenu('Project', /^Make available offline/);
  await app.page.getByText(new RegExp(`^${count} of ${count} images? can be annotated offline`)).waitFor();
  return { app, ids };
}

function expectMaskOf(object: SavedObject, thing: SceneObject): void {
  if (!object.mask) throw new Error('no mask');
  expect(Pixels.decode(object.mask).iou(truth(thing))).toBeGreaterThanOrEqual(0.8);
}

test('without the server a preloaded project opens, is annotated, and is saved once when it is back', async () => {
  const { app, ids } = await preloaded('offline', 2);
  await fixture.server.kill();

  // The app itself, the list and the pictures come from this browser.
  await app.page.reload();
  await app.tile('1.jpg').waitFor();
  await app.tile('0.jpg').getByRole('link').click();
  await app.waitForImage();
  await app.click(pointIn(bird));
  await app.waitForObjects(1);
  await app.saveState('waiting');
  await app.press('n', 'd');
  await app.page.getByRole('heading', { level: 1, name: '1.jpg' }).waitFor();
  await app.waitForImage();
  await app.press('b');
  await app.dragBox(cat.box);
  await app.waitForObjects(1);
  await app.saveState('waiting');

  // Even the browser may be closed meanwhile.
  await app.page.reload();
  await app.waitForImage();
  await app.waitForObjects(1);

  await fixture.server.startAgain();
  const [birds] = await Promise.all([app.savedMasks(ids[0], 1), app.savedMasks(ids[1], 1)]);
  await app.saveState('saved');
  expectMaskOf(birds[0], bird);
  expectMaskOf((await fixture.server.objects(ids[1]))[0], cat);

  await app.page.reload();
  await app.waitForImage();
  await app.waitForObjects(1);
  expect(await fixture.server.objects(ids[0])).toHaveLength(1);
  expect(await fixture.server.objects(ids[1])).toHaveLength(1);
});

test('what somebody else drew meanwhile and what was drawn offline are both kept', async () => {
  const { app, ids } = await preloaded('merged', 1);
  await app.annotate(ids[0]);
  await app.click(pointIn(bird));
  await app.savedMasks(ids[0], 1);
  await app.saveState('saved');

  await fixture.server.kill();
  await app.press('n');
  await app.click(pointIn(cat));
  await app.waitForObjects(2);
  await app.saveState('waiting');
  await app.page.goto('about:blank');

  await fixture.server.startAgain();
  const other = await fixture.open({ source: 'server' });
  await other.annotate(ids[0]);
  await other.waitForObjects(1);
  await other.press('p');
  await other.drag({ x: 20, y: 20 }, { x: 60, y: 20 });
  await other.savedMasks(ids[0], 2);

  await app.annotate(ids[0]);
  const merged = await app.savedMasks(ids[0], 3);
  expect(new Set(merged.map((object) => object.id)).size).toBe(3);
  expect(merged.map((object) => object.origin).toSorted()).toContain('brush');
  await app.waitForObjects(3);
});

/** From the upload to saved masks, with the server's model and with the browser's own. */
import { describe, expect, test } from 'vitest';
import { jpeg } from './support/app';
import { Fixture } from './support/fixture';
import { Pixels } from './support/pixels';
import { named, pointIn, scene, scenePicture, truth } from './support/scene';
import type { SavedObject } from './support/server';

const fixture = new Fixture();

function pixelsOf(object: SavedObject): Pixels {
  if (!object.mask) throw new Error('an object without a mask');
  return Pixels.decode(object.mask);
}

async function uploaded(project: string, variant = 0): Promise<string> {
  return fixture.server.upload(project, 'scene.jpg', scenePicture(variant));
}

const [bird] = named('black', 'bird');
const cats = named('orange', 'cat');

describe('an upload', () => {
  test('is encoded, and can be annotated as soon as it is', async () => {
    const app = await fixture.open();
    await app.goTo('/projects/upload');
    await app.upload(jpeg('first.jpg', scenePicture(1)), jpeg('second.jpg', scenePicture(2)));
    await app.waitForStatus('first.jpg', 'completed');
    await app.waitForStatus('second.jpg', 'completed');

    await app.tile('second.jpg').getByRole('link').click();
    await app.waitForImage();
    expect(await app.page.getByRole('heading', { level: 1 }).textContent()).toBe('second.jpg');
  });

  test('of what is no picture is refused with the reason, beside those that succeed', async () => {
    const app = await fixture.open();
    await app.goTo('/projects/refused');
    await app.upload(jpeg('broken.jpg', Buffer.from('no picture')), jpeg('sound.jpg', scenePicture(3)));
    await app.waitForStatus('sound.jpg', 'completed');
    const uploads = app.page.getByRole('region', { name: 'Uploads' });
    await uploads.getByText('broken.jpg: not an image this build reads').waitFor();
    expect(await app.page.getByTestId('image-tile').count()).toBe(1);
  });
});

describe.each(['server', 'browser'] as const)('with masks from the %s', (source) => {
  test('a click gives the mask of what is there, and saves it', async () => {
    const id = await uploaded(`click-${source}`);
    const app = await fixture.open({ source });
    await app.annotate(id);
    for (const [index, object] of scene.objects.entries()) {
      await app.press('n');
      await app.click(pointIn(object));
      await app.waitForObjects(index + 1);
    }
    const saved = await app.savedMasks(id, scene.objects.length);
    for (const [index, object] of scene.objects.entries()) {
      expect(saved[index].origin).toBe(source);
      expect(pixelsOf(saved[index]).iou(truth(object))).toBeGreaterThanOrEqual(0.8);
    }
  });

  test('a box gives the mask of what is in it', async () => {
    const id = await uploaded(`box-${source}`);
    const app = await fixture.open({ source });
    await app.annotate(id);
    await app.press('b');
    await app.dragBox(bird.box);
    const [saved] = await app.savedMasks(id, 1);
    expect(pixelsOf(saved).iou(truth(bird))).toBeGreaterThanOrEqual(0.8);
  });

  test('a right click takes away what was not meant', async () => {
    const id = await uploaded(`negative-${source}`);
    const app = await fixture.open({ source });
    await app.annotate(id);
    await app.click(pointIn(bird));
    const [before] = await app.savedMasks(id, 1);
    await app.click({ x: bird.box[0] + 2, y: bird.box[3] - 2 }, 'right');
    const [after] = await app.saved(id, (objects) => objects[0]?.mask?.counts !== before.mask?.counts, 'another mask');
    expect(after.id).toBe(before.id);
    expect(pixelsOf(after).iou(truth(bird))).toBeGreaterThan(0.7);
  });
});

test('server and browser give the same masks', async () => {
  const id = await uploaded('same');
  const masks: Record<string, Pixels[]> = {};
  for (const source of ['server', 'browser'] as const) {
    const app = await fixture.open({ source });
    await app.annotate(id);
    const before = (await fixture.server.objects(id)).length;
    for (const [index, object] of scene.objects.entries()) {
      await app.press('n');
      await app.click(pointIn(object));
      await app.waitForObjects(before + index + 1);
    }
    const saved = await app.savedMasks(id, before + scene.objects.length);
    masks[source] = saved.filter((object) => object.origin === source).map(pixelsOf);
  }
  expect(masks.browser).toHaveLength(scene.objects.length);
  for (const [index, mask] of masks.browser.entries()) {
    expect(mask.iou(masks.server[index])).toBeGreaterThanOrEqual(0.99);
  }
});

describe('a concept', () => {
  test('named by a text gives every instance, to be accepted together', async () => {
    const id = await uploaded('text');
    const app = await fixture.open();
    await app.annotate(id);
    await app.page.getByLabel('What to find').fill('black bird');
    await app.press('Enter');
    await app.button(/^Accept all/).click();
    const birds = named('black', 'bird');
    const saved = await app.savedMasks(id, birds.length);
    for (const object of birds) {
      expect(Math.max(...saved.map((one) => pixelsOf(one).iou(truth(object))))).toBeGreaterThanOrEqual(0.7);
    }
    expect(saved.map((one) => one.label)).toEqual(birds.map(() => 'black bird'));
  });

  test('shown by an example gives what is like it, to be accepted one by one', async () => {
    const id = await uploaded('example');
    const app = await fixture.open();
    await app.annotate(id);
    await app.press('e');
    await app.dragBox(cats[0].box);
    await app.candidates.first().waitFor();
    expect(await app.candidates.count()).toBe(cats.length);
    await app.button('Skip candidate 2').click();
    await app.button('Accept candidate 1').click();
    const [saved] = await app.savedMasks(id, 1);
    expect(saved.origin).toBe('concept');
    expect(Math.max(...cats.map((cat) => pixelsOf(saved).iou(truth(cat))))).toBeGreaterThanOrEqual(0.7);
  });

  test('that is not there says so', async () => {
    const id = await uploaded('absent');
    const app = await fixture.open();
    await app.annotate(id);
    await app.page.getByLabel('What to find').fill('green star');
    await app.press('Enter');
    await app.page.getByText(/^Nothing found/).waitFor();
    expect(await app.candidates.count()).toBe(0);
  });
});

describe('by hand', () => {
  test('the brush adds to an object, the eraser takes away, and both can be undone', async () => {
    const id = await uploaded('brush');
    const app = await fixture.open();
    await app.annotate(id);
    await app.press('p');
    await app.drag({ x: 60, y: 60 }, { x: 160, y: 60 });
    const [painted] = await app.savedMasks(id, 1);
    expect(painted.origin).toBe('brush');
    expect(pixelsOf(painted).has(110, 60)).toBe(true);

    await app.press('r');
    await app.drag({ x: 110, y: 20 }, { x: 110, y: 100 });
    const [erased] = await app.saved(id, ([one]) => !pixelsOf(one).has(110, 60), 'a gap');
    expect(pixelsOf(erased).has(70, 60)).toBe(true);

    await app.press('Control+z');
    const [undone] = await app.saved(id, ([one]) => pixelsOf(one).has(110, 60), 'no gap');
    expect(undone.mask).toEqual(painted.mask);
    await app.press('Control+z');
    await app.saved(id, (objects) => objects.length === 0, 'nothing');
    await app.press('Control+Shift+z', 'Control+Shift+z');
    const [redone] = await app.savedMasks(id, 1);
    expect(redone.mask).toEqual(erased.mask);
  });

  test('a label and its colour are the object\u2019s and are offered for the next one', async () => {
    const id = await uploaded('label');
    const app = await fixture.open();
    await app.annotate(id);
    await app.click(pointIn(cats[0]));
    await app.waitForObjects(1);
    await app.press('l');
    await app.page.keyboard.type('cat');
    await app.press('Enter', 'n');
    await app.click(pointIn(cats[1]));
    const saved = await app.saved(
      id,
      (objects) => objects.filter((one) => one.label === 'cat').length === 2,
      'two cats',
    );
    expect(new Set(saved.map((one) => one.color)).size).toBe(1);
  });

  test('of several masks that one click may mean another can be chosen', async () => {
    const id = await uploaded('alternatives');
    const app = await fixture.open({ alternatives: true });
    await app.annotate(id);
    await app.click(pointIn(bird));
    await app.page.getByRole('radiogroup', { name: 'Other masks for this click' }).waitFor();
    const [first] = await app.savedMasks(id, 1);
    await app.press('2');
    const [second] = await app.saved(id, ([one]) => one.mask?.counts !== first.mask?.counts, 'another mask');
    expect(second.id).toBe(first.id);
  });
});

/** Annotations leave as files that other tools read, and come back from them. */
import { readFileSync } from 'node:fs';
import { strFromU8, unzipSync } from 'fflate';
import { expect, test } from 'vitest';
import type { App } from './support/app';
import { Fixture } from './support/fixture';
import { type Rle, Pixels } from './support/pixels';
import { named, pointIn, scene, scenePicture, truth } from './support/scene';

const fixture = new Fixture();

interface Coco {
  images: { id: number; file_name: string; width: number; height: number }[];
  categories: { id: number; name: string }[];
  annotations: {
    image_id: number;
    category_id: number;
    bbox: [number, number, number, number];
    area: number;
    segmentation: Rle;
  }[];
}

async function exported(app: App, item: RegExp): Promise<Buffer> {
  const download = app.page.waitForEvent('download');
  await app.chooseFromMenu('Project', item);
  return readFileSync(await (await download).path());
}

async function openProject(app: App, project: string): Promise<void> {
  await app.goTo(`/projects/${project}`);
  await app.tile('scene.jpg').waitFor();
}

async function annotated(app: App, project: string): Promise<string> {
  const id = await fixture.server.upload(project, 'scene.jpg', scenePicture());
  await app.annotate(id);
  for (const [index, object] of scene.objects.entries()) {
    await app.press('n');
    await app.click(pointIn(object));
    await app.waitForObjects(index + 1);
    await app.press('l');
    await app.page.keyboard.type(object.kind);
    await app.press('Enter');
  }
  await app.saved(
    id,
    (objects) => objects.length === scene.objects.length && objects.every((object) => object.label),
    'all objects with their names',
  );
  return id;
}

test('COCO has every object, and another project takes them back as they were', async () => {
  const app = await fixture.open();
  const id = await annotated(app, 'there');
  await openProject(app, 'there');
  const file = await exported(app, /^Export COCO.*run lengths/);
  const coco = JSON.parse(file.toString()) as Coco;

  expect(coco.images).toMatchObject([{ file_name: 'scene.jpg', width: scene.width, height: scene.height }]);
  expect(coco.categories.map(({ name }) => name).toSorted()).toEqual(['bird', 'cat']);
  expect(coco.annotations).toHaveLength(scene.objects.length);
  for (const [index, { bbox, area, segmentation, category_id }] of coco.annotations.entries()) {
    const mask = Pixels.decode(segmentation);
    const object = scene.objects[index];
    expect(mask.iou(truth(object))).toBeGreaterThanOrEqual(0.8);
    expect(mask.area).toBe(area);
    expect(coco.categories.find((category) => category.id === category_id)?.name).toBe(object.kind);
    expect(Math.abs(bbox[0] - object.box[0])).toBeLessThan(8);
  }

  const back = await fixture.server.upload('back', 'scene.jpg', scenePicture());
  await openProject(app, 'back');
  const document = { name: 'annotations.json', mimeType: 'application/json', buffer: file };
  await app.page.getByTestId('import-input').setInputFiles(document);
  const imported = await app.savedMasks(back, scene.objects.length);
  const original = await fixture.server.objects(id);
  expect(imported.map(({ label, mask }) => ({ label, mask }))).toEqual(
    original.map(({ label, mask }) => ({ label, mask })),
  );
});

test('an import that does not fit says which entries, and spoils nothing', async () => {
  const app = await fixture.open();
  const id = await fixture.server.upload('unfit', 'scene.jpg', scenePicture());
  await openProject(app, 'unfit');
  const document = {
    images: [{ id: 1, file_name: 'elsewhere.jpg', width: scene.width, height: scene.height }],
    categories: [{ id: 1, name: 'bird' }],
    annotations: [
      {
        id: 7,
        image_id: 1,
        category_id: 1,
        segmentation: named('black', 'bird')[0].mask,
        bbox: [0, 0, 1, 1],
        area: 1,
        iscrowd: 0,
      },
    ],
  };
  const buffer = Buffer.from(JSON.stringify(document));
  await app.page
    .getByTestId('import-input')
    .setInputFiles({ name: 'unfit.json', mimeType: 'application/json', buffer });
  await app.page
    .getByTestId('transfer')
    .getByText(/elsewhere\.jpg/)
    .first()
    .waitFor();
  expect(await fixture.server.objects(id)).toEqual([]);
});

test('YOLO and PNG archives hold a file for each image', async () => {
  const app = await fixture.open();
  await annotated(app, 'archives');
  await openProject(app, 'archives');
  const yolo = unzipSync(await exported(app, /^Export YOLO/));
  const labels = Object.entries(yolo).find(([name]) => name.endsWith('scene.txt'));
  const lines = strFromU8(labels?.[1] ?? new Uint8Array())
    .trim()
    .split('\n');
  expect(lines).toHaveLength(scene.objects.length);
  for (const line of lines) {
    const [kind, ...coordinates] = line.split(' ').map(Number);
    expect(Number.isInteger(kind)).toBe(true);
    expect(coordinates.length).toBeGreaterThanOrEqual(6);
    expect(coordinates.every((value) => value >= 0 && value <= 1)).toBe(true);
  }
  const masks = unzipSync(await exported(app, /^Export masks/));
  const png = Object.entries(masks).find(([name]) => name.endsWith('.png'));
  expect(strFromU8((png?.[1] ?? new Uint8Array()).subarray(1, 4))).toBe('PNG');
});

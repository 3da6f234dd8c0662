/** An encode that really fails: the worker does not find the file that was uploaded. */
import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { jpeg } from './support/app';
import { Fixture } from './support/fixture';
import { scenePicture } from './support/scene';

const fixture = new Fixture({ server: ['--no-worker'] });

test('a failed encode says why, and succeeds at the second try once the reason is gone', async () => {
  const app = await fixture.open();
  await app.goTo('/projects/failing');
  await app.upload(jpeg('lost.jpg', scenePicture(1)));
  await app.waitForStatus('lost.jpg', 'pending');
  expect(await app.tile('lost.jpg').getByRole('link').getAttribute('aria-disabled')).toBe('true');

  const originals = join(fixture.server.data, 'originals');
  const [file] = readdirSync(originals);
  const aside = join(fixture.server.folder, 'lost');
  renameSync(join(originals, file), aside);
  fixture.server.startWorker();
  await app.waitForStatus('lost.jpg', 'failed');
  await app
    .tile('lost.jpg')
    .getByText(/original/)
    .waitFor();

  renameSync(aside, join(originals, file));
  await app.button('Retry lost.jpg').click();
  await app.waitForStatus('lost.jpg', 'completed');
  await app.tile('lost.jpg').getByRole('link').click();
  await app.waitForImage();
});

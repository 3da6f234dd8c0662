/** Masks from the browser's GPU, where there is one. */
import { expect, test } from 'vitest';
import { Fixture } from './support/fixture';
import { Pixels } from './support/pixels';
import { named, pointIn, scenePicture, truth } from './support/scene';

const fixture = new Fixture({ browser: ['--enable-unsafe-webgpu'] });
const [bird] = named('black', 'bird');

test('WebGPU gives the mask of what is there', async ({ skip }) => {
  const app = await fixture.open({ source: 'browser' });
  await app.goTo('/');
  const reason = await app.page.evaluate(async () => {
    interface Adapter {
      isFallbackAdapter?: boolean;
      info?: { isFallbackAdapter?: boolean };
    }
    const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<Adapter | null> } };
    if (!gpu) return 'this browser has no WebGPU';
    const adapter = await gpu.requestAdapter();
    if (!adapter) return 'this machine has no GPU';
    return (adapter.isFallbackAdapter ?? adapter.info?.isFallbackAdapter) ? 'WebGPU computes in software here' : null;
  });
  if (reason) skip(reason);
  const id = await fixture.server.upload('gpu', 'scene.jpg', scenePicture());
  await app.annotate(id);
  await app.click(pointIn(bird));
  const [saved] = await app.savedMasks(id, 1);
  expect(await app.page.getByTestId('mask-source').getAttribute('data-backend')).toBe('webgpu');
  if (!saved.mask) throw new Error('no mask');
  expect(Pixels.decode(saved.mask).iou(truth(bird))).toBeGreaterThanOrEqual(0.8);
});

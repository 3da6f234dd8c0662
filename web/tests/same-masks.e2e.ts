/**
 * The browser's decoder against the server: the same prompts on the same encoding must give the same masks. The decoder
 * runs here in onnxruntime-web's WebAssembly as it does in the page's worker.
 */
import * as runtime from 'onnxruntime-web';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiClient } from '../src/api/client';
import { verifyEncoding } from '../src/cache/encoding-file';
import { decode } from '../src/geometry/coco-rle';
import { Mask } from '../src/geometry/mask';
import type { Box } from '../src/geometry/types';
import { finishMasks } from '../src/inference/finish-masks';
import type { PromptSet } from '../src/inference/mask-source';
import { PromptDecoder } from '../src/inference/prompt-decoder';
import type { PreparedImage } from '../src/inference/prompt-decoder';
import { pointIn, scene, scenePicture } from './support/scene';
import type { Rle } from './support/pixels';
import { TestServer } from './support/server';

const part = 'prompt_encoder_mask_decoder_with_mask';

let server: TestServer;
let api: ApiClient;
let imageId: string;
let decoder: PromptDecoder;
let image: PreparedImage;
let rule: Awaited<ReturnType<ApiClient['model']>>['stability'];

beforeAll(async () => {
  // As the browser computes: in bfloat16 the server moves outlines by a pixel here and there.
  server = await TestServer.start('--precision', 'fp32');
  api = new ApiClient({ baseUrl: server.url });
  imageId = await server.upload('same-masks', 'scene.jpg', scenePicture());
  const model = await api.model();
  rule = model.stability;
  const facts = {
    fingerprint: model.fingerprint,
    url: '',
    imageSize: model.image_size,
    maskSide: model.mask_side,
    stability: rule,
  };
  const graph = new Uint8Array(await api.modelPart(part, { dtype: 'fp32' }));
  decoder = await PromptDecoder.create(runtime, graph, 'float32', facts, false);
  const download = await api.downloadEncoding(imageId, { profile: 'interactive', dtype: 'bf16' });
  const encoding = await download.arrayBuffer();
  await verifyEncoding(encoding);
  image = decoder.prepare({ width: scene.width, height: scene.height, encoding });
});

afterAll(async () => {
  await decoder.release();
  await server.close();
});

async function inBrowser(prompts: PromptSet): Promise<{ mask: Mask; score: number }[]> {
  const { width, height } = image;
  const found = finishMasks(await decoder.decode(image, prompts), {
    rule,
    multimask: prompts.multimask,
    width,
    height,
  });
  return found.map(({ runs, score }) => ({ mask: Mask.fromRuns(width, height, runs), score }));
}

async function onServer({ points, box, multimask }: PromptSet): Promise<{ mask: Mask; score: number }[]> {
  const { masks, scores } = await api.infer(imageId, {
    mode: 'interactive',
    units: 'pixel',
    box_format: 'xyxy',
    confidence_threshold: 0.5,
    mask_format: 'rle',
    max_masks: 100,
    return_logits: false,
    multimask_output: multimask,
    points: points.map(({ x, y, positive }) => ({ coords: [x, y], positive })),
    boxes: box ? [{ coords: [box.x0, box.y0, box.x1, box.y1], positive: true }] : [],
  });
  const found = (masks as Rle[]).map((rle, i) => ({ mask: decode(rle), score: scores[i] }));
  return found.sort((a, b) => b.score - a.score);
}

async function expectSame(prompts: PromptSet): Promise<void> {
  const [found, expected] = [await inBrowser(prompts), await onServer(prompts)];
  expect(found).toHaveLength(expected.length);
  found.forEach(({ mask, score }, i) => {
    expect(score).toBeCloseTo(expected[i].score, 2);
    expect(mask.iou(expected[i].mask)).toBeGreaterThanOrEqual(0.999);
  });
}

function boxOf([x0, y0, x1, y1]: readonly number[]): Box {
  return { x0, y0, x1, y1 };
}

describe.each([false, true])('with all alternatives: %s', (multimask) => {
  test.each(scene.objects.map((object) => [`${object.colour} ${object.kind}`, object] as const))(
    'a click and a box on the %s',
    async (_, object) => {
      const point = { ...pointIn(object), positive: true };
      await expectSame({ points: [point], box: null, multimask });
      await expectSame({ points: [], box: boxOf(object.box), multimask });
      await expectSame({ points: [point], box: boxOf(object.box), multimask });
    },
  );

  test('clicks beside an object, at the edges, and where there is nothing', async () => {
    const [first, second] = scene.objects.map(pointIn);
    const points = [
      { ...first, positive: true },
      { ...second, positive: false },
    ];
    await expectSame({ points, box: null, multimask });
    for (const x of [0, scene.width / 3, scene.width]) {
      for (const y of [0, scene.height / 2, scene.height]) {
        await expectSame({ points: [{ x, y, positive: true }], box: null, multimask });
      }
    }
  });
});

/**
 * The model's part for clicks and boxes, `prompt_encoder_mask_decoder_with_mask` (docs/onnx.md), on one backend.
 *
 * What of an image is the same for all its prompts is made once: its features in the decoder's type, on the GPU where
 * that computes. Runs of one decoder must not overlap.
 */
import { parseEncoding } from '../cache/encoding-file';
import type { DecoderModel } from './decoder-messages';
import type { FeatureType } from './feature-values';
import { featureValues } from './feature-values';
import type { Candidates } from './finish-masks';
import type { PromptSet } from './mask-source';
import type { InferenceSession, OnnxRuntime, Tensor } from './onnx-runtime';

export const featureNames = ['image_embeddings.0', 'image_embeddings.1', 'image_embeddings.2'] as const;

export interface PreparedImage {
  width: number;
  height: number;
  features: Record<string, Tensor>;
}

interface Feature {
  name: string;
  values: Float32Array | Uint16Array;
  shape: readonly number[];
}

export class PromptDecoder {
  private readonly fixedFeeds: Record<string, Tensor>;

  private constructor(
    private readonly runtime: OnnxRuntime,
    private readonly session: InferenceSession,
    readonly featureType: FeatureType,
    private readonly model: DecoderModel,
    private readonly onGpu: boolean,
  ) {
    const side = model.maskSide;
    this.fixedFeeds = {
      mask_input: new runtime.Tensor('float32', new Float32Array(side * side), [1, 1, 1, side, side]),
      has_mask_input: new runtime.Tensor('float32', Float32Array.of(0), [1]),
    };
  }

  static async create(
    runtime: OnnxRuntime,
    graph: Uint8Array,
    featureType: FeatureType,
    model: DecoderModel,
    onGpu: boolean,
  ): Promise<PromptDecoder> {
    const session = await runtime.InferenceSession.create(graph, {
      // Others report wrong masks of this model on WebGPU with channels last.
      executionProviders: onGpu ? [{ name: 'webgpu', preferredLayout: 'NCHW' }] : ['wasm'],
      graphOptimizationLevel: 'all',
    });
    return new PromptDecoder(runtime, session, featureType, model, onGpu);
  }

  /** Throws `DamagedEncoding`, or an Error when the encoding is of another model. */
  prepare(image: { width: number; height: number; encoding: ArrayBuffer }): PreparedImage {
    const { metadata, tensors } = parseEncoding(image.encoding);
    if (metadata.get('model_fingerprint') !== this.model.fingerprint) {
      throw new Error('the encoding was made by another model');
    }
    const features = featureNames.map((name) => {
      const tensor = tensors.get(name);
      if (!tensor) throw new Error(`the encoding has no ${name}`);
      return { name, values: featureValues(tensor, this.featureType), shape: tensor.shape };
    });
    return { width: image.width, height: image.height, features: this.featureTensors(features) };
  }

  /** An image of nothing in particular, the same each time, to try a backend with. */
  prepareTrial(): PreparedImage {
    const side = this.model.maskSide;
    const shapes = this.session.inputMetadata.flatMap((input) => (input.isTensor ? [input] : []));
    const features = featureNames.map((name, level) => {
      const shape = shapes.find((input) => input.name === name)?.shape ?? [];
      const channels = Number(shape[1]);
      const size = side >> level;
      const floats = Float32Array.from({ length: channels * size * size }, (_, i) => Math.sin(i * 0.37 + level) / 2);
      const bytes = new Uint8Array(floats.buffer);
      const values = featureValues({ name, dtype: 'F32', shape: [], bytes }, this.featureType);
      return { name, values, shape: [1, channels, size, size] };
    });
    return { width: side, height: side, features: this.featureTensors(features) };
  }

  async decode(image: PreparedImage, prompts: PromptSet): Promise<Candidates> {
    const feeds = { ...this.fixedFeeds, ...image.features, ...this.promptFeeds(image, prompts) };
    const answers = await this.session.run(feeds, ['pred_masks', 'iou_scores']);
    return {
      logits: answers.pred_masks.data as Float32Array,
      scores: answers.iou_scores.data as Float32Array,
      side: this.model.maskSide,
    };
  }

  forget(image: PreparedImage): void {
    for (const tensor of Object.values(image.features)) tensor.dispose();
  }

  release(): Promise<void> {
    return this.session.release();
  }

  private promptFeeds(image: PreparedImage, { points, box }: PromptSet): Record<string, Tensor> {
    const { Tensor } = this.runtime;
    const scaleX = this.model.imageSize / image.width;
    const scaleY = this.model.imageSize / image.height;
    const places = points.flatMap(({ x, y }) => [x * scaleX, y * scaleY]);
    const labels = points.map(({ positive }) => (positive ? 1n : 0n));
    const corners = box ? [box.x0 * scaleX, box.y0 * scaleY, box.x1 * scaleX, box.y1 * scaleY] : [];
    return {
      input_points: new Tensor('float32', Float32Array.from(places), [1, 1, points.length, 2]),
      input_labels: new Tensor('int64', BigInt64Array.from(labels), [1, 1, points.length]),
      input_boxes: new Tensor('float32', Float32Array.from(corners), [1, corners.length / 4, 4]),
    };
  }

  private featureTensors(features: Feature[]): Record<string, Tensor> {
    return Object.fromEntries(
      features.map(({ name, values, shape }) => {
        const tensor = new this.runtime.Tensor(this.featureType, values as Float32Array, shape);
        return [name, this.onGpu ? this.uploaded(tensor) : tensor];
      }),
    );
  }

  private uploaded(tensor: Tensor): Tensor {
    const device = this.runtime.env.webgpu.device as unknown as GpuDevice;
    const bytes = tensor.data as Float32Array;
    const size = Math.ceil(bytes.byteLength / 16) * 16;
    const buffer = device.createBuffer({ size, usage: bufferUsage });
    device.queue.writeBuffer(buffer, 0, bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return this.runtime.Tensor.fromGpuBuffer(buffer as never, {
      dataType: this.featureType,
      dims: tensor.dims,
      dispose: () => buffer.destroy(),
    });
  }
}

/** STORAGE | COPY_SRC | COPY_DST */
const bufferUsage = 0x80 | 0x4 | 0x8;

/** The part of the WebGPU interface that is used here. */
interface GpuDevice {
  createBuffer(options: { size: number; usage: number }): { destroy(): void };
  queue: {
    writeBuffer(buffer: unknown, offset: number, data: ArrayBufferLike, from: number, size: number): void;
  };
}

/**
 * Documents as the JSON that the server keeps for an image. Reading is strict: what comes back may have been written by
 * another program, and a document that was misread would be saved over the true one.
 */
import { decode, encode } from '../geometry/coco-rle';
import type { CocoRle } from '../geometry/coco-rle';
import type { Mask } from '../geometry/mask';
import type { Box } from '../geometry/types';
import { maxLabelLength } from './labels';
import type { AnnotatedObject, AnnotationDocument, Origin, PromptPoint, Prompts } from './model';
import { emptyDocument } from './model';
import {
  ReadingError,
  readArray,
  readBoolean,
  readInteger,
  readNumber,
  readNumbers,
  readObject,
  readOneOf,
  readString,
} from './reading';

export const maxObjects = 10_000;
export const maxPoints = 1_000;
/** The server takes no more for a whole document. */
const maxCountsLength = 16 << 20;

const origins: readonly Origin[] = ['server', 'browser', 'brush', 'import', 'concept'];

export interface JsonObjectEntry {
  id: string;
  label: string;
  color: string;
  prompts: { points: PromptPoint[]; box: [number, number, number, number] | null };
  mask: CocoRle | null;
  score: number | null;
  origin: Origin;
  hidden: boolean;
}

export interface JsonDocument {
  version: 1;
  imageId: string;
  width: number;
  height: number;
  objects: JsonObjectEntry[];
}

export function toJson(document: AnnotationDocument): JsonDocument {
  return {
    version: document.version,
    imageId: document.imageId,
    width: document.width,
    height: document.height,
    objects: document.objects.map(objectToJson),
  };
}

/** Masks never change, and each save writes all of them. */
const knownRles = new WeakMap<Mask, CocoRle>();

export function rleOf(mask: Mask): CocoRle {
  let rle = knownRles.get(mask);
  if (!rle) {
    rle = encode(mask);
    knownRles.set(mask, rle);
  }
  return rle;
}

function objectToJson(object: AnnotatedObject): JsonObjectEntry {
  const { box } = object.prompts;
  return {
    id: object.id,
    label: object.label,
    color: object.color,
    prompts: {
      points: object.prompts.points.map(({ x, y, positive }) => ({ x, y, positive })),
      box: box && [box.x0, box.y0, box.x1, box.y1],
    },
    mask: object.mask && rleOf(object.mask),
    score: object.score,
    origin: object.origin,
    hidden: object.hidden,
  };
}

/** What `fromJson` reads in a moment: for whoever wants names and colours of thousands of documents. */
export function withoutMasks(json: unknown): unknown {
  const root = readObject(json, 'the document');
  if (!Array.isArray(root.objects)) return root;
  const objects: unknown[] = root.objects;
  return { ...root, objects: objects.map((object) => ({ ...readObject(object, 'an object'), mask: null })) };
}

/**
 * The document of an image. `{}`, which the server answers before the first save, is the empty one. Throws a
 * ReadingError that says what is wrong and where.
 */
export function fromJson(json: unknown, image: { id: string; width: number; height: number }): AnnotationDocument {
  const root = readObject(json, 'the document');
  if (Object.keys(root).length === 0) return emptyDocument(image);
  if (root.version !== 1) {
    throw new ReadingError(`version ${JSON.stringify(root.version)} of a document is not known here: reload the app`);
  }
  const id = readString(root.imageId, 'imageId', 100);
  const width = readInteger(root.width, 'width', 1, 1e8);
  const height = readInteger(root.height, 'height', 1, 1e8);
  if (id !== image.id || width !== image.width || height !== image.height) {
    throw new ReadingError(
      `this is the document of image ${id} (${width} x ${height}), not of ${image.id} (${image.width} x ${image.height})`,
    );
  }
  const objects = readArray(root.objects, 'objects', maxObjects).map((value, i) =>
    objectFromJson(value, `objects[${i}]`, image),
  );
  requireUniqueIds(objects);
  return { version: 1, imageId: id, width, height, objects };
}

function objectFromJson(value: unknown, path: string, image: { width: number; height: number }): AnnotatedObject {
  const json = readObject(value, path);
  return {
    id: readId(json.id, `${path}.id`),
    label: readString(json.label, `${path}.label`, maxLabelLength),
    color: readColor(json.color, `${path}.color`),
    prompts: promptsFromJson(json.prompts, `${path}.prompts`),
    mask: json.mask === null ? null : readMask(json.mask, `${path}.mask`, image),
    score: json.score === null ? null : readNumber(json.score, `${path}.score`, 0, 1),
    origin: readOneOf(json.origin, `${path}.origin`, origins),
    hidden: readBoolean(json.hidden, `${path}.hidden`),
  };
}

function promptsFromJson(value: unknown, path: string): Prompts {
  const json = readObject(value, path);
  return {
    points: readArray(json.points, `${path}.points`, maxPoints).map((point, i): PromptPoint => {
      const at = `${path}.points[${i}]`;
      const { x, y, positive } = readObject(point, at);
      return {
        x: readNumber(x, `${at}.x`),
        y: readNumber(y, `${at}.y`),
        positive: readBoolean(positive, `${at}.positive`),
      };
    }),
    box: json.box === null ? null : readBox(json.box, `${path}.box`),
  };
}

function readBox(value: unknown, path: string): Box {
  const [x0, y0, x1, y1] = readNumbers(value, path, 4);
  if (x0 > x1 || y0 > y1) throw new ReadingError(`${path} has its corners in the wrong order`);
  return { x0, y0, x1, y1 };
}

function readMask(value: unknown, path: string, image: { width: number; height: number }): Mask {
  const json = readObject(value, path);
  const [height, width] = readNumbers(json.size, `${path}.size`, 2);
  if (width !== image.width || height !== image.height) {
    throw new ReadingError(`${path} is ${width} x ${height}, its image ${image.width} x ${image.height}`);
  }
  const rle: CocoRle = {
    size: [height, width],
    counts: readString(json.counts, `${path}.counts`, maxCountsLength),
  };
  try {
    return decode(rle);
  } catch (error) {
    if (error instanceof RangeError) throw new ReadingError(`${path}: ${error.message}`);
    throw error;
  }
}

function readId(value: unknown, path: string): string {
  const id = readString(value, path, 36);
  if (!isObjectId(id)) throw new ReadingError(`${path} is no UUID: ${JSON.stringify(id)}`);
  return id;
}

export function isObjectId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

export function isColor(text: string): boolean {
  return /^#[0-9a-f]{6}$/.test(text);
}

function readColor(value: unknown, path: string): string {
  const color = readString(value, path, 7);
  if (!isColor(color)) throw new ReadingError(`${path} is no colour like #0072b2: ${JSON.stringify(color)}`);
  return color;
}

function requireUniqueIds(objects: readonly AnnotatedObject[]): void {
  const seen = new Set<string>();
  for (const { id } of objects) {
    if (seen.has(id)) throw new ReadingError(`two objects have the id ${id}`);
    seen.add(id);
  }
}

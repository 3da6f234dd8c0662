/**
 * Reads COCO's instance annotations, from here or from anywhere: run lengths, compressed or not, polygons, or nothing
 * but a box, which becomes a prompt. One annotation that makes no sense does not spoil the others: each such is named.
 */
import { decode } from '../../geometry/coco-rle';
import type { Mask } from '../../geometry/mask';
import { rasterize } from '../../geometry/rasterize';
import type { Box, Point } from '../../geometry/types';
import { unlabelled } from '../export/item';
import type { Label } from '../labels';
import { colorOf, tidyLabel } from '../labels';
import type { AnnotatedObject } from '../model';
import { noPrompts } from '../model';
import { newObjectId } from '../object-id';
import type { JsonObject } from '../reading';
import { ReadingError, readArray, readNumber, readNumbers, readObject, readString } from '../reading';
import { isColor, isObjectId } from '../serialise';
import type { ImportTarget } from './match-images';
import { ImageMatcher } from './match-images';

export interface CocoImport {
  /** By the image's id, in the order of the file. */
  objects: Map<string, AnnotatedObject[]>;
  count: number;
  /** What was left out and why, a sentence each. */
  problems: string[];
}

export interface ImportOptions {
  /** The project's labels, whose colours are kept. */
  labels?: readonly Label[];
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
}

const maxFileBytes = 256 << 20;
const maxEntries = 1_000_000;
const maxCounts = 50_000_000;
const maxNameLength = 4096;
/** The page may do other things after so many annotations. */
const annotationsAtOnce = 50;

/** The JSON of a file; throws a ReadingError when it is none. */
export async function readCocoFile(file: Blob): Promise<unknown> {
  if (file.size > maxFileBytes) {
    throw new ReadingError(
      `the file has ${Math.round(file.size / 1e6)} MB, over the limit of ${maxFileBytes / 1e6} MB`,
    );
  }
  try {
    return JSON.parse(await file.text()) as unknown;
  } catch (error) {
    throw new ReadingError(`the file is not JSON: ${(error as Error).message}`);
  }
}

/** Throws a ReadingError when the file as a whole is no COCO. */
export async function importCoco(
  json: unknown,
  targets: readonly ImportTarget[],
  options: ImportOptions = {},
): Promise<CocoImport> {
  const root = readObject(json, 'the file');
  const annotations = readArray(root.annotations, 'annotations', maxEntries);
  const reader = new AnnotationReader(root, targets, options.labels ?? []);
  const result: CocoImport = { objects: new Map(), count: 0, problems: reader.problems };
  for (const [i, annotation] of annotations.entries()) {
    if (i % annotationsAtOnce === 0) {
      options.onProgress?.(i, annotations.length);
      await new Promise((resolve) => setTimeout(resolve));
      options.signal?.throwIfAborted();
    }
    const found = reader.read(annotation, i);
    if (!found) continue;
    const objects = result.objects.get(found.imageId);
    if (objects) objects.push(found.object);
    else result.objects.set(found.imageId, [found.object]);
    ++result.count;
  }
  reader.reportMissingImages();
  return result;
}

class AnnotationReader {
  readonly problems: string[] = [];
  private readonly matcher: ImageMatcher;
  private readonly categories = new Map<unknown, string>();
  private readonly labels: Label[];
  private readonly usedIds = new Set<string>();

  constructor(root: JsonObject, targets: readonly ImportTarget[], labels: readonly Label[]) {
    this.matcher = new ImageMatcher(readArray(root.images, 'images', maxEntries), targets);
    this.labels = [...labels];
    readArray(root.categories, 'categories', maxEntries).forEach((value, i) => {
      const category = readObject(value, `categories[${i}]`);
      this.categories.set(category.id, readString(category.name, `categories[${i}].name`, maxNameLength));
    });
  }

  /** Null: it is left out, and the problems say why. */
  read(value: unknown, i: number): { imageId: string; object: AnnotatedObject } | null {
    let name = `annotations[${i}]`;
    try {
      const annotation = readObject(value, name);
      name = `annotation ${JSON.stringify(annotation.id) ?? `number ${i + 1}`}`;
      const image = this.matcher.imageOf(annotation.image_id);
      if (!image) return null;
      name += ` (${image.filename})`;
      return { imageId: image.id, object: this.objectOf(annotation, image) };
    } catch (error) {
      if (!(error instanceof ReadingError || error instanceof RangeError)) throw error;
      this.problems.push(`${name}: ${error.message}`);
      return null;
    }
  }

  reportMissingImages(): void {
    this.problems.push(...this.matcher.problems());
  }

  private objectOf(annotation: JsonObject, image: ImportTarget): AnnotatedObject {
    const mask = maskOf(annotation.segmentation, image);
    const box = mask ? null : boxOf(annotation.bbox);
    const label = this.labelOf(annotation.category_id);
    const { score, color } = annotation;
    return {
      id: this.idOf(annotation.uuid),
      label,
      color: typeof color === 'string' && isColor(color) ? color : this.colorOf(label),
      prompts: box ? { ...noPrompts, box } : noPrompts,
      mask,
      score: typeof score === 'number' && score >= 0 && score <= 1 ? score : null,
      origin: 'import',
      hidden: false,
    };
  }

  private labelOf(categoryId: unknown): string {
    const category = this.categories.get(categoryId);
    if (category === undefined) {
      throw new ReadingError(`there is no category ${JSON.stringify(categoryId) ?? 'given'}`);
    }
    return category === unlabelled ? '' : tidyLabel(category);
  }

  private colorOf(label: string): string {
    const color = colorOf(label, this.labels);
    if (!this.labels.some(({ name }) => name === label)) this.labels.push({ name: label, color, objects: 0 });
    return color;
  }

  /** An object that was exported here keeps its id, so that importing it twice does not double it. */
  private idOf(uuid: unknown): string {
    const known = typeof uuid === 'string' && isObjectId(uuid) && !this.usedIds.has(uuid);
    const id = known ? uuid : newObjectId();
    this.usedIds.add(id);
    return id;
  }
}

/** Null: there is none. */
function maskOf(segmentation: unknown, image: ImportTarget): Mask | null {
  if (segmentation === undefined || segmentation === null) return null;
  if (Array.isArray(segmentation)) return segmentation.length === 0 ? null : maskOfPolygons(segmentation, image);
  const { size, counts } = readObject(segmentation, 'segmentation');
  const [height, width] = readNumbers(size, 'segmentation.size', 2);
  if (width !== image.width || height !== image.height) {
    throw new ReadingError(`its mask is ${width} x ${height}, the image ${image.width} x ${image.height}`);
  }
  return decode({ size: [height, width], counts: readCounts(counts) } as Parameters<typeof decode>[0]);
}

function readCounts(counts: unknown): string | number[] {
  const path = 'segmentation.counts';
  if (typeof counts === 'string') return counts;
  return readArray(counts, path, maxCounts).map((run, i) => readNumber(run, `${path}[${i}]`));
}

/** Together, as pycocotools does it: what any of them covers. */
function maskOfPolygons(segmentation: unknown[], image: ImportTarget): Mask {
  return segmentation
    .map((numbers, i) => rasterize([ringOf(numbers, `segmentation[${i}]`)], image.width, image.height))
    .reduce((whole, part) => whole.union(part));
}

function ringOf(value: unknown, path: string): Point[] {
  const numbers = readArray(value, path, maxCounts);
  if (numbers.length < 6 || numbers.length % 2 !== 0) {
    throw new ReadingError(`${path} has ${numbers.length} numbers; a polygon needs three or more x, y pairs`);
  }
  const ring: Point[] = [];
  for (let i = 0; i < numbers.length; i += 2) {
    ring.push({ x: readNumber(numbers[i], `${path}[${i}]`), y: readNumber(numbers[i + 1], `${path}[${i + 1}]`) });
  }
  return ring;
}

function boxOf(bbox: unknown): Box {
  if (bbox === undefined || bbox === null) throw new ReadingError('it has neither a segmentation nor a bbox');
  const [x, y, width, height] = readNumbers(bbox, 'bbox', 4);
  if (width <= 0 || height <= 0) throw new ReadingError(`its bbox is ${width} x ${height}`);
  return { x0: x, y0: y, x1: x + width, y1: y + height };
}

import { readObject, readString } from '../reading';

/** An image of the project, which annotations may be for. */
export interface ImportTarget {
  id: string;
  filename: string;
  width: number;
  height: number;
}

interface FileImage {
  name: string;
  /** Null: none of ours, `why` says it. */
  target: ImportTarget | null;
  why: string;
  leftOut: number;
}

const maxNameLength = 4096;

/** Which of our images the file's images are: the one it was exported from, or the one of that name. */
export class ImageMatcher {
  private readonly images = new Map<unknown, FileImage>();
  private unknownImages = 0;

  constructor(entries: unknown[], targets: readonly ImportTarget[]) {
    const byId = new Map(targets.map((target) => [target.id, target]));
    const byName = new Map<string, ImportTarget[]>();
    for (const target of targets) {
      byName.set(target.filename, [...(byName.get(target.filename) ?? []), target]);
    }
    entries.forEach((value, i) => {
      const entry = readObject(value, `images[${i}]`);
      const name = readString(entry.file_name, `images[${i}].file_name`, maxNameLength);
      const own = typeof entry.uuid === 'string' ? byId.get(entry.uuid) : undefined;
      const named = byName.get(name) ?? byName.get(baseName(name)) ?? [];
      this.images.set(entry.id, { name, leftOut: 0, ...choose(own, named) });
    });
  }

  /** Null: the annotation cannot go anywhere; `problems` will say so, once for all of an image. */
  imageOf(imageId: unknown): ImportTarget | null {
    const image = this.images.get(imageId);
    if (!image) ++this.unknownImages;
    else if (!image.target) ++image.leftOut;
    return image?.target ?? null;
  }

  problems(): string[] {
    const problems = Array.from(this.images.values())
      .filter((image) => image.leftOut > 0)
      .map((image) => `${image.name}: ${image.why}; ${plural(image.leftOut)} left out`);
    if (this.unknownImages > 0) {
      problems.push(`${plural(this.unknownImages)} left out that name an image which the file does not list`);
    }
    return problems;
  }
}

function choose(own: ImportTarget | undefined, named: readonly ImportTarget[]): Pick<FileImage, 'target' | 'why'> {
  if (own) return { target: own, why: '' };
  if (named.length === 1) return { target: named[0], why: '' };
  const why = named.length === 0 ? 'no image here has this name' : `${named.length} images here have this name`;
  return { target: null, why };
}

function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

function plural(annotations: number): string {
  return annotations === 1 ? '1 annotation' : `${annotations} annotations`;
}

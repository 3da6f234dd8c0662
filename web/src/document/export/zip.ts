import { Zip, ZipDeflate, ZipPassThrough } from 'fflate';

/** A ZIP file that grows a file at a time, into a Blob that the browser may keep on disk. */
export class ZipBuilder {
  private readonly pieces: BlobPart[] = [];
  private readonly zip: Zip;

  constructor() {
    this.zip = new Zip((error, piece) => {
      if (error) throw error;
      this.pieces.push(piece);
    });
  }

  addText(name: string, text: string): void {
    const entry = new ZipDeflate(name);
    this.zip.add(entry);
    entry.push(new TextEncoder().encode(text), true);
  }

  /** As they are: these bytes are compressed already. */
  addCompressed(name: string, bytes: Uint8Array): void {
    const entry = new ZipPassThrough(name);
    this.zip.add(entry);
    entry.push(bytes, true);
  }

  finish(): Blob {
    this.zip.end();
    return new Blob(this.pieces, { type: 'application/zip' });
  }
}

/** Names within a ZIP: without folders, and different from each other, whatever the images are called. */
export class UniqueNames {
  private readonly taken = new Set<string>();

  /** The file's name without its extension; with the image's id when another image has that already. */
  stemOf(filename: string, id: string): string {
    const stem = splitName(filename).stem.replace(/[\\/:*?"<>|\p{Cc}]/gu, '_');
    const unique = this.taken.has(stem.toLowerCase()) ? `${stem}-${id}` : stem;
    this.taken.add(unique.toLowerCase());
    return unique;
  }
}

export function splitName(filename: string): { stem: string; extension: string } {
  const dot = filename.search(/\.[A-Za-z0-9]{1,5}$/);
  return dot > 0 ? { stem: filename.slice(0, dot), extension: filename.slice(dot) } : { stem: filename, extension: '' };
}

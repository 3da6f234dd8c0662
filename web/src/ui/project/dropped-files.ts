/** The pictures in what was dropped or chosen, folders opened. */

/** What the server reads; others are counted and left. */
const pictureEnding = /\.(jpe?g|png|webp|tiff?|gif|heic|heif|avif)$/i;

export interface FoundFiles {
  readonly pictures: File[];
  readonly others: number;
}

export function pick(files: Iterable<File>): FoundFiles {
  const pictures: File[] = [];
  let others = 0;
  for (const file of files) {
    if (pictureEnding.test(file.name) || file.type.startsWith('image/')) pictures.push(file);
    else if (!file.name.startsWith('.')) ++others;
  }
  return { pictures, others };
}

/** Must be called while the event is handled: afterwards a DataTransfer is empty. */
export async function filesOfDrop(transfer: DataTransfer): Promise<FoundFiles> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return pick(transfer.files);
  const files: File[] = [];
  for (const entry of entries) await collect(entry, files);
  return pick(files);
}

async function collect(entry: FileSystemEntry, into: File[]): Promise<void> {
  if (entry.isFile) {
    into.push(await fileOf(entry as FileSystemFileEntry));
  } else if (entry.isDirectory) {
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    // A folder gives a hundred names at a time, until it gives none.
    for (let batch = await entriesOf(reader); batch.length > 0; batch = await entriesOf(reader)) {
      for (const child of batch) await collect(child, into);
    }
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => {
    entry.file(resolve, reject);
  });
}

function entriesOf(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  return new Promise((resolve, reject) => {
    reader.readEntries(resolve, reject);
  });
}

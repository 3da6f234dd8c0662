/** Writes files of the origin private file system. */
import type { OpfsWrite } from './opfs-messages';

self.onmessage = ({ data }: MessageEvent<OpfsWrite>) => {
  write(data).then(
    () => data.answerTo.postMessage(null),
    (error: unknown) => data.answerTo.postMessage(String(error)),
  );
};

async function write({ folder, file, bytes }: OpfsWrite): Promise<void> {
  const root = await navigator.storage.getDirectory();
  const handle = await (await root.getDirectoryHandle(folder)).getFileHandle(file, { create: true });
  const access = await handle.createSyncAccessHandle();
  try {
    access.truncate(0);
    access.write(bytes);
    access.flush();
  } finally {
    access.close();
  }
}

/** The long work on a whole project: writing it to a file, taking annotations from one, keeping it for offline. */
import type { Image } from '../../api/types';
import type { Exported, ExportItem, ExportItems, ExportOptions } from '../../document/export/item';
import type { Services } from '../app/services';
import { bytes, counted } from '../components/format';
import { thumbnailSize } from '../components/thumbnail-size';
import type { Outcome, Report } from './transfers';

export type ExportFormat = 'coco' | 'coco-polygons' | 'yolo' | 'png';

type Exporter = (items: ExportItems, options: ExportOptions) => Promise<Exported>;

/** Documents read ahead of the one that is being written. */
const readAhead = 4;

/** Each format is loaded when it is asked for. */
async function exporterOf(format: ExportFormat): Promise<{ run: Exporter; ending: string }> {
  switch (format) {
    case 'coco':
    case 'coco-polygons': {
      const { exportCoco } = await import('../../document/export/coco');
      const segmentation = format === 'coco' ? 'rle' : 'polygon';
      return { run: (items, options) => exportCoco(items, { ...options, segmentation }), ending: 'coco.json' };
    }
    case 'yolo':
      return { run: (await import('../../document/export/yolo')).exportYolo, ending: 'yolo.zip' };
    case 'png':
      return { run: (await import('../../document/export/png')).exportPng, ending: 'masks.zip' };
  }
}

export async function exportProject(
  services: Services,
  project: string,
  images: readonly Image[],
  format: ExportFormat,
  report: Report,
  signal: AbortSignal,
): Promise<Outcome> {
  const { run, ending } = await exporterOf(format);
  const labels = services
    .labels(project)
    .state.get()
    .list.map(({ name }) => name);
  report({ done: 0, total: images.length });
  const exported = await run(itemsOf(services, images, signal), {
    labels,
    signal,
    onProgress: (done) => {
      report({ done, total: images.length });
    },
  });
  download(exported.file, `${project || 'images'}.${ending}`);
  return {
    detail: `${counted(exported.objects, 'object')} on ${counted(exported.images, 'image')}, ${bytes(exported.file.size)}`,
  };
}

async function* itemsOf(services: Services, images: readonly Image[], signal: AbortSignal): AsyncGenerator<ExportItem> {
  const reading: Promise<ExportItem>[] = [];
  const read = async (image: Image): Promise<ExportItem> => {
    const { id, filename, width, height } = image;
    return { id, filename, width, height, document: await services.document(image, signal) };
  };
  for (let next = 0; next < images.length || reading.length > 0;) {
    while (reading.length < readAhead && next < images.length) {
      const item = read(images[next++]);
      item.catch(() => undefined); // it is waited for below
      reading.push(item);
    }
    const first = reading.shift();
    if (first) yield await first;
  }
}

export async function importProject(
  services: Services,
  project: string,
  images: readonly Image[],
  file: File,
  report: Report,
  signal: AbortSignal,
): Promise<Outcome> {
  const [{ readCocoFile, importCoco }, { addImported }] = await Promise.all([
    import('../../document/import/coco'),
    import('../../document/import/add-imported'),
  ]);
  const labels = services.labels(project);
  const imported = await importCoco(await readCocoFile(file), images, {
    labels: labels.state.get().list,
    signal,
    onProgress: (done, total) => {
      report({ done, total, detail: 'reading' });
    },
  });
  const outbox = await services.outbox();
  let saved = 0;
  for (const [id, objects] of imported.objects) {
    const image = images.find((one) => one.id === id);
    if (!image) continue;
    const document = addImported(await services.document(image, signal), objects);
    await outbox.save(document);
    labels.note(document);
    report({ done: ++saved, total: imported.objects.size, detail: 'saving' });
  }
  return {
    detail: `${counted(imported.count, 'object')} on ${counted(imported.objects.size, 'image')}`,
    problems: imported.problems,
  };
}

export async function preloadProject(
  services: Services,
  project: string,
  report: Report,
  signal: AbortSignal,
): Promise<Outcome> {
  const [{ keepProjectOffline }, { decoderFiles }, copies, { cache, loader }, outbox] = await Promise.all([
    import('../../offline/offline-project'),
    import('../../inference/browser-source'),
    services.offlineCopies(),
    services.encodings(),
    services.outbox(),
  ]);
  void cache.persist();
  const result = await keepProjectOffline(
    project,
    { api: services.api, cache, loader, copies, outbox },
    {
      decoderFiles,
      thumbnailSizes: [thumbnailSize],
      signal,
      onProgress: ({ done, failed, total, bytes: fetched }) => {
        report({ done: done + failed, total, detail: bytes(fetched) });
      },
    },
  );
  const problems = [
    ...(result.full ? ['The cache is full: raise its budget on the storage page, or delete what is not needed.'] : []),
    ...(result.failed > 0 && result.error ? [`${counted(result.failed, 'image')} failed: ${result.error}`] : []),
  ];
  return { detail: `${result.done} of ${counted(result.total, 'image')} can be annotated offline`, problems };
}

function download(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 60_000);
}

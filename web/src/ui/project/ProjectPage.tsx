import { useCallback, useEffect, useMemo, useState } from 'react';

import type { Image } from '../../api/types';
import { Page } from '../app/Page';
import { useServices } from '../app/services-context';
import { useStore } from '../app/store';
import { Button } from '../components/Button';
import { ConfirmDialog } from '../components/Dialog';
import { counted } from '../components/format';
import { EmptyState } from '../components/Status';
import { reasonOf } from '../components/toasts';
import { deleteImages, encodeImages } from './actions';
import { filterImages, type ImageFilter, noFilter } from './filter';
import { FilterBar } from './FilterBar';
import { GridSkeleton, ThumbnailGrid } from './ThumbnailGrid';
import { ProjectMenu } from './ProjectMenu';
import { SelectionBar } from './SelectionBar';
import { TransferPanel } from './TransferPanel';
import { UploadPanel } from './UploadPanel';
import { UploadArea, UploadButtons } from './UploadArea';
import { UploadQueue } from './upload-queue';

export function ProjectPage({ project }: { project: string }) {
  const services = useServices();
  const collection = services.collection(project);
  const { images, status, problem } = useStore(collection.state);
  const labels = services.labels(project);
  const { byImage } = useStore(labels.state);
  const queue = useMemo(
    () =>
      new UploadQueue(services.api, project, (image) => {
        collection.add(image);
      }),
    [services, project, collection],
  );
  const [filter, setFilter] = useState<ImageFilter>(noFilter);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [confirming, setConfirming] = useState(false);

  useEffect(() => {
    if (status === 'ready') labels.scan(images);
  }, [labels, images, status]);
  useEffect(() => {
    // One of these images is opened next: then its page is there already.
    const timer = setTimeout(() => void import('../annotator/AnnotatorPage'), 1000);
    return () => {
      clearTimeout(timer);
    };
  }, []);

  const shown = useMemo(() => filterImages(images, filter, (id) => byImage.get(id) ?? []), [images, filter, byImage]);
  const chosen = images.filter((image) => selected.has(image.id));
  const toEncode = images.filter(needsEncoding);
  const unselect = useCallback(() => {
    setSelected(new Set());
  }, []);
  const add = (files: readonly File[]) => {
    queue.add(files);
  };
  const retry = useCallback(
    (image: Image) => {
      void encodeImages(services.api, collection, [image]);
    },
    [services, collection],
  );

  const title = project || 'Without a project';
  return (
    <UploadArea onFiles={add}>
      <Page
        title={title}
        subtitle={status === 'ready' ? summaryOf(images) : ' '}
        actions={
          <>
            {images.length > 0 && <UploadButtons onFiles={add} />}
            {toEncode.length > 0 && (
              <Button icon="concept" onClick={() => void encodeImages(services.api, collection, toEncode)}>
                Encode {toEncode.length}
              </Button>
            )}
            <ProjectMenu project={project} images={images} />
          </>
        }
      >
        <UploadPanel queue={queue} />
        <TransferPanel />
        {images.length > 0 && (
          <FilterBar
            filter={filter}
            labels={labels}
            shown={shown.length}
            total={images.length}
            onChange={(wanted) => {
              setFilter(wanted);
              document.getElementById('main')?.scrollTo({ top: 0 });
            }}
          />
        )}
        {chosen.length > 0 && (
          <SelectionBar
            chosen={chosen}
            onEncode={() => void encodeImages(services.api, collection, chosen)}
            onDelete={() => {
              setConfirming(true);
            }}
            onSelectAll={() => {
              setSelected(new Set(shown.map((image) => image.id)));
            }}
            onClear={unselect}
          />
        )}
        <Body
          status={status}
          problem={problem}
          total={images.length}
          shown={shown}
          byImage={byImage}
          selected={selected}
          onSelect={setSelected}
          onRetry={retry}
          onReload={() => void collection.read()}
          onFiles={add}
        />
        {confirming && (
          <ConfirmDialog
            title={`Delete ${counted(chosen.length, 'image')}?`}
            action="Delete"
            onClose={() => {
              setConfirming(false);
            }}
            onConfirm={() => {
              unselect();
              void deleteImages(services.api, collection, chosen);
            }}
          >
            <p>Encodings and everything that was drawn go with them. This cannot be undone.</p>
          </ConfirmDialog>
        )}
      </Page>
    </UploadArea>
  );
}

interface BodyProps {
  status: 'loading' | 'ready' | 'failed';
  problem: unknown;
  total: number;
  shown: readonly Image[];
  byImage: ReadonlyMap<string, readonly string[]>;
  selected: ReadonlySet<string>;
  onSelect: (selected: ReadonlySet<string>) => void;
  onRetry: (image: Image) => void;
  onReload: () => void;
  onFiles: (files: readonly File[]) => void;
}

function Body({ status, problem, total, shown, onReload, onFiles, ...grid }: BodyProps) {
  if (total === 0 && status === 'loading') return <GridSkeleton />;
  if (total === 0 && status === 'failed') {
    return (
      <EmptyState icon="cloudOff" title="The images could not be read">
        <p>{reasonOf(problem)}</p>
        <Button icon="retry" onClick={onReload}>
          Try again
        </Button>
      </EmptyState>
    );
  }
  if (total === 0) {
    return (
      <EmptyState icon="image" title="Drop pictures or a folder here">
        <p>
          JPEG, PNG, WebP, TIFF, HEIC and AVIF, up to 256 MiB each. Every picture is encoded once; then masks come at a
          click.
        </p>
        <UploadButtons onFiles={onFiles} primary />
      </EmptyState>
    );
  }
  if (shown.length === 0) {
    return (
      <EmptyState icon="search" title="Nothing fits this filter">
        <p>No image of this project has such a name, status or label.</p>
      </EmptyState>
    );
  }
  return <ThumbnailGrid images={shown} {...grid} />;
}

function needsEncoding(image: Image): boolean {
  return image.encoding_status === 'failed';
}

function summaryOf(images: readonly Image[]): string {
  const count = (status: Image['encoding_status']) => images.filter((image) => image.encoding_status === status).length;
  const parts = [counted(images.length, 'image')];
  const working = count('pending') + count('processing');
  const failed = count('failed');
  if (working > 0) parts.push(`${working} being encoded`);
  if (failed > 0) parts.push(`${failed} failed`);
  if (images.length > 0 && working + failed === 0) parts.push('all encoded');
  return parts.join(' · ');
}

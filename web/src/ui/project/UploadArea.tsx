import { type ChangeEvent, type DragEvent, type ReactNode, useRef, useState } from 'react';

import { Button } from '../components/Button';
import { counted } from '../components/format';
import { Icon } from '../components/Icon';
import { toasts } from '../components/toasts';
import { filesOfDrop, type FoundFiles, pick } from './dropped-files';
import styles from './UploadArea.module.css';

type OnFiles = (files: readonly File[]) => void;

function take({ pictures, others }: FoundFiles, onFiles: OnFiles): void {
  if (pictures.length > 0) onFiles(pictures);
  if (others > 0) {
    toasts.show({
      tone: 'warn',
      title: `${counted(others, 'file')} left out`,
      detail: 'Only pictures can be uploaded.',
    });
  }
}

/** The whole page takes what is dropped on it. */
export function UploadArea({ onFiles, children }: { onFiles: OnFiles; children: ReactNode }) {
  const [over, setOver] = useState(false);
  const depth = useRef(0); // every child that is entered and left says so, too

  const onDrag = (event: DragEvent, change: 1 | -1) => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    depth.current += change;
    setOver(depth.current > 0);
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    depth.current = 0;
    setOver(false);
    filesOfDrop(event.dataTransfer)
      .then((found) => {
        take(found, onFiles);
      })
      .catch((error: unknown) => {
        toasts.failed('What was dropped could not be read', error);
      });
  };

  return (
    <div
      className={styles.area}
      onDragEnter={(event) => {
        onDrag(event, 1);
      }}
      onDragLeave={(event) => {
        onDrag(event, -1);
      }}
      onDragOver={(event) => {
        event.preventDefault();
      }}
      onDrop={onDrop}
    >
      {children}
      {over && (
        <div className={styles.target} aria-hidden="true">
          <Icon name="upload" size={32} />
          Drop to upload
        </div>
      )}
    </div>
  );
}

export function UploadButtons({ onFiles, primary = false }: { onFiles: OnFiles; primary?: boolean }) {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const onChange = (event: ChangeEvent<HTMLInputElement>) => {
    take(pick(event.target.files ?? []), onFiles);
    event.target.value = ''; // the same files may be chosen again
  };
  return (
    <div className={styles.buttons}>
      <Button tone={primary ? 'primary' : 'plain'} icon="upload" onClick={() => files.current?.click()}>
        Upload
      </Button>
      <Button icon="folder" onClick={() => folder.current?.click()}>
        Folder
      </Button>
      <input
        ref={files}
        type="file"
        multiple
        hidden
        accept="image/*,.heic,.heif,.avif,.tif,.tiff"
        data-testid="file-input"
        aria-label="Pictures to upload"
        onChange={onChange}
      />
      <input
        ref={folder}
        type="file"
        multiple
        hidden
        {...{ webkitdirectory: '' }}
        aria-label="Folder to upload"
        onChange={onChange}
      />
    </div>
  );
}

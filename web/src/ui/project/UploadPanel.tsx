import { useState } from 'react';

import { useStore } from '../app/store';
import { Button, IconButton } from '../components/Button';
import { bytes, counted } from '../components/format';
import { Icon } from '../components/Icon';
import { ProgressBar } from '../components/Status';
import type { Upload, UploadQueue } from './upload-queue';
import styles from './Panel.module.css';

const mostListed = 200;

/** How far the uploads are, and what became of those that failed. Nothing while there are none. */
export function UploadPanel({ queue }: { queue: UploadQueue }) {
  const uploads = useStore(queue.uploads);
  const [open, setOpen] = useState(false);
  if (uploads.length === 0) return null;

  const failed = uploads.filter(({ status }) => status === 'failed');
  const underWay = uploads.filter(({ status }) => status === 'waiting' || status === 'sending').length;
  const total = sum(uploads, ({ sizeBytes }) => sizeBytes);
  const sent = sum(uploads, (upload) => (isOver(upload) ? upload.sizeBytes : upload.sentBytes));
  const listed = open ? uploads : failed;

  return (
    <section className={styles.panel} aria-label="Uploads">
      <div className={styles.head}>
        <strong role="status">{underWay > 0 ? `Uploading, ${counted(underWay, 'file')} left` : endOf(uploads)}</strong>
        <span className={styles.detail}>
          {bytes(sent)} of {bytes(total)}
        </span>
        <Button
          tone="quiet"
          aria-expanded={open}
          onClick={() => {
            setOpen(!open);
          }}
        >
          {open ? 'Hide files' : 'Show files'}
        </Button>
        {failed.length > 0 && underWay === 0 && (
          <Button
            icon="retry"
            onClick={() => {
              queue.retryFailed();
            }}
          >
            Retry failed
          </Button>
        )}
        {underWay > 0 ? (
          <Button
            onClick={() => {
              queue.cancel();
            }}
          >
            Cancel
          </Button>
        ) : (
          <IconButton
            icon="close"
            label="Dismiss uploads"
            onClick={() => {
              queue.clear();
            }}
          />
        )}
      </div>
      {underWay > 0 && <ProgressBar value={sent} max={Math.max(1, total)} label="Uploaded" />}
      {listed.length > 0 && (
        <ul className={styles.list}>
          {listed.slice(0, mostListed).map((upload) => (
            <UploadLine key={upload.id} upload={upload} />
          ))}
          {listed.length > mostListed && <li>and {listed.length - mostListed} more</li>}
        </ul>
      )}
    </section>
  );
}

const texts: Readonly<Record<Upload['status'], string>> = {
  waiting: 'Waiting',
  sending: 'Uploading',
  done: 'Uploaded',
  existing: 'Was here already',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

function UploadLine({ upload }: { upload: Upload }) {
  const { name, status, problem, sentBytes, sizeBytes } = upload;
  return (
    <li className={styles.line}>
      <span className={status === 'failed' ? styles.bad : styles.icon}>
        <Icon
          name={status === 'failed' ? 'alert' : status === 'done' || status === 'existing' ? 'check' : 'upload'}
          size={16}
        />
      </span>
      <span className={styles.name}>{name}</span>
      <span className={status === 'failed' ? styles.bad : styles.detail}>
        {problem ??
          (status === 'sending' ? `${Math.floor((100 * sentBytes) / Math.max(1, sizeBytes))} %` : texts[status])}
      </span>
    </li>
  );
}

function isOver({ status }: Upload): boolean {
  return status !== 'waiting' && status !== 'sending';
}

function endOf(uploads: readonly Upload[]): string {
  const count = (...statuses: Upload['status'][]) => uploads.filter(({ status }) => statuses.includes(status)).length;
  const parts = [`${counted(count('done', 'existing'), 'file')} uploaded`];
  if (count('existing') > 0) parts.push(`${count('existing')} here already`);
  if (count('failed') > 0) parts.push(`${count('failed')} failed`);
  if (count('cancelled') > 0) parts.push(`${count('cancelled')} cancelled`);
  return parts.join(', ');
}

function sum(uploads: readonly Upload[], of: (upload: Upload) => number): number {
  return uploads.reduce((total, upload) => total + of(upload), 0);
}

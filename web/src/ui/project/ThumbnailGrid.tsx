import { type KeyboardEvent, memo, useCallback, useEffect, useRef, useState } from 'react';

import type { Image } from '../../api/types';
import { Link } from '../app/Link';
import { Button } from '../components/Button';
import { counted } from '../components/format';
import { Icon } from '../components/Icon';
import { Spinner } from '../components/Status';
import { Thumbnail } from '../components/Thumbnail';
import { gap, layoutGrid, neighbourOf, visibleRows } from './grid-layout';
import styles from './ThumbnailGrid.module.css';
import { useViewport } from './use-viewport';

interface GridProps {
  images: readonly Image[];
  byImage: ReadonlyMap<string, readonly string[]>;
  selected: ReadonlySet<string>;
  onSelect: (selected: ReadonlySet<string>) => void;
  onRetry: (image: Image) => void;
}

/** Thousands of images, of which only those on the screen exist. Arrows walk, Space selects, Enter opens. */
export function ThumbnailGrid({ images, byImage, selected, onSelect, onRetry }: GridProps) {
  const root = useRef<HTMLUListElement>(null);
  const { width, top, height } = useViewport(root);
  const [current, setCurrent] = useState(0);
  const wanted = useRef<number | null>(null); // the tile that shall get the focus once it exists
  const anchor = useRef<number | null>(null); // where a range of selected tiles begins

  const layout = layoutGrid(images.length, width);
  const rows = visibleRows(layout, top, height);
  const first = rows.first * layout.columns;
  const visible = images.slice(first, rows.end * layout.columns);

  useEffect(() => {
    if (wanted.current === null) return;
    const tile = root.current?.querySelector<HTMLElement>(`[data-index="${wanted.current}"] a`);
    if (!tile) return;
    wanted.current = null;
    tile.focus();
    tile.closest('li')?.scrollIntoView({ block: 'nearest' });
  });

  /** With Shift all from the last one that was toggled. The same function while one scrolls, for the tiles' sake. */
  const toggle = useCallback(
    (index: number, range: boolean) => {
      const ids = new Set(selected);
      const id = images[index].id;
      const from = anchor.current;
      if (range && from !== null) {
        for (let at = Math.min(from, index); at <= Math.max(from, index); ++at) ids.add(images[at].id);
      } else if (!ids.delete(id)) ids.add(id);
      anchor.current = index;
      onSelect(ids);
    },
    [images, selected, onSelect],
  );

  const onKeyDown = (event: KeyboardEvent) => {
    const at = indexOf(event.target as HTMLElement);
    if (at === null || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === ' ' && (event.target as HTMLElement).tagName === 'A') {
      event.preventDefault();
      toggle(at, event.shiftKey);
      return;
    }
    const next = neighbourOf(at, event.key, images.length, layout.columns);
    if (next === null) return;
    event.preventDefault();
    wanted.current = next;
    setCurrent(next);
    root.current?.querySelector(`[data-index="${next}"]`)?.scrollIntoView({ block: 'nearest' });
  };

  return (
    // The keys are those of the tiles inside.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <ul
      ref={root}
      className={styles.grid}
      style={{ height: layout.height }}
      aria-label={counted(images.length, 'image')}
      onKeyDown={onKeyDown}
    >
      {visible.map((image, offset) => {
        const index = first + offset;
        const left = (index % layout.columns) * (layout.tileWidth + gap);
        return (
          <li
            key={image.id}
            data-index={index}
            data-testid="image-tile"
            data-status={image.encoding_status}
            aria-setsize={images.length}
            aria-posinset={index + 1}
            className={styles.place}
            style={{
              width: layout.tileWidth,
              height: layout.rowHeight - gap,
              transform: `translate(${left}px, ${Math.floor(index / layout.columns) * layout.rowHeight}px)`,
            }}
          >
            <Tile
              image={image}
              labels={byImage.get(image.id)}
              selected={selected.has(image.id)}
              tabStop={index === Math.min(current, images.length - 1)}
              index={index}
              onToggle={toggle}
              onRetry={onRetry}
            />
          </li>
        );
      })}
    </ul>
  );
}

function indexOf(element: HTMLElement): number | null {
  const index = element.closest<HTMLElement>('[data-index]')?.dataset.index;
  return index === undefined ? null : Number(index);
}

interface TileProps {
  image: Image;
  labels: readonly string[] | undefined;
  selected: boolean;
  tabStop: boolean;
  index: number;
  onToggle: (index: number, range: boolean) => void;
  onRetry: (image: Image) => void;
}

const Tile = memo(function Tile({ image, labels, selected, tabStop, index, onToggle, onRetry }: TileProps) {
  const isReady = image.encoding_status === 'completed';
  const picture = (
    <>
      <span className={styles.picture}>
        <Thumbnail id={image.id} alt="" />
      </span>
      <span className={styles.name} title={image.filename}>
        {image.filename}
      </span>
    </>
  );
  const name = `${image.filename}, ${statusText(image)}`;
  return (
    <article className={selected ? `${styles.tile} ${styles.selected}` : styles.tile}>
      {isReady ? (
        <Link
          to={{ page: 'image', id: image.id }}
          className={styles.open}
          tabIndex={tabStop ? 0 : -1}
          aria-label={name}
        >
          {picture}
        </Link>
      ) : (
        // A link that leads nowhere yet: it keeps its place among the others for the arrow keys.
        // eslint-disable-next-line jsx-a11y/anchor-is-valid
        <a
          role="link"
          aria-disabled="true"
          className={`${styles.open} ${styles.waiting}`}
          tabIndex={tabStop ? 0 : -1}
          aria-label={name}
        >
          {picture}
        </a>
      )}
      <input
        type="checkbox"
        className={styles.check}
        checked={selected}
        tabIndex={-1}
        aria-label={`Select ${image.filename}`}
        onClick={(event) => {
          onToggle(index, event.shiftKey);
        }}
        readOnly
      />
      <footer className={styles.foot}>
        <StatusLine image={image} />
        {image.encoding_status === 'failed' ? (
          <Button
            tone="quiet"
            icon="retry"
            className={styles.retry}
            aria-label={`Retry ${image.filename}`}
            onClick={() => {
              onRetry(image);
            }}
          >
            Retry
          </Button>
        ) : (
          labels && labels.length > 0 && <span className={styles.objects}>{counted(labels.length, 'object')}</span>
        )}
      </footer>
    </article>
  );
});

function statusText(image: Image): string {
  switch (image.encoding_status) {
    case 'pending':
      return 'waiting';
    case 'processing':
      return 'being encoded';
    case 'completed':
      return 'encoded';
    case 'failed':
      return `failed: ${image.encoding_error ?? 'no reason given'}`;
  }
}

function StatusLine({ image }: { image: Image }) {
  switch (image.encoding_status) {
    case 'completed':
      return (
        <span className={styles.status}>
          <span className={styles.good}>
            <Icon name="check" size={16} />
          </span>
          Encoded
        </span>
      );
    case 'failed':
      return (
        <span className={`${styles.status} ${styles.bad}`} title={image.encoding_error ?? undefined}>
          <Icon name="alert" size={16} />
          <span className={styles.reason}>{image.encoding_error ?? 'Failed'}</span>
        </span>
      );
    case 'processing':
      return (
        <span className={styles.status}>
          <Spinner />
          Encoding
        </span>
      );
    case 'pending':
      return (
        <span className={styles.status}>
          <Spinner />
          Waiting
        </span>
      );
  }
}

export function GridSkeleton() {
  return (
    <div className={styles.skeletons} aria-busy="true" aria-label="Reading the images">
      {Array.from({ length: 12 }, (_, index) => (
        <div key={index} className={styles.skeleton} />
      ))}
    </div>
  );
}

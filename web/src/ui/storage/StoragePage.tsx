import { useEffect, useState, useSyncExternalStore } from 'react';

import type { CacheEntry } from '../../cache/encoding-store';
import { Page } from '../app/Page';
import type { EncodingAccess } from '../app/services';
import { useServices } from '../app/services-context';
import { changeSettings } from '../app/settings';
import { Button, IconButton } from '../components/Button';
import { ConfirmDialog } from '../components/Dialog';
import fields from '../components/Field.module.css';
import { bytes, counted, timeAgo } from '../components/format';
import { EmptyState, Spinner } from '../components/Status';
import { reasonOf, toasts } from '../components/toasts';
import { BrowserStorage } from './BrowserStorage';
import { OfflineProjects } from './OfflineProjects';
import styles from './StoragePage.module.css';
import { useImageNames } from './use-image-names';

type Cache = EncodingAccess['cache'];

/** What this browser keeps: how much, of what, and how to be rid of it. */
export function StoragePage() {
  const services = useServices();
  const [cache, setCache] = useState<Cache | null>(null);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    services
      .encodings()
      .then((encodings) => {
        setCache(encodings.cache);
      })
      .catch((error: unknown) => {
        setProblem(reasonOf(error));
      });
  }, [services]);
  return (
    <Page title="Storage" subtitle="What this browser keeps, to be fast and to work offline">
      <div className={styles.columns}>
        {problem && (
          <EmptyState icon="alert" title="This browser keeps nothing">
            <p>{problem}</p>
          </EmptyState>
        )}
        {!problem && !cache && <Spinner label="Looking into the cache" />}
        {cache && <Encodings cache={cache} />}
        <div className={styles.side}>
          {cache && <BrowserStorage cache={cache} />}
          <OfflineProjects />
        </div>
      </div>
    </Page>
  );
}

/** The cache's list as long as it does not change. */
function useEntries(cache: Cache): readonly CacheEntry[] {
  const [read] = useState(() => memoised(cache));
  return useSyncExternalStore(read.subscribe, read.get);
}

function memoised(cache: Cache) {
  let entries = cache.entries();
  return {
    get: () => entries,
    subscribe: (listener: () => void) =>
      cache.onChange(() => {
        entries = cache.entries();
        listener();
      }),
  };
}

const mostShown = 500;

function Encodings({ cache }: { cache: Cache }) {
  const entries = useEntries(cache);
  const names = useImageNames(entries.slice(0, mostShown).map(({ key }) => key.imageId));
  const [confirming, setConfirming] = useState(false);
  const used = cache.usageBytes;
  const remove = (entry: CacheEntry) => {
    cache.delete(entry.key).catch((error: unknown) => {
      toasts.failed('The encoding could not be deleted', error);
    });
  };
  return (
    <section className={styles.card} aria-labelledby="encodings-title">
      <header className={styles.head}>
        <h2 id="encodings-title">Encodings</h2>
        <span className={styles.muted} data-testid="cache-usage" data-bytes={used}>
          {counted(entries.length, 'image')} · {bytes(used)} of {bytes(cache.budgetBytes)}
        </span>
        <Button
          icon="trash"
          disabled={entries.length === 0}
          onClick={() => {
            setConfirming(true);
          }}
        >
          Delete all
        </Button>
      </header>
      <meter
        className={styles.meter}
        min={0}
        max={cache.budgetBytes}
        value={used}
        aria-label="Part of the budget used"
      />
      <Budget cache={cache} />
      {entries.length === 0 ? (
        <EmptyState icon="storage" title="Nothing is cached">
          <p>Encodings come here when masks are made in this browser, or when a project is made available offline.</p>
        </EmptyState>
      ) : (
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">Image</th>
              <th scope="col">Model</th>
              <th scope="col">Used</th>
              <th scope="col" className={styles.number}>
                Size
              </th>
              <th scope="col">
                <span className="visually-hidden">Delete</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {entries.slice(0, mostShown).map((entry) => (
              <tr key={entry.name} data-testid="cache-entry">
                <td className={styles.name}>{names.get(entry.key.imageId) ?? entry.key.imageId.slice(0, 8)}</td>
                <td>
                  <code>{entry.key.modelFingerprint.slice(0, 8)}</code> {entry.key.dtype}
                </td>
                <td>{timeAgo(entry.lastUsedAt)}</td>
                <td className={styles.number}>{bytes(entry.sizeBytes)}</td>
                <td>
                  <IconButton
                    icon="trash"
                    label={`Delete the encoding of ${names.get(entry.key.imageId) ?? entry.key.imageId.slice(0, 8)}`}
                    onClick={() => {
                      remove(entry);
                    }}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {entries.length > mostShown && <p className={styles.muted}>and {entries.length - mostShown} more</p>}
      {confirming && (
        <ConfirmDialog
          title="Delete all cached encodings?"
          action="Delete all"
          onClose={() => {
            setConfirming(false);
          }}
          onConfirm={() => {
            cache.clear().catch((error: unknown) => {
              toasts.failed('The encodings could not be deleted', error);
            });
          }}
        >
          <p>They can be fetched again as long as the server is there. Annotations are not touched.</p>
        </ConfirmDialog>
      )}
    </section>
  );
}

const gigabyte = 1e9;

function Budget({ cache }: { cache: Cache }) {
  const [text, setText] = useState(String(Number((cache.budgetBytes / gigabyte).toPrecision(3))));
  const value = Number(text);
  const isValid = Number.isFinite(value) && value > 0 && value <= 10_000;
  return (
    <form
      className={styles.budget}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isValid) return;
        changeSettings({ budgetBytes: value * gigabyte });
        cache
          .setBudget(value * gigabyte)
          .then(() => {
            toasts.show({ tone: 'good', title: `The cache may take ${bytes(value * gigabyte)}` });
          })
          .catch((error: unknown) => {
            toasts.failed('The budget could not be changed', error);
          });
      }}
    >
      <label htmlFor="budget">Budget in GB</label>
      <input
        id="budget"
        className={fields.input}
        inputMode="decimal"
        value={text}
        aria-invalid={!isValid}
        onChange={(event) => {
          setText(event.target.value);
        }}
      />
      <Button type="submit" disabled={!isValid || value * gigabyte === cache.budgetBytes}>
        Set
      </Button>
      <span className={styles.muted}>Least recently used encodings make room.</span>
    </form>
  );
}

import { useEffect, useState } from 'react';

import type { EncodingAccess } from '../app/services';
import { Button } from '../components/Button';
import { bytes } from '../components/format';
import { toasts } from '../components/toasts';
import styles from './StoragePage.module.css';

interface Facts {
  readonly usage: number | null;
  readonly quota: number | null;
  readonly persistent: boolean;
}

/** What the browser says of its own. */
export function BrowserStorage({ cache }: { cache: EncodingAccess['cache'] }) {
  const [facts, setFacts] = useState<Facts | null>(null);
  const [round, setRound] = useState(0);

  useEffect(() => {
    let gone = false;
    const read = () => {
      void readFacts().then((read) => {
        if (!gone) setFacts(read);
      });
    };
    read();
    const stop = cache.onChange(read);
    return () => {
      gone = true;
      stop();
    };
  }, [cache, round]);

  const persist = async () => {
    const granted = await cache.persist();
    setRound((last) => last + 1);
    if (!granted) {
      toasts.show({
        tone: 'warn',
        title: 'The browser did not grant it',
        detail: 'Most browsers grant it to sites that are installed, bookmarked or used often.',
      });
    }
  };

  return (
    <section className={styles.card} aria-labelledby="browser-title">
      <h2 id="browser-title">This browser</h2>
      <dl className={styles.facts}>
        <dt>In use by this site</dt>
        <dd>{facts?.usage == null ? '–' : bytes(facts.usage)}</dd>
        <dt>Offered to it</dt>
        <dd>{facts?.quota == null ? '–' : bytes(facts.quota)}</dd>
        <dt>When the disk gets full</dt>
        <dd>{facts ? (facts.persistent ? 'Kept' : 'May be cleared') : '–'}</dd>
      </dl>
      {facts && !facts.persistent && <Button onClick={() => void persist()}>Ask the browser to keep it</Button>}
    </section>
  );
}

/** `navigator.storage` is missing on pages that came over plain HTTP from another machine. */
async function readFacts(): Promise<Facts> {
  const storage = navigator.storage as StorageManager | undefined;
  const [estimate, persistent] = await Promise.all([storage?.estimate(), storage?.persisted()]);
  return { usage: estimate?.usage ?? null, quota: estimate?.quota ?? null, persistent: persistent ?? false };
}

import { useEffect, useState } from 'react';

import { counted } from '../components/format';
import { Icon } from '../components/Icon';
import styles from './ConnectionBadge.module.css';
import { useServices } from './services-context';
import { useOnline } from './use-online';

/** Says when the server is away, and how much waits for it; nothing else is worth a place in the bar. */
export function ConnectionBadge() {
  const online = useOnline();
  const waiting = useWaiting();
  return (
    <span className={styles.place} role="status">
      {!online && (
        <span className={styles.badge} data-testid="offline">
          <Icon name="cloudOff" size={16} />
          Offline{waiting > 0 && ` · ${counted(waiting, 'image')} to sync`}
        </span>
      )}
    </span>
  );
}

/** How many images have changes that the server does not have. */
function useWaiting(): number {
  const services = useServices();
  const [waiting, setWaiting] = useState(0);
  useEffect(() => {
    let stop: () => void = () => undefined;
    let gone = false;
    services
      .outbox()
      .then((outbox) => {
        if (gone) return;
        const show = () => {
          setWaiting(outbox.state.waiting.length);
        };
        stop = outbox.subscribe(show);
        show();
      })
      .catch(() => undefined); // without a database nothing waits
    return () => {
      gone = true;
      stop();
    };
  }, [services]);
  return waiting;
}

import { useSyncExternalStore } from 'react';

import { IconButton } from './Button';
import { Icon } from './Icon';
import { toasts } from './toasts';
import styles from './Toasts.module.css';

/** Messages that come by themselves, below on the right; read out by screen readers. */
export function Toasts() {
  const shown = useSyncExternalStore(toasts.subscribe, toasts.get);
  return (
    <div className={styles.host} role="region" aria-label="Notifications">
      {shown.map((toast) => (
        <div
          key={toast.id}
          className={`${styles.toast} ${styles[toast.tone]}`}
          role={toast.tone === 'bad' ? 'alert' : 'status'}
        >
          <Icon name={toast.tone === 'good' ? 'check' : 'alert'} />
          <div className={styles.text}>
            <strong>{toast.title}</strong>
            {toast.detail && <p>{toast.detail}</p>}
            {toast.action && (
              <button
                type="button"
                className={styles.action}
                onClick={() => {
                  toasts.dismiss(toast.id);
                  toast.action?.run();
                }}
              >
                {toast.action.label}
              </button>
            )}
          </div>
          <IconButton
            icon="close"
            label="Dismiss"
            onClick={() => {
              toasts.dismiss(toast.id);
            }}
          />
        </div>
      ))}
    </div>
  );
}

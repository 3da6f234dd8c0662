import type { ReactNode } from 'react';

import { Icon, type IconName } from './Icon';
import styles from './Status.module.css';

export function Spinner({ label }: { label?: string }) {
  return (
    <span className={styles.spinner} role={label ? 'status' : undefined} aria-hidden={label ? undefined : true}>
      {label && <span className="visually-hidden">{label}</span>}
    </span>
  );
}

/** `value` of `max`; without a value it only says that something goes on. */
export function ProgressBar({ value, max = 1, label }: { value?: number; max?: number; label: string }) {
  return <progress className={styles.progress} value={value} max={max} aria-label={label} />;
}

/** What to do where there is nothing yet. */
export function EmptyState({ icon, title, children }: { icon: IconName; title: string; children?: ReactNode }) {
  return (
    <div className={styles.empty}>
      <span className={styles.emptyIcon}>
        <Icon name={icon} size={28} />
      </span>
      <h2>{title}</h2>
      <div className={styles.emptyText}>{children}</div>
    </div>
  );
}

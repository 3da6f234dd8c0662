import type { ReactNode } from 'react';
import { useEffect } from 'react';

import styles from './Page.module.css';

/** The heading of a page with what can be done there, and the page's name in the tab. */
export function Page({
  title,
  subtitle,
  actions,
  narrow = false,
  children,
}: {
  title: string;
  subtitle?: ReactNode;
  actions?: ReactNode;
  narrow?: boolean;
  children: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · samcache`;
  }, [title]);
  return (
    <div className={narrow ? `${styles.page} ${styles.narrow}` : styles.page}>
      <header className={styles.header}>
        <div className={styles.titles}>
          <h1>{title}</h1>
          <div className={styles.subtitle}>{subtitle}</div>
        </div>
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

import type { ReactNode } from 'react';

import { Icon, type IconName } from '../components/Icon';
import { ConnectionBadge } from './ConnectionBadge';
import { Link } from './Link';
import type { Route } from './routes';
import styles from './Shell.module.css';
import { ThemeButton } from './ThemeButton';

const places: readonly { to: Route; label: string; icon: IconName }[] = [
  { to: { page: 'projects' }, label: 'Projects', icon: 'folder' },
  { to: { page: 'storage' }, label: 'Storage', icon: 'storage' },
  { to: { page: 'settings' }, label: 'Settings', icon: 'settings' },
];

/** What every page but the annotator has around it. */
export function Shell({ current, children }: { current: Route['page']; children: ReactNode }) {
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main">
        Skip to content
      </a>
      <header className={styles.bar}>
        <Link to={{ page: 'projects' }} className={styles.brand} aria-label="samcache, projects">
          <img src="/icon.svg" alt="" width={22} height={22} />
          samcache
        </Link>
        <nav className={styles.nav} aria-label="Pages">
          {places.map(({ to, label, icon }) => (
            <Link
              key={label}
              to={to}
              className={styles.place}
              aria-current={isAt(current, to.page) ? 'page' : undefined}
            >
              <Icon name={icon} />
              <span>{label}</span>
            </Link>
          ))}
        </nav>
        <ConnectionBadge />
        <ThemeButton />
      </header>
      <main id="main" className={styles.main} tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

function isAt(current: Route['page'], page: Route['page']): boolean {
  return current === page || (current === 'project' && page === 'projects');
}

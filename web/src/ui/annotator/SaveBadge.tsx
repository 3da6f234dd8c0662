import { Icon, type IconName } from '../components/Icon';
import styles from './SaveBadge.module.css';
import type { SaveState } from './autosave';
import { useOptionalStore } from './use-optional-store';
import type { OpenImage } from './workspace';

const looks: Readonly<Record<SaveState, { text: string; icon: IconName; hint: string }>> = {
  saved: { text: 'Saved', icon: 'check', hint: 'The server has everything' },
  changed: { text: 'Saving', icon: 'upload', hint: 'Saved in a moment' },
  saving: { text: 'Saving', icon: 'upload', hint: 'On its way to the server' },
  waiting: { text: 'Saved here', icon: 'cloudOff', hint: 'Kept in this browser until the server is back' },
  failed: { text: 'Not saved', icon: 'alert', hint: '' },
};

/** Whether the work is safe. As wide whatever it says, so that nothing beside it moves. */
export function SaveBadge({ open }: { open: OpenImage }) {
  const status = useOptionalStore(open.autosave?.status);
  if (!status) return <span className={styles.badge} />;
  const { text, icon, hint } = looks[status.state];
  return (
    <span
      className={status.state === 'failed' ? `${styles.badge} ${styles.bad}` : styles.badge}
      role={status.state === 'failed' ? 'alert' : 'status'}
      title={status.problem ?? hint}
      data-testid="save-state"
      data-state={status.state}
    >
      <Icon name={icon} size={16} />
      {text}
    </span>
  );
}

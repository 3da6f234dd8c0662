import { useServices } from '../app/services-context';
import { useStore } from '../app/store';
import { Button, IconButton } from '../components/Button';
import { Icon } from '../components/Icon';
import { ProgressBar } from '../components/Status';
import styles from './Panel.module.css';
import type { Transfer } from './transfers';

const mostProblems = 100;

/** Exports, imports and preloads: how far they are, what came of them. Nothing while there are none. */
export function TransferPanel() {
  const { transfers } = useServices();
  const list = useStore(transfers.list);
  return list.map((transfer) => (
    <TransferCard
      key={transfer.id}
      transfer={transfer}
      onCancel={() => {
        transfers.cancel(transfer.id);
      }}
      onDismiss={() => {
        transfers.dismiss(transfer.id);
      }}
    />
  ));
}

function TransferCard({
  transfer,
  onCancel,
  onDismiss,
}: {
  transfer: Transfer;
  onCancel: () => void;
  onDismiss: () => void;
}) {
  const { title, status, done, total, detail, problems } = transfer;
  const isRunning = status === 'running';
  return (
    <section className={styles.panel} aria-label={title} data-testid="transfer" data-status={status}>
      <div className={styles.head}>
        {!isRunning && (
          <span className={status === 'failed' ? styles.bad : styles.icon}>
            <Icon name={status === 'done' ? 'check' : 'alert'} size={16} />
          </span>
        )}
        <strong>{title}</strong>
        <span className={status === 'failed' ? `${styles.detail} ${styles.bad}` : styles.detail} role="status">
          {isRunning && total > 0 ? `${done} of ${total}${detail && ` · ${detail}`}` : detail}
        </span>
        {isRunning ? (
          <Button onClick={onCancel}>Cancel</Button>
        ) : (
          <IconButton icon="close" label={`Dismiss ${title}`} onClick={onDismiss} />
        )}
      </div>
      {isRunning && <ProgressBar value={total > 0 ? done : undefined} max={Math.max(1, total)} label={title} />}
      {problems.length > 0 && (
        <ul className={styles.list} aria-label="Left out">
          {problems.slice(0, mostProblems).map((problem, index) => (
            <li key={index}>{problem}</li>
          ))}
          {problems.length > mostProblems && <li>and {problems.length - mostProblems} more</li>}
        </ul>
      )}
    </section>
  );
}

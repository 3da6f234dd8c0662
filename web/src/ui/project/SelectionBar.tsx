import type { Image } from '../../api/types';
import { Button } from '../components/Button';
import styles from './SelectionBar.module.css';

export function SelectionBar({
  chosen,
  onEncode,
  onDelete,
  onSelectAll,
  onClear,
}: {
  chosen: readonly Image[];
  onEncode: () => void;
  onDelete: () => void;
  onSelectAll: () => void;
  onClear: () => void;
}) {
  return (
    <div className={styles.bar} role="toolbar" aria-label="Selected images">
      <strong role="status">{chosen.length} selected</strong>
      <Button tone="quiet" onClick={onSelectAll}>
        Select all shown
      </Button>
      <Button tone="quiet" onClick={onClear}>
        Clear
      </Button>
      <span className={styles.space} />
      <Button icon="concept" onClick={onEncode}>
        Encode
      </Button>
      <Button icon="trash" onClick={onDelete}>
        Delete
      </Button>
    </div>
  );
}

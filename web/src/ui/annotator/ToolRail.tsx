import type { ToolId } from '../../tools/tool';
import { Icon, type IconName } from '../components/Icon';
import { useOptionalStore } from './use-optional-store';
import styles from './ToolRail.module.css';
import type { OpenImage, Workspace } from './workspace';

const tools: readonly { id: ToolId; label: string; icon: IconName; key: string }[] = [
  { id: 'select', label: 'Select', icon: 'cursor', key: 'V' },
  { id: 'click', label: 'Click', icon: 'click', key: 'C' },
  { id: 'box', label: 'Box', icon: 'box', key: 'B' },
  { id: 'exemplar', label: 'Example', icon: 'exemplar', key: 'E' },
  { id: 'brush', label: 'Brush', icon: 'brush', key: 'P' },
  { id: 'eraser', label: 'Eraser', icon: 'eraser', key: 'R' },
];

export function ToolRail({ workspace, open }: { workspace: Workspace; open: OpenImage | null }) {
  const state = useOptionalStore(open?.annotator.state);
  return (
    <div className={styles.rail} role="toolbar" aria-label="Tools" aria-orientation="vertical">
      {tools.map(({ id, label, icon, key }) => (
        <button
          key={id}
          type="button"
          className={styles.tool}
          aria-label={label}
          aria-pressed={state?.tool === id}
          aria-keyshortcuts={key}
          title={`${label} (${key})`}
          disabled={!state}
          onClick={() => {
            open?.annotator.chooseTool(id);
            workspace.announce(`${label} tool`);
          }}
        >
          <Icon name={icon} size={20} />
        </button>
      ))}
    </div>
  );
}

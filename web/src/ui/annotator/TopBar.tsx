import { redoName, undoName } from '../../document/history';
import { ConnectionBadge } from '../app/ConnectionBadge';
import { Link } from '../app/Link';
import { useStore } from '../app/store';
import { IconButton } from '../components/Button';
import { Icon } from '../components/Icon';
import { SaveBadge } from './SaveBadge';
import { SourceMenu } from './SourceMenu';
import styles from './TopBar.module.css';
import { useOptionalStore } from './use-optional-store';
import type { OpenImage, Workspace } from './workspace';

export function TopBar({
  workspace,
  open,
  onHelp,
}: {
  workspace: Workspace;
  open: OpenImage | null;
  onHelp: () => void;
}) {
  const state = useOptionalStore(open?.annotator.state);
  const project = open?.image.project ?? '';
  const undoing = state && undoName(state.history);
  const redoing = state && redoName(state.history);
  return (
    <header className={styles.bar}>
      <Link
        to={open ? { page: 'project', project } : { page: 'projects' }}
        className={styles.back}
        aria-label={project ? `Back to ${project}` : 'Back to the images'}
      >
        <Icon name="back" />
        <span>{project || 'Images'}</span>
      </Link>
      <h1 className={styles.name}>{open?.image.filename ?? ' '}</h1>
      {open && <Position key={open.image.project} workspace={workspace} open={open} />}
      <span className={styles.space} />
      <ConnectionBadge />
      {open && <SaveBadge open={open} />}
      <SourceMenu />
      <div className={styles.group}>
        <IconButton
          icon="undo"
          label={undoing ? `Undo ${undoing.toLowerCase()}` : 'Undo'}
          shortcut="Control+Z"
          disabled={!undoing}
          onClick={() => open?.annotator.undo()}
        />
        <IconButton
          icon="redo"
          label={redoing ? `Redo ${redoing.toLowerCase()}` : 'Redo'}
          shortcut="Control+Shift+Z"
          disabled={!redoing}
          onClick={() => open?.annotator.redo()}
        />
      </div>
      <IconButton icon="keyboard" label="Keyboard shortcuts" shortcut="?" onClick={onHelp} />
    </header>
  );
}

/** Where in the project one is, and the way to the neighbours. */
function Position({ workspace, open }: { workspace: Workspace; open: OpenImage }) {
  useStore(open.collection.state);
  const { images, at } = workspace.neighbours();
  const go = (step: 1 | -1) => () => {
    workspace.goTo(step);
  };
  return (
    <nav className={styles.group} aria-label="Images">
      <IconButton icon="back" label="Previous image" shortcut="A" disabled={at <= 0} onClick={go(-1)} />
      <span className={styles.position}>
        {at < 0 ? '–' : at + 1} of {Math.max(images.length, 1)}
      </span>
      <IconButton
        icon="forward"
        label="Next image"
        shortcut="D"
        disabled={at < 0 || at >= images.length - 1}
        onClick={go(1)}
      />
    </nav>
  );
}

import { useEffect, useMemo, useRef, useState } from 'react';

import { Link } from '../app/Link';
import { useServices } from '../app/services-context';
import { useStore } from '../app/store';
import { EmptyState, Spinner } from '../components/Status';
import styles from './AnnotatorPage.module.css';
import { CanvasArea } from './CanvasArea';
import { HelpSheet } from './HelpSheet';
import { runCommand } from './run-command';
import { SidePanel } from './SidePanel';
import { ToolRail } from './ToolRail';
import { TopBar } from './TopBar';
import { useKeyboard } from './use-keyboard';
import { Workspace } from './workspace';

export function AnnotatorPage({ id }: { id: string }) {
  const services = useServices();
  const workspace = useMemo(() => new Workspace(services), [services]);
  const state = useStore(workspace.state);
  const [helping, setHelping] = useState(false);
  const label = useRef<HTMLInputElement>(null);
  const concept = useRef<HTMLInputElement>(null);

  useEffect(() => {
    void workspace.openImage(id);
  }, [workspace, id]);
  useEffect(
    () => () => {
      workspace.leave();
    },
    [workspace],
  );

  const open = 'open' in state ? state.open : null;
  const filename = open?.image.filename;
  useEffect(() => {
    if (filename) document.title = `${filename} · samcache`;
  }, [filename]);

  const showHelp = () => {
    setHelping(true);
  };
  useKeyboard(workspace, (command) => {
    runCommand(command, workspace, {
      showHelp,
      focusLabel: () => {
        label.current?.focus();
        label.current?.select();
      },
      focusConcept: () => concept.current?.focus(),
    });
  });

  return (
    <div className={styles.page}>
      <TopBar workspace={workspace} open={open} onHelp={showHelp} />
      <ToolRail workspace={workspace} open={open} />
      <CanvasArea workspace={workspace} open={open}>
        {'opening' in state && (
          <div className={styles.cover}>
            <Spinner label="Opening the image" />
          </div>
        )}
        {'problem' in state && (
          <div className={styles.cover} role="alert">
            <EmptyState icon="alert" title="This image cannot be opened">
              <p>{state.problem}</p>
              <Link to={{ page: 'projects' }}>Back to the projects</Link>
            </EmptyState>
          </div>
        )}
      </CanvasArea>
      <SidePanel workspace={workspace} open={open} labelRef={label} conceptRef={concept} />
      <LiveRegion workspace={workspace} />
      {helping && (
        <HelpSheet
          onClose={() => {
            setHelping(false);
          }}
        />
      )}
    </div>
  );
}

function LiveRegion({ workspace }: { workspace: Workspace }) {
  const text = useStore(workspace.announcement);
  return (
    <div className="visually-hidden" role="status" aria-live="polite" data-testid="announcer">
      {text}
    </div>
  );
}

import type { RefObject } from 'react';

import { ConceptPanel } from './ConceptPanel';
import { ObjectPanel } from './ObjectPanel';
import styles from './SidePanel.module.css';
import type { OpenImage, Workspace } from './workspace';

export function SidePanel({
  workspace,
  open,
  labelRef,
  conceptRef,
}: {
  workspace: Workspace;
  open: OpenImage | null;
  labelRef: RefObject<HTMLInputElement | null>;
  conceptRef: RefObject<HTMLInputElement | null>;
}) {
  return (
    <aside className={styles.panel} aria-label="Objects and concepts">
      {open && (
        <>
          <ConceptPanel key={`concept ${open.image.id}`} annotator={open.annotator} inputRef={conceptRef} />
          <ObjectPanel key={`objects ${open.image.id}`} workspace={workspace} open={open} labelRef={labelRef} />
        </>
      )}
    </aside>
  );
}

import { type ReactNode, useEffect, useRef } from 'react';

import { changeSettings, clampRadius, settings } from '../app/settings';
import { useStore } from '../app/store';
import { IconButton } from '../components/Button';
import fields from '../components/Field.module.css';
import { Spinner } from '../components/Status';
import { AlternativesStrip } from './AlternativesStrip';
import type { AnnotatorState } from './annotator-state';
import { currentObject } from './annotator-state';
import styles from './CanvasArea.module.css';
import type { OpenImage, Workspace } from './workspace';

/** The canvas and what floats over it. */
export function CanvasArea({
  workspace,
  open,
  children,
}: {
  workspace: Workspace;
  open: OpenImage | null;
  children: ReactNode;
}) {
  const host = useRef<HTMLDivElement>(null);
  const panning = useStore(workspace.panning);

  useEffect(() => (host.current ? workspace.attach(host.current) : undefined), [workspace]);

  return (
    <main className={styles.area}>
      <div
        ref={host}
        className={panning ? `${styles.canvas} ${styles.panning}` : styles.canvas}
        // The keys of an application, not of a document: arrows move a crosshair here.
        role="application"
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        aria-label={open ? `Canvas, ${open.image.filename}` : 'Canvas'}
        aria-describedby="canvas-hint"
        data-testid="canvas"
      />
      <span id="canvas-hint" className="visually-hidden">
        Arrow keys move a crosshair, Enter places a point, question mark lists all keys.
      </span>
      {open && <Floating key={open.image.id} workspace={workspace} open={open} />}
      {children}
    </main>
  );
}

function Floating({ workspace, open }: { workspace: Workspace; open: OpenImage }) {
  const state = useStore(open.annotator.state);
  return (
    <>
      <Notice open={open} state={state} />
      {(state.tool === 'brush' || state.tool === 'eraser') && <BrushSize />}
      <div className={styles.bottom}>
        <AlternativesStrip annotator={open.annotator} state={state} />
        <Hint state={state} />
      </div>
      <ZoomControls workspace={workspace} />
    </>
  );
}

function Notice({ open, state }: { open: OpenImage; state: AnnotatorState }) {
  if (open.picture === 'failed')
    return (
      <p className={`${styles.notice} ${styles.bad}`} role="alert">
        The picture cannot be shown: {open.problem}
      </p>
    );
  if (!state.encoded) {
    const failed = open.image.encoding_status === 'failed';
    return (
      <p className={styles.notice} role="status">
        {!failed && <Spinner />}
        {failed ? 'The encoding failed: retry it in the project.' : 'Being encoded. Annotating starts when it is done.'}
      </p>
    );
  }
  if (open.picture === 'loading' || !state.loaded) {
    return (
      <p className={`${styles.notice} ${styles.late}`} role="status">
        <Spinner />
        Opening
      </p>
    );
  }
  if (open.picture === 'stand-in') {
    return (
      <p className={styles.notice} role="status">
        This browser cannot show {open.image.media_type}: a smaller copy is shown. Masks have the full size.
      </p>
    );
  }
  return null;
}

/** What a click does now, in a few words. */
function Hint({ state }: { state: AnnotatorState }) {
  const object = currentObject(state);
  const name = object ? object.label || 'the object' : '';
  return (
    <p className={styles.hint}>
      {state.pending ? (
        <>
          <Spinner /> Looking
        </>
      ) : (
        <>
          {hintOf(state, name)}
          {state.previewTooSlow && state.tool === 'click' && ' · no preview, as answers take long'}
        </>
      )}
    </p>
  );
}

function hintOf(state: AnnotatorState, name: string): string {
  switch (state.tool) {
    case 'click':
      return name
        ? `Click refines ${name} · right click excludes · N for a new object`
        : 'Click on an object, or drag a box around it';
    case 'box':
      return name ? `Drag a box around ${name} · N for a new object` : 'Drag a box around an object';
    case 'exemplar':
      return 'Drag a box around an example · with the right button around what is not meant';
    case 'brush':
      return name ? `Paint on ${name} · Alt erases` : 'Paint a new object';
    case 'eraser':
      return name ? `Erase from ${name} · Alt paints` : 'Select the object to erase from';
    case 'select':
      return 'Click selects an object · drag moves the picture';
  }
}

function BrushSize() {
  const { brushRadius } = useStore(settings);
  return (
    <label className={styles.brush}>
      <span>Radius</span>
      <input
        type="range"
        className={fields.range}
        min={0}
        max={100}
        // Even steps of the hand are even factors of the size.
        value={Math.round((100 * Math.log(brushRadius)) / Math.log(400))}
        aria-valuetext={`${Math.round(brushRadius)} pixels`}
        onChange={(event) => {
          changeSettings({ brushRadius: clampRadius(400 ** (Number(event.target.value) / 100)) });
        }}
      />
      <output>{Math.round(brushRadius)} px</output>
    </label>
  );
}

function ZoomControls({ workspace }: { workspace: Workspace }) {
  const scale = useStore(workspace.scale);
  const percentage = scale * (window.devicePixelRatio || 1) * 100;
  return (
    <div className={styles.zoom} role="group" aria-label="Zoom">
      <IconButton icon="minus" label="Zoom out" shortcut="-" onClick={() => workspace.view?.zoom(1 / 1.25)} />
      <button
        type="button"
        className={styles.scale}
        title="Pixel for pixel (9)"
        onClick={() => workspace.view?.zoomToPixels()}
      >
        {percentage < 10 ? percentage.toFixed(1) : Math.round(percentage)} %
      </button>
      <IconButton icon="plus" label="Zoom in" shortcut="+" onClick={() => workspace.view?.zoom(1.25)} />
      <IconButton icon="fit" label="Whole picture" shortcut="0" onClick={() => workspace.view?.fit()} />
    </div>
  );
}

import { type RefObject, useEffect, useId, useRef } from 'react';

import type { AnnotatedObject } from '../../document/model';
import { useStore } from '../app/store';
import { IconButton } from '../components/Button';
import fields from '../components/Field.module.css';
import { counted, percent } from '../components/format';
import type { Annotator } from './annotator';
import { selectedObject } from './annotator-state';
import styles from './ObjectPanel.module.css';
import { reveal } from './run-command';
import type { OpenImage, Workspace } from './workspace';

const origins: Readonly<Record<AnnotatedObject['origin'], string>> = {
  server: 'Prompted',
  browser: 'Prompted',
  brush: 'Painted',
  import: 'Imported',
  concept: 'Found',
};

export function ObjectPanel({
  workspace,
  open,
  labelRef,
}: {
  workspace: Workspace;
  open: OpenImage;
  labelRef: RefObject<HTMLInputElement | null>;
}) {
  const { annotator } = open;
  const state = useStore(annotator.state);
  const { objects } = state.history.document;
  const anyShown = objects.some((object) => !object.hidden);
  return (
    <section className={styles.panel} aria-labelledby="objects-title">
      <header className={styles.head}>
        <h2 id="objects-title">Objects</h2>
        <span className={styles.count}>{objects.length || ''}</span>
        <span className={styles.space} />
        <IconButton
          icon="plus"
          label="New object"
          shortcut="N"
          disabled={!state.selectedId}
          onClick={() => {
            annotator.finishObject();
          }}
        />
        <IconButton
          icon={anyShown ? 'eye' : 'eyeOff'}
          label={anyShown ? 'Hide all' : 'Show all'}
          shortcut="Shift+H"
          disabled={objects.length === 0}
          onClick={() => {
            annotator.setHidden(
              objects.map((object) => object.id),
              anyShown,
            );
          }}
        />
      </header>
      <LabelField open={open} inputRef={labelRef} />
      {objects.length === 0 ? (
        <p className={styles.empty}>
          {state.loaded ? 'Click on something in the picture. Every object you make is listed here.' : ''}
        </p>
      ) : (
        <ul className={styles.list} aria-label={counted(objects.length, 'object')}>
          {objects.toReversed().map((object) => (
            <ObjectLine
              key={object.id}
              object={object}
              annotator={annotator}
              selected={object.id === state.selectedId}
              onSelect={() => {
                annotator.select(object.id === state.selectedId ? null : object.id);
                reveal(workspace, open);
              }}
            />
          ))}
        </ul>
      )}
    </section>
  );
}

/** Names the selected object, or else the ones to come. */
function LabelField({ open, inputRef }: { open: OpenImage; inputRef: RefObject<HTMLInputElement | null> }) {
  const { annotator } = open;
  const state = useStore(annotator.state);
  const listId = useId();
  const fieldId = useId();
  const object = selectedObject(state);
  const known = annotator.labels.all(state.history.document);
  return (
    <div className={`${fields.field} ${styles.label}`}>
      <label htmlFor={fieldId}>{object ? 'Label of the selected object' : 'Label of new objects'}</label>
      <input
        id={fieldId}
        ref={inputRef}
        className={fields.input}
        list={listId}
        value={object ? object.label : state.label}
        placeholder="None"
        maxLength={100}
        autoComplete="off"
        aria-keyshortcuts="L"
        disabled={!state.loaded}
        onChange={(event) => {
          const text = event.target.value;
          if (object) annotator.rename(object.id, text);
          annotator.setLabel(text); // what one just named is what one goes on with
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' || event.key === 'Escape') event.currentTarget.blur();
        }}
      />
      <datalist id={listId}>
        {known.map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </div>
  );
}

function ObjectLine({
  object,
  annotator,
  selected,
  onSelect,
}: {
  object: AnnotatedObject;
  annotator: Annotator;
  selected: boolean;
  onSelect: () => void;
}) {
  const line = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (selected) line.current?.scrollIntoView({ block: 'nearest' });
  }, [selected]);
  const name = object.label || 'No label';
  return (
    <li
      ref={line}
      className={[styles.line, selected && styles.selected, object.hidden && styles.hidden].filter(Boolean).join(' ')}
      data-testid="object"
      data-object={object.id}
    >
      <label className={styles.swatch} style={{ background: object.color }} title="Colour">
        <span className="visually-hidden">Colour of {name}</span>
        <input
          type="color"
          value={object.color}
          onChange={(event) => {
            annotator.recolour(object.id, event.target.value.toLowerCase());
          }}
        />
      </label>
      <button type="button" className={styles.choose} aria-pressed={selected} onClick={onSelect}>
        <span className={object.label ? styles.name : `${styles.name} ${styles.nameless}`}>{name}</span>
        <small>
          {origins[object.origin]}
          {object.score !== null && ` · ${percent(object.score)}`}
        </small>
      </button>
      <IconButton
        icon={object.hidden ? 'eyeOff' : 'eye'}
        label={object.hidden ? `Show ${name}` : `Hide ${name}`}
        onClick={() => {
          annotator.setHidden([object.id], !object.hidden);
        }}
      />
      <IconButton
        icon="trash"
        label={`Delete ${name}`}
        onClick={() => {
          annotator.remove(object.id);
        }}
      />
    </li>
  );
}

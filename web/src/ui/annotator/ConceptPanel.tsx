import { type FormEvent, type RefObject, useState } from 'react';

import { useStore } from '../app/store';
import { Button, IconButton } from '../components/Button';
import fields from '../components/Field.module.css';
import { counted, percent } from '../components/format';
import { Spinner } from '../components/Status';
import type { Annotator } from './annotator';
import type { Concept } from './annotator-state';
import styles from './ConceptPanel.module.css';

/** All instances of a concept: asked for by a text or by examples, accepted one by one or together. */
export function ConceptPanel({
  annotator,
  inputRef,
}: {
  annotator: Annotator;
  inputRef: RefObject<HTMLInputElement | null>;
}) {
  const { concept, encoded, loaded } = useStore(annotator.state);
  const [typed, setTyped] = useState<string | null>(null); // null: what was asked for last
  const text = typed ?? concept.text;
  const find = (event: FormEvent) => {
    event.preventDefault();
    annotator.concepts.find(text);
    setTyped(null);
    inputRef.current?.blur(); // the keys are for the candidates now
  };
  return (
    <section className={styles.panel} aria-labelledby="concept-title">
      <h2 id="concept-title">Find all</h2>
      <form className={styles.form} onSubmit={find}>
        <input
          ref={inputRef}
          className={fields.input}
          value={text}
          placeholder="Such as “red car”"
          aria-label="What to find"
          aria-keyshortcuts="/"
          maxLength={500}
          disabled={!(encoded && loaded)}
          onChange={(event) => {
            setTyped(event.target.value);
          }}
          onKeyDown={(event) => {
            if (event.key === 'Escape') event.currentTarget.blur();
          }}
        />
        <Button type="submit" disabled={!(encoded && loaded) || (!text.trim() && !concept.text)}>
          Find
        </Button>
      </form>
      {concept.exemplars.length > 0 && <Exemplars annotator={annotator} concept={concept} />}
      {concept.status !== 'idle' && <Threshold annotator={annotator} concept={concept} />}
      <Outcome annotator={annotator} concept={concept} />
    </section>
  );
}

function Exemplars({ annotator, concept }: { annotator: Annotator; concept: Concept }) {
  return (
    <ul className={styles.chips} aria-label="Examples">
      {concept.exemplars.map(({ positive }, index) => (
        <li key={index} className={positive ? styles.chip : `${styles.chip} ${styles.negative}`}>
          {positive ? '+' : '−'} {positive ? 'Example' : 'Counterexample'}
          <IconButton
            icon="close"
            label={`Remove example ${index + 1}`}
            className={styles.remove}
            onClick={() => {
              annotator.concepts.removeExemplar(index);
            }}
          />
        </li>
      ))}
    </ul>
  );
}

function Threshold({ annotator, concept }: { annotator: Annotator; concept: Concept }) {
  const [value, setValue] = useState(concept.threshold);
  const ask = () => {
    if (value !== concept.threshold) annotator.concepts.setThreshold(value);
  };
  return (
    <label className={styles.threshold}>
      <span>From a score of</span>
      <input
        type="range"
        className={fields.range}
        min={0.05}
        max={0.95}
        step={0.05}
        value={value}
        onChange={(event) => {
          setValue(Number(event.target.value));
        }}
        onPointerUp={ask}
        onKeyUp={ask}
      />
      <output>{percent(value)}</output>
    </label>
  );
}

function Outcome({ annotator, concept }: { annotator: Annotator; concept: Concept }) {
  const { concepts } = annotator;
  const { candidates, status, problem, active } = concept;
  if (status === 'asking') {
    return (
      <p className={styles.message}>
        <Spinner /> Looking
      </p>
    );
  }
  if (status === 'failed') {
    return (
      <p className={`${styles.message} ${styles.bad}`} role="alert">
        {problem}
      </p>
    );
  }
  if (status === 'idle') return null;
  if (candidates.length === 0) {
    return <p className={styles.message}>Nothing found. Try other words, a lower score, or an example (E).</p>;
  }
  return (
    <>
      <div className={styles.actions}>
        <Button
          tone="primary"
          icon="check"
          aria-keyshortcuts="Shift+Enter"
          title="Accept all (Shift Enter)"
          onClick={() => {
            concepts.acceptAll();
          }}
        >
          Accept {candidates.length === 1 ? 'it' : `all ${candidates.length}`}
        </Button>
        <Button
          onClick={() => {
            concepts.clear();
          }}
        >
          Discard
        </Button>
      </div>
      <ol className={styles.candidates} aria-label={counted(candidates.length, 'candidate')}>
        {candidates.map((candidate, index) => (
          <li
            key={candidate.id}
            className={index === active ? `${styles.candidate} ${styles.active}` : styles.candidate}
            data-testid="candidate"
          >
            <button
              type="button"
              className={styles.choose}
              aria-current={index === active}
              onClick={() => {
                concepts.activate(index);
              }}
            >
              <span className={styles.number}>{index + 1}</span>
              <span>{percent(candidate.score)}</span>
            </button>
            <IconButton
              icon="check"
              label={`Accept candidate ${index + 1}`}
              onClick={() => {
                concepts.accept(index);
              }}
            />
            <IconButton
              icon="close"
              label={`Skip candidate ${index + 1}`}
              onClick={() => {
                concepts.drop(index);
              }}
            />
          </li>
        ))}
      </ol>
    </>
  );
}

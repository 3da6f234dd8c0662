import { useEffect, useMemo, useRef } from 'react';

import { findObject } from '../../document/model';
import type { Mask } from '../../geometry/mask';
import type { Box } from '../../geometry/types';
import { rgbOf } from '../canvas/mask-sprite';
import { percent } from '../components/format';
import styles from './AlternativesStrip.module.css';
import type { Annotator } from './annotator';
import type { AnnotatorState } from './annotator-state';
import { unnamedColor } from './scene';
import { drawSilhouette, partAround } from './silhouette';

/** The masks that a lone click may mean, best first; the number keys choose. */
export function AlternativesStrip({ annotator, state }: { annotator: Annotator; state: AnnotatorState }) {
  const { alternatives, history } = state;
  const masks = alternatives?.masks;
  const part = useMemo(() => partAround((masks ?? []).map(({ mask }) => mask)), [masks]);
  if (!alternatives) return null;
  const color = findObject(history.document, alternatives.objectId)?.color ?? unnamedColor;
  return (
    <div className={styles.strip} role="radiogroup" aria-label="Other masks for this click">
      {alternatives.masks.map((found, index) => (
        <button
          key={index}
          type="button"
          role="radio"
          aria-checked={index === alternatives.chosen}
          aria-keyshortcuts={String(index + 1)}
          aria-label={`Mask ${index + 1}, score ${percent(found.score)}`}
          className={styles.option}
          onClick={() => {
            annotator.prompting.choose(index);
          }}
        >
          <Silhouette mask={found.mask} part={part} color={color} />
          <span>
            <kbd>{index + 1}</kbd> {percent(found.score)}
          </span>
        </button>
      ))}
    </div>
  );
}

function Silhouette({ mask, part, color }: { mask: Mask; part: Box; color: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current) drawSilhouette(canvas.current, mask, part, rgbOf(color));
  }, [mask, part, color]);
  return <canvas ref={canvas} className={styles.picture} width={144} height={108} aria-hidden="true" />;
}

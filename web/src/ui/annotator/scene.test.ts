// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';

import { acceptConcept } from '../../document/commands';
import { startHistory } from '../../document/history';
import { emptyDocument } from '../../document/model';
import { boxMask } from '../../geometry/testing/sample-masks';
import { settings } from '../app/settings';
import { type AnnotatorState, initialState, noConcept, nothingLive } from './annotator-state';
import { masksOf, overlayOf } from './scene';

const image = { id: '2cf24dba-5fb0-8a30-a6e8-3b2ac5b9e29e', width: 20, height: 10 };
const box = { x0: 2, y0: 2, x1: 8, y1: 8 };
const mask = boxMask(20, 10, box);

function stateWith(change: Partial<AnnotatorState>): AnnotatorState {
  return { ...initialState(image, true), loaded: true, ...change };
}

const two = acceptConcept(
  emptyDocument(image),
  [
    { mask, score: 1 },
    { mask, score: 0.5 },
  ],
  { label: 'cat', color: '#0072b2' },
);

describe('what the canvas shows', () => {
  it('are all masks but the hidden ones, the selected one told apart, candidates above', () => {
    const [first, second] = two.objects;
    const hidden = { ...two, objects: [{ ...first, hidden: true }, second] };
    const concept = { ...noConcept, candidates: [{ id: 'candidate', mask, box, score: 0.9 }] };
    const shown = masksOf(stateWith({ history: startHistory(hidden), selectedId: second.id, concept }), '#e69f00');
    expect(shown.map(({ id, color, emphasis }) => [id, color, emphasis])).toEqual([
      [second.id, '#0072b2', 'selected'],
      ['candidate', '#e69f00', 'selected'],
    ]);
  });

  it('are the prompts of the object at hand, answered or not', () => {
    const [first] = two.objects;
    const prompts = { points: [{ x: 1, y: 1, positive: true }], box: null };
    const pending = { object: { ...first, prompts }, isNew: false };
    const state = stateWith({ history: startHistory(two), selectedId: first.id, pending });
    expect(overlayOf(state, nothingLive, settings.get(), '#000000')).toMatchObject({ prompts, color: '#0072b2' });
  });

  it('is the brush where the pointer is, and in no other tool', () => {
    const live = { ...nothingLive, hover: { x: 3, y: 3 } };
    expect(overlayOf(stateWith({ tool: 'eraser' }), live, settings.get(), '#000000').brush).toMatchObject({
      point: { x: 3, y: 3 },
      mode: 'erase',
    });
    expect(overlayOf(stateWith({ tool: 'click' }), live, settings.get(), '#000000').brush).toBeNull();
  });

  it('has the colour of the object to come where none is selected', () => {
    expect(overlayOf(stateWith({}), nothingLive, settings.get(), '#e69f00').color).toBe('#e69f00');
  });
});

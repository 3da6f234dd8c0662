import { describe, expect, it } from 'vitest';
import { drawing, drawn } from '../geometry/testing/sample-masks';
import * as commands from './commands';
import { noPrompts } from './model';
import { isObjectId } from './serialise';
import { objectId, sampleDocument, sampleObject } from './testing/sample-documents';

const document = sampleDocument(sampleObject(1), sampleObject(2), sampleObject(3, { label: 'cat' }));
const idsOf = (changed: typeof document) => changed.objects.map((object) => object.id);

describe('commands', () => {
  it('never change the document they are given', () => {
    const before = JSON.stringify(document);
    commands.removeObjects(document, [objectId(1)]);
    commands.relabel(document, [objectId(1)], { label: 'x', color: '#111111' });
    commands.moveObject(document, objectId(1), 2);
    commands.paint(document, objectId(1), { path: [{ x: 2, y: 2 }], radius: 1, mode: 'add' });
    expect(JSON.stringify(document)).toBe(before);
  });

  it('give the same document back when nothing changes', () => {
    const naming = { label: 'dog', color: '#0072b2' };
    expect(commands.removeObjects(document, ['nobody'])).toBe(document);
    expect(commands.relabel(document, [objectId(1)], naming)).toBe(document);
    expect(commands.relabel(document, ['nobody'], { label: 'x', color: '#111111' })).toBe(document);
    expect(commands.setHidden(document, [objectId(1)], false)).toBe(document);
    expect(commands.moveObject(document, objectId(2), 1)).toBe(document);
    expect(commands.moveObject(document, 'nobody', 1)).toBe(document);
    expect(commands.acceptConcept(document, [], naming)).toBe(document);
    expect(commands.paint(document, objectId(1), { path: [{ x: -9, y: -9 }], radius: 1, mode: 'add' })).toBe(document);
  });

  it('add objects on top, and put back ones that are there in their place', () => {
    const added = commands.addObject(document, sampleObject(4));
    expect(idsOf(added)).toEqual([1, 2, 3, 4].map(objectId));
    const replaced = commands.putObjects(added, [sampleObject(2, { label: 'horse' }), sampleObject(5)]);
    expect(idsOf(replaced)).toEqual([1, 2, 3, 4, 5].map(objectId));
    expect(replaced.objects[1].label).toBe('horse');
  });

  it('share what they leave as it is', () => {
    const hidden = commands.setHidden(document, [objectId(2)], true);
    expect(hidden.objects.map((object) => object.hidden)).toEqual([false, true, false]);
    expect(hidden.objects[0]).toBe(document.objects[0]);
  });

  it('set prompts and mask together', () => {
    const answer = {
      prompts: { ...noPrompts, points: [{ x: 1, y: 2, positive: false }] },
      mask: drawn('.....', '#....', '.....', '.....'),
      score: 0.75,
      origin: 'browser' as const,
    };
    expect(commands.setMask(document, objectId(2), answer).objects[1]).toEqual({ ...document.objects[1], ...answer });
  });

  it('paint on a mask, or on none', () => {
    const bare = sampleDocument(sampleObject(1, { mask: null }));
    const stroke = {
      path: [
        { x: 1.5, y: 1.5 },
        { x: 3.5, y: 1.5 },
      ],
      radius: 0.5,
      mode: 'add' as const,
    };
    const [object] = commands.paint(bare, objectId(1), stroke).objects;
    expect(object.mask && drawing(object.mask)).toEqual(['.....', '.###.', '.....', '.....']);
    expect([object.origin, object.score]).toEqual(['brush', null]);
  });

  it('make an object of each accepted instance of a concept', () => {
    const masks = [drawn('#....', '.....', '.....', '.....'), drawn('.#...', '.....', '.....', '.....')];
    const found = masks.map((mask, i) => ({ mask, score: 0.9 - i / 10 }));
    const accepted = commands.acceptConcept(document, found, { label: 'star', color: '#f0e442' }).objects.slice(3);
    expect(accepted.map(({ label, score, origin, mask }) => [label, score, origin, mask])).toEqual([
      ['star', 0.9, 'concept', masks[0]],
      ['star', 0.8, 'concept', masks[1]],
    ]);
    expect(accepted.every(({ id }) => isObjectId(id)) && accepted[0].id !== accepted[1].id).toBe(true);
  });

  it('move an object up and down', () => {
    expect(idsOf(commands.moveObject(document, objectId(1), 2))).toEqual([2, 3, 1].map(objectId));
    expect(idsOf(commands.moveObject(document, objectId(3), 0))).toEqual([3, 1, 2].map(objectId));
  });
});

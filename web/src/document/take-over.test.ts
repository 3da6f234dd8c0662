import { describe, expect, it } from 'vitest';
import { addObject, relabel, removeObjects } from './commands';
import type { History } from './history';
import { record, redo, startHistory, undo } from './history';
import { fromJson, toJson } from './serialise';
import { takeOver } from './take-over';
import { image, objectId, sampleDocument, sampleObject } from './testing/sample-documents';

const ids = (history: History) => history.document.objects.map((object) => Number(object.id.slice(-2)));
const labelOf = (history: History, number: number) =>
  history.document.objects.find(({ id }) => id === objectId(number))?.label;
const renamed = (history: History, number: number, label: string) =>
  record(history, relabel(history.document, [objectId(number)], { label, color: '#000000' }), 'Label');

describe('taking over the work of others', () => {
  const start = startHistory(sampleDocument(sampleObject(1), sampleObject(2)));

  it('keeps it through undo and redo', () => {
    const mine = record(start, addObject(start.document, sampleObject(3)), 'Add');
    const theirs = relabel(removeObjects(addObject(mine.document, sampleObject(9)), [objectId(2)]), [objectId(1)], {
      label: 'cow',
      color: '#111111',
    });
    const together = takeOver(mine, mine.document, theirs);
    expect([ids(together), labelOf(together, 1)]).toEqual([[1, 3, 9], 'cow']);
    const undone = undo(together);
    expect([ids(undone), labelOf(undone, 1)]).toEqual([[1, 9], 'cow']);
    expect(redo(undone).document).toBe(together.document);
    expect(ids(redo(takeOver(undo(mine), mine.document, theirs)))).toEqual([1, 3, 9]);
  });

  it('keeps what was done here since, saved or not', () => {
    const saved = renamed(start, 1, 'horse');
    const theirs = addObject(saved.document, sampleObject(9));
    const unsaved = renamed(record(saved, addObject(saved.document, sampleObject(3)), 'Add'), 2, 'goat');
    const together = takeOver(unsaved, saved.document, theirs);
    expect([ids(together), labelOf(together, 1), labelOf(together, 2)]).toEqual([[1, 2, 3, 9], 'horse', 'goat']);
  });

  it('brings our own older work back with an undo, not theirs', () => {
    const mine = renamed(start, 1, 'horse');
    const theirs = relabel(mine.document, [objectId(1)], { label: 'cow', color: '#111111' });
    const together = takeOver(mine, mine.document, theirs);
    expect(labelOf(together, 1)).toBe('cow');
    expect(labelOf(undo(together), 1)).toBe('dog');
  });

  it('changes nothing when what comes is what is there, read anew', () => {
    const again = fromJson(toJson(start.document), image);
    expect(takeOver(start, start.document, again)).toBe(start);
  });

  it('leaves objects that nobody changed the very same', () => {
    const before = fromJson(toJson(start.document), image);
    const after = addObject(fromJson(toJson(start.document), image), sampleObject(9));
    const together = takeOver(start, before, after);
    expect(together.document.objects.slice(0, 2)).toEqual(start.document.objects);
    expect(together.document.objects[0]).toBe(start.document.objects[0]);
  });
});

import { describe, expect, it } from 'vitest';
import { addObject, relabel } from './commands';
import { maxSteps, record, redo, redoName, startHistory, undo, undoName } from './history';
import type { History } from './history';
import { objectId, sampleDocument, sampleObject } from './testing/sample-documents';

function withObjects(count: number): History {
  let history = startHistory(sampleDocument());
  for (let i = 0; i < count; ++i) {
    history = record(history, addObject(history.document, sampleObject(i)), `Add ${i}`);
  }
  return history;
}

describe('history', () => {
  it('goes back and forth through the very same documents', () => {
    const [one, two] = [withObjects(1), withObjects(1)].map((history) => history.document);
    expect(one).toEqual(two);
    const done = withObjects(3);
    const undone = undo(undo(done));
    expect(undone.document.objects).toHaveLength(1);
    expect([undoName(undone), redoName(undone)]).toEqual(['Add 0', 'Add 1']);
    expect(redo(redo(undone)).document).toBe(done.document);
    expect([undoName(done), redoName(done)]).toEqual(['Add 2', null]);
  });

  it('has nothing before the beginning and nothing after the end', () => {
    const start = startHistory(sampleDocument());
    expect(undo(start)).toBe(start);
    expect(redo(start)).toBe(start);
  });

  it('forgets what was undone when something new is done', () => {
    const history = undo(withObjects(2));
    const changed = record(history, addObject(history.document, sampleObject(9)), 'Another');
    expect(redoName(changed)).toBeNull();
    expect(undo(changed).document).toBe(history.document);
  });

  it('does not count what changed nothing', () => {
    const history = withObjects(1);
    expect(record(history, history.document, 'Nothing')).toBe(history);
  });

  it('joins steps that belong together, until another comes or one is undone', () => {
    const start = withObjects(1);
    const named = (history: History, label: string) =>
      record(history, relabel(history.document, [objectId(0)], { label, color: '#000000' }), 'Name', 'name 0');
    const typed = named(named(start, 'd'), 'do');
    expect(typed.document.objects[0].label).toBe('do');
    expect(undo(typed).document).toBe(start.document);
    const again = named(undo(named(typed, 'dog')), 'cat');
    expect(undo(again).document).toBe(start.document);
  });

  it('keeps as many steps as it says', () => {
    let history = withObjects(maxSteps + 50);
    for (let i = 0; i < maxSteps + 50; ++i) history = undo(history);
    expect(history.document.objects).toHaveLength(50);
    expect(undoName(history)).toBeNull();
  });
});

import { describe, expect, it } from 'vitest';

import { commandOf, shortcutGroups } from './shortcuts';

const noModifiers = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };

describe('shortcuts', () => {
  it('mean one thing each', () => {
    const keys = shortcutGroups.flatMap((group) =>
      group.lines.flatMap((line) => line.shortcuts.flatMap((shortcut) => [...shortcut.keys])),
    );
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  });

  it.each([
    [{ key: 'c' }, { do: 'tool', tool: 'click' }],
    [{ key: 'C' }, { do: 'tool', tool: 'click' }], // Caps Lock
    [{ key: 'z', ctrlKey: true }, { do: 'undo' }],
    [{ key: 'Z', metaKey: true, shiftKey: true }, { do: 'redo' }],
    [{ key: '?', shiftKey: true }, { do: 'help' }],
    [
      { key: '+', shiftKey: true },
      { do: 'zoom', factor: 1.25 },
    ],
    [
      { key: 'ArrowUp', shiftKey: true },
      { do: 'crosshair', direction: 'up', pace: 'coarse' },
    ],
    [
      { key: 'Enter', altKey: true },
      { do: 'press', negative: true },
    ],
    [{ key: '2' }, { do: 'alternative', index: 1 }],
  ])('%o is %o', (key, command) => {
    expect(commandOf({ ...noModifiers, ...key })).toEqual(command);
  });

  it("leave the browser's own alone", () => {
    for (const key of ['c', 'v', 'r', 'p', 'l', 'n', 'd', '0', '+', '-']) {
      expect(commandOf({ ...noModifiers, key, ctrlKey: true })).toBeNull();
    }
  });
});

/**
 * Every key of the annotator, in one table: what the keyboard does and what the help sheet says cannot differ.
 */
import type { CrosshairPace, Direction } from '../../tools/crosshair';
import type { ToolId } from '../../tools/tool';

export type Command =
  | { do: 'tool'; tool: ToolId }
  | { do: 'crosshair'; direction: Direction; pace: CrosshairPace }
  | { do: 'press'; negative: boolean }
  | { do: 'zoom'; factor: number }
  | { do: 'alternative'; index: number }
  | { do: 'neighbour-object'; step: 1 | -1 }
  | { do: 'restack'; step: 1 | -1 }
  | { do: 'neighbour-image'; step: 1 | -1 }
  | { do: 'neighbour-candidate'; step: 1 | -1 }
  | { do: 'brush'; factor: number }
  | {
      do:
        | 'fit'
        | 'actual-size'
        | 'escape'
        | 'new-object'
        | 'delete'
        | 'undo'
        | 'redo'
        | 'hide'
        | 'hide-all'
        | 'label'
        | 'concept'
        | 'accept-all'
        | 'preview'
        | 'alternatives'
        | 'help';
    };

export interface Shortcut {
  /** As KeyboardEvent.key says it, with "Control+", "Alt+", "Shift+" before it, in this order. */
  readonly keys: readonly string[];
  readonly command: Command;
}

export interface ShortcutGroup {
  readonly title: string;
  readonly lines: readonly {
    readonly what: string;
    readonly shown: readonly string[];
    readonly shortcuts: readonly Shortcut[];
  }[];
}

const tool = (id: ToolId, key: string): readonly Shortcut[] => [{ keys: [key], command: { do: 'tool', tool: id } }];
const plain = (command: Command, ...keys: string[]): readonly Shortcut[] => [{ keys, command }];

const arrows: Readonly<Record<string, Direction>> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
};

function everyArrow(prefix: string, command: (direction: Direction) => Command): readonly Shortcut[] {
  return Object.entries(arrows).map(([key, direction]) => ({ keys: [prefix + key], command: command(direction) }));
}

export const shortcutGroups: readonly ShortcutGroup[] = [
  {
    title: 'Tools',
    lines: [
      { what: 'Click: point, or drag a box', shown: ['C'], shortcuts: tool('click', 'c') },
      { what: 'Box around the object', shown: ['B'], shortcuts: tool('box', 'b') },
      { what: 'Example of a concept', shown: ['E'], shortcuts: tool('exemplar', 'e') },
      { what: 'Brush', shown: ['P'], shortcuts: tool('brush', 'p') },
      { what: 'Eraser', shown: ['R'], shortcuts: tool('eraser', 'r') },
      { what: 'Select and move the picture', shown: ['V'], shortcuts: tool('select', 'v') },
      {
        what: 'Smaller or larger brush',
        shown: ['[', ']'],
        shortcuts: [
          { keys: ['['], command: { do: 'brush', factor: 1 / 1.25 } },
          { keys: [']'], command: { do: 'brush', factor: 1.25 } },
        ],
      },
    ],
  },
  {
    title: 'Objects',
    lines: [
      { what: 'New object', shown: ['N'], shortcuts: plain({ do: 'new-object' }, 'n') },
      {
        what: 'Choose another mask',
        shown: ['1', '2', '3'],
        shortcuts: [0, 1, 2, 3].map((index) => ({ keys: [String(index + 1)], command: { do: 'alternative', index } })),
      },
      { what: 'Label', shown: ['L'], shortcuts: plain({ do: 'label' }, 'l') },
      {
        what: 'Object below or above',
        shown: ['J', 'K'],
        shortcuts: [
          { keys: ['j'], command: { do: 'neighbour-object', step: -1 } },
          { keys: ['k'], command: { do: 'neighbour-object', step: 1 } },
        ],
      },
      {
        what: 'Move it down or up',
        shown: ['Shift', 'J', 'K'],
        shortcuts: [
          { keys: ['Shift+j'], command: { do: 'restack', step: -1 } },
          { keys: ['Shift+k'], command: { do: 'restack', step: 1 } },
        ],
      },
      { what: 'Hide or show it', shown: ['H'], shortcuts: plain({ do: 'hide' }, 'h') },
      { what: 'Hide or show all', shown: ['Shift', 'H'], shortcuts: plain({ do: 'hide-all' }, 'Shift+h') },
      {
        what: 'Delete it, or skip the candidate',
        shown: ['Del'],
        shortcuts: plain({ do: 'delete' }, 'Delete', 'Backspace'),
      },
      { what: 'Undo', shown: ['Ctrl', 'Z'], shortcuts: plain({ do: 'undo' }, 'Control+z') },
      { what: 'Redo', shown: ['Ctrl', 'Shift', 'Z'], shortcuts: plain({ do: 'redo' }, 'Control+Shift+z', 'Control+y') },
    ],
  },
  {
    title: 'Concepts',
    lines: [
      { what: 'What to find', shown: ['/'], shortcuts: plain({ do: 'concept' }, '/') },
      {
        what: 'Next or previous candidate',
        shown: ['.', ','],
        shortcuts: [
          { keys: ['.'], command: { do: 'neighbour-candidate', step: 1 } },
          { keys: [','], command: { do: 'neighbour-candidate', step: -1 } },
        ],
      },
      { what: 'Accept the candidate', shown: ['Enter'], shortcuts: [] },
      { what: 'Accept all', shown: ['Shift', 'Enter'], shortcuts: plain({ do: 'accept-all' }, 'Shift+Enter') },
    ],
  },
  {
    title: 'Without a mouse',
    lines: [
      {
        what: 'Move the crosshair',
        shown: ['←', '↑', '↓', '→'],
        shortcuts: everyArrow('', (direction) => ({ do: 'crosshair', direction, pace: 'normal' })),
      },
      {
        what: 'In large steps',
        shown: ['Shift', 'Arrow'],
        shortcuts: everyArrow('Shift+', (direction) => ({ do: 'crosshair', direction, pace: 'coarse' })),
      },
      {
        what: 'In small steps',
        shown: ['Ctrl', 'Arrow'],
        shortcuts: everyArrow('Control+', (direction) => ({ do: 'crosshair', direction, pace: 'fine' })),
      },
      {
        what: 'Place a point; begin and end a box or stroke',
        shown: ['Enter'],
        shortcuts: plain({ do: 'press', negative: false }, 'Enter'),
      },
      { what: 'Negative', shown: ['Alt', 'Enter'], shortcuts: plain({ do: 'press', negative: true }, 'Alt+Enter') },
    ],
  },
  {
    title: 'View',
    lines: [
      {
        what: 'Zoom in or out',
        shown: ['+', '−'],
        shortcuts: [
          { keys: ['+', '='], command: { do: 'zoom', factor: 1.25 } },
          { keys: ['-'], command: { do: 'zoom', factor: 1 / 1.25 } },
        ],
      },
      { what: 'Whole picture', shown: ['0'], shortcuts: plain({ do: 'fit' }, '0') },
      { what: 'Pixel for pixel', shown: ['9'], shortcuts: plain({ do: 'actual-size' }, '9') },
      {
        what: 'Next or previous image',
        shown: ['D', 'A'],
        shortcuts: [
          { keys: ['d', 'PageDown'], command: { do: 'neighbour-image', step: 1 } },
          { keys: ['a', 'PageUp'], command: { do: 'neighbour-image', step: -1 } },
        ],
      },
    ],
  },
  {
    title: 'And',
    lines: [
      { what: 'Preview under the pointer', shown: ['Q'], shortcuts: plain({ do: 'preview' }, 'q') },
      { what: 'Alternatives after a click', shown: ['M'], shortcuts: plain({ do: 'alternatives' }, 'm') },
      { what: 'Cancel, discard, deselect', shown: ['Esc'], shortcuts: plain({ do: 'escape' }, 'Escape') },
      { what: 'This sheet', shown: ['?'], shortcuts: plain({ do: 'help' }, '?') },
    ],
  },
];

const byKeys = new Map<string, Command>(
  shortcutGroups
    .flatMap((group) => group.lines.flatMap((line) => line.shortcuts))
    .flatMap(({ keys, command }) => keys.map((key): [string, Command] => [key, command])),
);

type Key = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>;

/** What a key means; null: nothing. Command on a Mac is Control elsewhere. */
export function commandOf(event: Key): Command | null {
  const isLetter = /^[a-z]$/i.test(event.key);
  const isNamed = event.key.length > 1;
  const modifiers = [
    event.ctrlKey || event.metaKey ? 'Control+' : '',
    event.altKey ? 'Alt+' : '',
    // Of other keys, such as "?", Shift is a part already.
    event.shiftKey && (isLetter || isNamed) ? 'Shift+' : '',
  ].join('');
  return byKeys.get(modifiers + (isLetter ? event.key.toLowerCase() : event.key)) ?? null;
}

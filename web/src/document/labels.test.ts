import { describe, expect, it } from 'vitest';
import { colorOf, labelsOf, maxLabelLength, palette, tidyLabel } from './labels';
import { sampleDocument, sampleObject } from './testing/sample-documents';

describe('labels', () => {
  it('are what the documents of a project use, with the colour that most objects have', () => {
    const documents = [
      sampleDocument(sampleObject(1, { color: '#111111' }), sampleObject(2, { label: 'cat', color: '#222222' })),
      sampleDocument(sampleObject(3, { color: '#333333' }), sampleObject(4, { color: '#333333' })),
      sampleDocument(sampleObject(5, { label: '' })),
    ];
    expect(labelsOf(documents)).toEqual([
      { name: 'cat', color: '#222222', objects: 1 },
      { name: 'dog', color: '#333333', objects: 3 },
    ]);
  });

  it('keep their colour', () => {
    expect(colorOf('dog', [{ name: 'dog', color: '#123456', objects: 1 }])).toBe('#123456');
    expect(colorOf('dog', [])).toBe(colorOf('dog', []));
  });

  it('have different colours as long as there are any left', () => {
    const known: { name: string; color: string; objects: number }[] = [];
    for (let i = 0; i < palette.length; ++i) {
      known.push({ name: `label ${i}`, color: colorOf(`label ${i}`, known), objects: 1 });
    }
    expect(new Set(known.map((label) => label.color)).size).toBe(palette.length);
    expect(palette).toContain(colorOf('one more', known));
  });

  it('are tidied: blanks, control characters, accents written in two ways, length', () => {
    expect(tidyLabel('  yellow \t\n school\u0000bus ')).toBe('yellow school bus');
    expect(tidyLabel('cafe\u0301')).toBe('caf\u00e9');
    expect(tidyLabel('x'.repeat(500))).toHaveLength(maxLabelLength);
    expect(tidyLabel(' \n ')).toBe('');
  });
});

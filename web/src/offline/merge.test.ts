import { describe, expect, it } from 'vitest';
import type { JsonDocument, JsonObjectEntry } from '../document/serialise';
import { isSame, mergeDocuments } from './merge';

function object(id: string, change: Partial<JsonObjectEntry> = {}): JsonObjectEntry {
  return {
    id,
    label: 'cat',
    color: '#112233',
    prompts: { points: [{ x: 1, y: 2, positive: true }], box: null },
    mask: { size: [2, 2], counts: '04' },
    score: 0.5,
    origin: 'server',
    hidden: false,
    ...change,
  };
}

function of(...objects: JsonObjectEntry[]): JsonDocument {
  return { version: 1, imageId: 'image', width: 2, height: 2, objects };
}

function ids(document: JsonDocument): string[] {
  return document.objects.map(({ id }) => id);
}

describe('mergeDocuments', () => {
  const base = of(object('a'), object('b'));

  it('takes what only one of them changed', () => {
    const mine = of(object('a', { label: 'dog' }), object('b'));
    const theirs = of(object('a'), object('b', { color: '#ffffff' }));
    const expected = of(object('a', { label: 'dog' }), object('b', { color: '#ffffff' }));
    expect(mergeDocuments(base, mine, theirs)).toEqual(expected);
    expect(mergeDocuments(base, theirs, mine)).toEqual(expected);
  });

  it('keeps what either added, once', () => {
    const mine = of(object('a'), object('b'), object('c'));
    const theirs = of(object('a'), object('b'), object('d'), object('c'));
    expect(ids(mergeDocuments(base, mine, theirs)).toSorted()).toEqual(['a', 'b', 'c', 'd']);
    expect(ids(mergeDocuments(mine, mine, mine))).toEqual(['a', 'b', 'c']);
  });

  it('removes what one removed and the other left alone', () => {
    expect(ids(mergeDocuments(base, of(object('a')), base))).toEqual(['a']);
    expect(ids(mergeDocuments(base, base, of(object('b'))))).toEqual(['b']);
    expect(ids(mergeDocuments(base, of(object('a')), of(object('a'))))).toEqual(['a']);
  });

  it('keeps what one removed and the other changed', () => {
    const changed = object('b', { label: 'dog' });
    expect(mergeDocuments(base, of(object('a')), of(object('a'), changed)).objects).toContainEqual(changed);
    expect(mergeDocuments(base, of(object('a'), changed), of(object('a'))).objects).toContainEqual(changed);
  });

  it('merges fields of one object, a mask with its prompts', () => {
    const prompts = { points: [], box: [0, 0, 2, 2] as [number, number, number, number] };
    const mine = of(object('a', { prompts, mask: { size: [2, 2], counts: '4' }, score: 0.9 }), object('b'));
    const theirs = of(object('a', { label: 'dog', score: 0.7 }), object('b'));
    const [merged] = mergeDocuments(base, mine, theirs).objects;
    expect(merged).toMatchObject({ label: 'dog', prompts, score: 0.9, mask: { counts: '4' } });
  });

  it('takes mine where both changed the same', () => {
    const [merged] = mergeDocuments(
      base,
      of(object('a', { label: 'dog' }), object('b')),
      of(object('a', { label: 'cow' }), object('b')),
    ).objects;
    expect(merged.label).toBe('dog');
  });

  it('keeps the order of whoever changed it', () => {
    expect(ids(mergeDocuments(base, of(object('b'), object('a')), base))).toEqual(['b', 'a']);
    expect(ids(mergeDocuments(base, base, of(object('b'), object('a'))))).toEqual(['b', 'a']);
    expect(ids(mergeDocuments(base, of(object('b'), object('a')), of(object('a'), object('b'), object('c'))))).toEqual([
      'b',
      'a',
      'c',
    ]);
  });

  it('is the same when it is done again', () => {
    const mine = of(object('b'), object('c'), object('a', { label: 'dog' }));
    const theirs = of(object('a'), object('d'));
    const once = mergeDocuments(base, mine, theirs);
    expect(mergeDocuments(theirs, once, theirs)).toEqual(once);
    expect(mergeDocuments(base, mine, once)).toEqual(once);
  });
});

describe('isSame', () => {
  it('looks at values and not at the order of members', () => {
    expect(isSame({ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 })).toBe(true);
    expect(isSame({ a: undefined }, { b: undefined })).toBe(false);
    expect(isSame([1], { 0: 1 })).toBe(false);
    expect(isSame({ a: 1 }, { a: 1, b: 2 })).toBe(false);
    expect(isSame(null, {})).toBe(false);
  });
});

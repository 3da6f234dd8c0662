import { describe, expect, it } from 'vitest';

import { clampRadius, parseSettings } from './settings';

describe('stored settings', () => {
  it('are what was stored', () => {
    const text = JSON.stringify({ theme: 'dark', token: 'abc', source: 'browser', preview: false, brushRadius: 30 });
    expect(parseSettings(text)).toMatchObject({
      theme: 'dark',
      token: 'abc',
      source: 'browser',
      preview: false,
      alternatives: true,
      brushRadius: 30,
    });
  });

  it.each([null, '', '{', 'null', '[]', '7', '"dark"'])('fall back to the standard for %s', (text) => {
    expect(parseSettings(text)).toMatchObject({ theme: 'system', source: 'automatic', token: '' });
  });

  it('keep what is well-formed beside what is not', () => {
    const text = JSON.stringify({ theme: 'pink', source: 'server', token: 7, brushRadius: 'large', preview: 'yes' });
    expect(parseSettings(text)).toMatchObject({
      theme: 'system',
      source: 'server',
      token: '',
      brushRadius: 12,
      preview: true,
    });
  });
});

describe('the radius of the brush', () => {
  it.each([
    [0, 1],
    [-5, 1],
    [1e9, 400],
    [Number.NaN, 12],
    [40, 40],
  ])('%d becomes %d', (asked, taken) => {
    expect(clampRadius(asked)).toBe(taken);
  });
});

import { describe, expect, it } from 'vitest';

import { bytes, counted, timeAgo } from './format';

describe('numbers for people', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [10_623_412, '10.6 MB'],
    [999_960, '1.0 MB'],
    [123_456_789, '123 MB'],
    [10 * 2 ** 30, '10.7 GB'],
    [5e15, '5000 TB'],
  ])('%d bytes are %s', (count, text) => {
    expect(bytes(count)).toBe(text);
  });

  it('count one and many', () => {
    expect(counted(1, 'image')).toBe('1 image');
    expect(counted(1234, 'image')).toBe('1,234 images');
    expect(counted(0, 'entry', 'entries')).toBe('0 entries');
  });

  it.each([
    [0, 'now'],
    [59, '59 seconds ago'],
    [60, '1 minute ago'],
    [7200, '2 hours ago'],
    [86_400, 'yesterday'],
    [400 * 86_400, 'last year'],
    [-10, 'now'],
  ])('%d seconds are %s', (seconds, text) => {
    const now = Date.parse('2026-06-01T12:00:00Z');
    expect(timeAgo(now - 1000 * seconds, now)).toBe(text);
  });
});

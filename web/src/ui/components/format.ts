/** Numbers and times as people read them. */

export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? noun : plural}`;
}

export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    ++unit;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

const steps: readonly [seconds: number, unit: Intl.RelativeTimeFormatUnit][] = [
  [60, 'second'],
  [3600, 'minute'],
  [86_400, 'hour'],
  [30 * 86_400, 'day'],
  [365 * 86_400, 'month'],
  [Number.POSITIVE_INFINITY, 'year'],
];

/** "3 minutes ago" */
export function timeAgo(when: string | number, now: number = Date.now()): string {
  const seconds = Math.max(0, (now - new Date(when).getTime()) / 1000);
  const format = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
  let unitSeconds = 1;
  for (const [limit, unit] of steps) {
    if (seconds < limit) return format.format(-Math.round(seconds / unitSeconds), unit);
    unitSeconds = limit;
  }
  return '';
}

export function percent(part: number): string {
  return `${Math.round(100 * part)} %`;
}

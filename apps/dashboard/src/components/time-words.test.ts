import { describe, expect, it } from 'vitest';
import { describeDistance } from './time-words.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

describe('a distance in time', () => {
  it.each([
    [-1, 'just now'],
    [-44_000, 'just now'],
    [-46_000, '1 minute ago'],
    [-59.4 * minute, '59 minutes ago'],
    [-59.6 * minute, '1 hour ago'],
    [-23.4 * hour, '23 hours ago'],
    [-23.6 * hour, 'yesterday'],
    [-29.6 * day, 'last month'],
    [-400 * day, 'last year'],
    [30_000, 'in a moment'],
    [3 * hour, 'in 3 hours'],
    [30 * day - minute, 'next month'],
  ])('of %d ms is %s', (ms, words) => {
    expect(describeDistance(ms)).toBe(words);
  });

  it('that the clocks of browser and cloud differ by is none', () => {
    expect(describeDistance(9_000)).toBe('just now');
  });
});

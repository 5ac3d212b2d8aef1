import { expect, it } from 'vitest';
import { median, percentile, spread } from './statistics.ts';

it('a percentile is a value that was measured, by nearest rank', () => {
  const sorted = Array.from({ length: 100 }, (_, index) => index + 1);
  expect(percentile(sorted, 0.5)).toBe(50);
  expect(percentile(sorted, 0.99)).toBe(99);
  expect(percentile(sorted, 1)).toBe(100);
  expect(percentile([7], 0.5)).toBe(7);
});

it('the median of an even number of rounds lies between the two in the middle', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([9, 1, 5])).toBe(5);
});

it('a spread sorts numbers as numbers', () => {
  expect(spread([10, 9, 100])).toEqual({ median: 10, least: 9, most: 100 });
});

it('nothing measured is no number', () => {
  expect(percentile([], 0.5)).toBeNaN();
  expect(median([])).toBeNaN();
});

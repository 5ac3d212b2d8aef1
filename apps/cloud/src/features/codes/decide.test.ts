import { describe, expect, it } from 'vitest';
import { chooseGroups, twoGroupTtlSecondsMax } from './decide.ts';

const day = 24 * 3600;
const calm = { ttlSeconds: day, groupsLeast: 2 };

describe('the length of new codes', () => {
  it.each([
    ['nothing was asked and few are live', undefined, 1, 0, 2],
    ['the last short one is made', undefined, 1, 99, 2],
    ['no short one may be made any more', undefined, 1, 100, 3],
    ['a batch would pass the limit', undefined, 51, 50, 3],
    ['a batch just fits', undefined, 50, 50, 2],
    ['short ones are asked for and may be had', 2, 10, 0, 2],
    ['short ones are asked for in vain', 2, 101, 0, 3],
    ['longer ones are asked for', 5, 10_000, 0, 5],
    ['longer ones are asked for though short ones may be had', 3, 1, 0, 3],
  ])('when %s', (_, wished, count, liveTwoGroupCodes, groups) => {
    expect(chooseGroups(wished, { ...calm, count, liveTwoGroupCodes })).toBe(groups);
  });

  it.each([
    ['a week is the longest that short ones live', undefined, twoGroupTtlSecondsMax, 2],
    ['they are to live longer', undefined, twoGroupTtlSecondsMax + 1, 3],
    ['short ones that live longer are asked for', 2, 366 * day, 3],
  ])('when %s', (_, wished, ttlSeconds, groups) => {
    expect(chooseGroups(wished, { ...calm, ttlSeconds, count: 1, liveTwoGroupCodes: 0 })).toBe(groups);
  });

  it.each([
    ['somebody guesses', undefined, 0, 3, 3],
    ['somebody guesses heavily', undefined, 0, 4, 4],
    ['somebody guesses and short ones are asked for', 2, 0, 3, 3],
    ['somebody guesses and many are live', undefined, 100, 3, 3],
    ['somebody guesses heavily and many are live', undefined, 100, 4, 4],
    ['somebody guesses and longer ones are asked for', 6, 0, 4, 6],
  ])('when %s', (_, wished, liveTwoGroupCodes, groupsLeast, groups) => {
    expect(chooseGroups(wished, { ...calm, count: 1, groupsLeast, liveTwoGroupCodes })).toBe(groups);
  });
});

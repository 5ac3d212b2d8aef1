import { describe, expect, it } from 'vitest';
import { chooseGroups } from './decide.ts';

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
  ])('when %s', (_, wished, count, live, groups) => {
    expect(chooseGroups(wished, count, live)).toBe(groups);
  });
});

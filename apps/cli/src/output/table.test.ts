import { describe, expect, it } from 'vitest';
import { displayWidth } from './display-width.ts';
import { fields, table } from './table.ts';

const columns = [
  { title: 'name', value: (row: { name: string | null; n: number }) => row.name },
  { title: 'n', value: (row: { name: string | null; n: number }) => row.n },
];

describe('a table', () => {
  it('aligns its columns, East Asian text too, and marks what is missing', () => {
    expect(
      table(columns, [
        { name: 'pump', n: 1 },
        { name: '水泵三号', n: 22 },
        { name: null, n: 0 },
        { name: '', n: 3 },
      ]),
    ).toBe('NAME      N\npump      1\n水泵三号  22\n-         0\n-         3\n');
  });

  it('is its titles when there are no rows', () => {
    expect(table(columns, [])).toBe('NAME  N\n');
  });

  it('is cut to the terminal, with a mark, and otherwise not', () => {
    const rows = [{ name: '水'.repeat(50), n: 1 }];
    const cut = table(columns, rows, 20).split('\n');
    for (const line of cut) expect(displayWidth(line)).toBeLessThanOrEqual(20);
    expect(cut[1]).toMatch(/…$/);
    expect(table(columns, rows)).toContain('水'.repeat(50));
  });

  it('keeps a line end within a cell from making a row', () => {
    expect(table(columns, [{ name: 'a\nDEVICE FORGED', n: 1 }]).split('\n')).toHaveLength(3);
  });
});

describe('fields', () => {
  it('are aligned, one a line, and never cut', () => {
    const long = 'x'.repeat(500);
    expect(
      fields([
        ['Device', 'dev_1'],
        ['Key', long],
        ['Name', null],
      ]),
    ).toBe(`Device  dev_1\nKey     ${long}\nName    -\n`);
  });
});

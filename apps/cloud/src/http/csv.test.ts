import { buffer } from 'node:stream/consumers';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../testing/any-text.ts';
import { type CsvCell, csvStream } from './csv.ts';

/** The file of one row, without its heading and its last line end. */
async function lineOf(...row: readonly CsvCell[]): Promise<string> {
  async function* pages(): AsyncGenerator<CsvCell[][]> {
    yield [[...row]];
  }
  const text = (await buffer(csvStream(['a', 'b'], pages()))).toString();
  expect(text.startsWith('\ufeffa,b\r\n')).toBe(true);
  expect(text.endsWith('\r\n')).toBe(true);
  return text.slice('\ufeffa,b\r\n'.length, -2);
}

describe('a row of a CSV file', () => {
  it.each([
    ['plain', '"plain"'],
    ['with "quotes", and a comma', '"with ""quotes"", and a comma"'],
    ['=1+1', `"'=1+1"`],
    ['\uff1d1', `"'\uff1d1"`],
    [' \u00a0=1', `"' \u00a0=1"`],
    ['\u200b@x', `"'\u200b@x"`],
    ['a;=1+1', `"a;'=1+1"`],
    ['a"; =1', `"a"";' =1"`],
    ["x\n=cmd|' /C calc'!A0", `"x\\u000a=cmd|' /C calc'!A0"`],
    ['pi\r=1+1', '"pi\\u000d=1+1"'],
    ['\t=1', '"\\u0009=1"'],
    ['a-b+c', '"a-b+c"'],
    ['', '""'],
    [null, ''],
    [-7, '-7'],
  ])('shows %j as %s', async (cell, shown) => {
    expect(await lineOf(cell, 'x')).toBe(`${shown},"x"`);
  });

  it('is one line, as many cells as columns, and no formula, whatever is in it', async () => {
    const nasty = fc.string({
      unit: fc.constantFrom(
        '=',
        '+',
        '@',
        '-',
        '\r',
        '\n',
        '\t',
        ' ',
        '"',
        ',',
        ';',
        "'",
        '\u2028',
        '\0',
        'a',
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.oneof(anyText, nasty), async (cell) => {
        const line = await lineOf(cell, 'x');
        expect(line).not.toMatch(/[\r\n\0]/);
        const [row = []]: string[][] = parse(line);
        expect(row).toHaveLength(2);
        // Also where the file is taken apart at semicolons.
        for (const part of row[0]?.split(';') ?? []) expect(part).not.toMatch(/^\s*[=+\-@]/);
      }),
      { numRuns: 300 },
    );
  });
});

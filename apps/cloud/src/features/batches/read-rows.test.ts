import { batchRowsMax, createBatchRequestSchema } from '@edgeflow/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRows, type RowsReading } from './read-rows.ts';
import type { Turns } from './turns.ts';

const alone: Turns = { pause: () => Promise.resolve(), isGone: () => false };
const read = (request: object, turns = alone): Promise<RowsReading> =>
  readRows(createBatchRequestSchema.parse(request), turns);
const problemsOf = async (request: object): Promise<string[]> =>
  (await read(request)).problems.map(({ field, line, message }) => `${String(line)} ${field}: ${message}`);

describe('a table of devices', () => {
  it.each([
    ['with commas', 'name,serial,mac,tags\r\npump,S1,DC-A6-32-01-02-03,hall 3;wet\r\n'],
    ['with semicolons', 'Name;Serial Number;MAC address;Tags\npump;S1;dca632010203;hall 3|wet\n'],
    ['with tabs', 'mac\ttags\tdevice_name\tSN\ndc:a6:32:01:02:03\thall 3 | wet\t pump \tS1'],
    [
      'with a byte order mark and quotation marks',
      '\ufeff"name","serial","mac","tags"\n"pump","S1","dca6.3201.0203","hall 3, wet"\n',
    ],
    ['with empty lines', '\nname,serial,mac,tags\n\npump,S1,dca632010203,"hall 3,wet"\n\n'],
  ])('is read %s', async (_, csv) => {
    const { good, problems, wrong } = await read({ csv });
    expect([problems, wrong]).toEqual([[], 0]);
    expect(good).toMatchObject([
      { name: 'pump', serialNumber: 'S1', macAddress: 'dc:a6:32:01:02:03', tags: ['hall 3', 'wet'] },
    ]);
  });

  it.each([
    ['an empty table', '\n\n', ['1 : the table is empty']],
    [
      'no headings',
      'pump,S1\n',
      ['1 : "pump" is no heading: the first line names the columns name, serial, mac, tags'],
    ],
    ['a heading twice', 'name,device\n', ['1 : two columns have the same heading']],
    ['a quotation mark that is not closed', 'name\n"pump\n', ['2 : a quotation mark is not closed']],
    [
      'a MAC that is none',
      'name,mac\na,b\nc,dca632010203',
      ['2 mac_address: must be a MAC address such as dc:a6:32:01:02:03'],
    ],
    ['a cell too many', 'name\na,b', ['2 : Unrecognized key: "column 2"']],
    ['a row of nothing', 'name,serial\n,\n', ['2 : has no name, no serial and no mac']],
    [
      'repeated devices',
      'name,serial,mac\na,S1,dca632010203\nb,S1,DC:A6:32:01:02:03\na,S2,\n',
      [
        '3 serial_number: stands in line 2 too',
        '3 mac_address: stands in line 2 too',
        '4 name: stands in line 2 too',
      ],
    ],
    ['control characters', 'name\n"a\tb"', ['2 name: must not contain control characters']],
  ])('with %s says so by its lines', async (_, csv, expected) => {
    expect(await problemsOf({ csv })).toEqual(expected);
  });

  it('keeps the good rows apart from the wrong ones', async () => {
    const { good, wrong } = await read({ csv: 'name,mac\na,nonsense\nb,dca632010203\nc,\n' });
    expect(good.map(({ line, name }) => [line, name])).toEqual([
      [3, 'b'],
      [4, 'c'],
    ]);
    expect(wrong).toBe(1);
  });

  const lines = (count: number): string =>
    [
      'name,serial',
      ...Array.from({ length: count }, (_, index) => `pump ${String(index)},S${String(index)}`),
    ].join('\n');

  it('has at most ten thousand rows', async () => {
    expect((await read({ csv: lines(batchRowsMax) })).good).toHaveLength(batchRowsMax);
    const tooMany = ['10001 : there are 10001 rows; a batch has at most 10000'];
    expect(await problemsOf({ csv: lines(batchRowsMax + 5) })).toEqual(tooMany);
    // What stands beyond them is not read, whatever it is.
    expect(await problemsOf({ csv: `${lines(5 * batchRowsMax)}\n"` })).toEqual(tooMany);
  });

  it('that is large lets everything else have its turn, again and again', async () => {
    let turns = 0;
    const pause = (): Promise<void> => {
      turns += 1;
      return Promise.resolve();
    };
    const csv = lines(batchRowsMax);
    await read({ csv }, { pause, isGone: () => false });
    const whileParsed = Math.floor(csv.length / 4_096);
    expect(turns).toBe(whileParsed + batchRowsMax / 200);
    turns = 0;
    await read(
      { rows: Array.from({ length: 1_000 }, (_, n) => ({ name: String(n) })) },
      { pause, isGone: () => false },
    );
    expect(turns).toBe(5);
  });

  it.each([1, 30, 80])('is read no further once nobody waits for it, after turn %i', async (last) => {
    let turns = 0;
    const pause = (): Promise<void> => {
      turns += 1;
      return Promise.resolve();
    };
    const reading = read({ csv: lines(batchRowsMax) }, { pause, isGone: () => turns >= last });
    await expect(reading).rejects.toThrow('The client left');
    expect(turns).toBe(last);
  });

  it('keeps what stands across the borders of what is read at once', async () => {
    const names = Array.from({ length: 400 }, (_, n) => `Ä€𝄞 "${String(n)}", ${'ü'.repeat(n % 40)}.`);
    const csv = ['name', ...names.map((name) => `"${name.replaceAll('"', '""')}"`)].join('\r\n');
    const { good } = await read({ csv });
    expect(good.map(({ name }) => name)).toEqual(names);
  });

  it('of any text is read without an error', async () => {
    const cell = fc.oneof(
      fc.string(),
      fc.constantFrom('name', 'serial', 'mac', '"', ',', ';', '\n', '\r\n', '\0'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(cell, { minLength: 1 }), async (cells) => {
        const csv = cells.join('');
        if (csv === '') return;
        const { good, problems, wrong } = await read({ csv });
        expect(wrong > 0).toBe(wrong > 0 && problems.length > 0);
        expect(good.length).toBeLessThanOrEqual(batchRowsMax);
      }),
    );
  });
});

describe('rows and numbers of devices', () => {
  it('rows are read one by one', async () => {
    const rows = [{ name: 'a', tags: ['x'] }, { serial: 'S1' }, 7, { mac_address: 'dca632010203' }];
    const { good, problems } = await read({ rows, tags: ['all'] });
    expect(good.map(({ line, tags }) => [line, tags])).toEqual([
      [1, ['all', 'x']],
      [4, ['all']],
    ]);
    expect(problems.map(({ line }) => line)).toEqual([2, 3]);
  });

  it.each([
    [undefined, 2, [null, null]],
    ['pump', 2, ['pump-01', 'pump-02']],
    ['pump ', 1, ['pump-01']],
    ['pump_', 1, ['pump_01']],
  ])('%j and %i give the names %j', async (name_prefix, count, names) => {
    expect((await read({ count, name_prefix })).good.map(({ name }) => name)).toEqual(names);
  });

  it('numbers have as many digits as the last one', async () => {
    const { good } = await read({ count: 10_000, name_prefix: 'p' });
    expect([good[0]?.name, good.at(-1)?.name]).toEqual(['p-00001', 'p-10000']);
  });

  it.each([
    {},
    { count: 1, csv: 'name\na' },
    { rows: [{}], name_prefix: 'x' },
    { count: 10_001 },
    { count: 0 },
  ])('%j is no request', (request) => {
    expect(createBatchRequestSchema.safeParse(request).success).toBe(false);
  });
});

import { systemClock } from '@edgeflow/platform';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { anyText } from '../testing/any-text.ts';
import { forEachRow, insertRows, type Row } from './rows.ts';
import { databaseKinds, makeDatabase, type TestDatabase } from './testing/databases.ts';
import { storableText } from './text.ts';

const columns = { place: 'bigint', label: 'text', amount: 'bigint' } as const;

const anyAmount = fc.oneof(
  fc.maxSafeInteger(),
  fc.constantFrom(0, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
);
const anyRow = fc.record({ label: fc.option(anyText), amount: fc.option(anyAmount) });

describe.each(databaseKinds)('many rows in one statement on %s', (kind) => {
  let store: TestDatabase;
  beforeAll(async () => {
    store = await makeDatabase(kind, systemClock);
    await sql`create table things (place bigint primary key, label text, amount bigint, state text default 'new')`.execute(
      store.database.db,
    );
  });
  afterAll(() => store.discard());
  beforeEach(async () => {
    await sql`delete from things`.execute(store.database.db);
  });

  const insert = (rows: readonly Row<typeof columns>[]): Promise<void> =>
    store.database.transaction((tx) => insertRows(tx, 'things', columns, rows));

  async function stored(): Promise<unknown[]> {
    const read = await sql<object>`select * from things order by place`.execute(store.database.db);
    return read.rows.map((row) => ({ ...row }));
  }

  it('come out as they went in, whatever they hold', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRow, { maxLength: 30 }), async (some) => {
        await sql`delete from things`.execute(store.database.db);
        const rows = some.map((row, place) => ({ place, ...row }));
        await insert(rows);
        expect(await stored()).toEqual(
          rows.map(({ amount, label, place }) => ({
            ...{ place, amount, state: 'new' },
            label: label === null ? null : storableText(label),
          })),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('change each row by its own values, and tell how many changed', async () => {
    await insert([1, 2, 3].map((place) => ({ place, label: 'before', amount: 0 })));
    const rows = [
      { place: 1, label: 'one', amount: 10 },
      { place: 3, label: null, amount: 30 },
      { place: 9, label: 'nobody', amount: 90 },
    ];
    const result = await store.database.transaction((tx) =>
      forEachRow(
        tx,
        columns,
        rows,
        (r, from) => sql`update things set label = ${r.label}, amount = ${r.amount}
          ${from} where things.place = ${r.place}`,
      ),
    );
    expect(result.numAffectedRows).toBe(2n);
    expect(await stored()).toMatchObject([
      { place: 1, label: 'one', amount: 10 },
      { place: 2, label: 'before', amount: 0 },
      { place: 3, label: null, amount: 30 },
    ]);
  });

  it('return what each of them returns', async () => {
    await insert([1, 2, 3].map((place) => ({ place, label: null, amount: place })));
    const rows = [3, 7, 1].map((place) => ({ place, label: null, amount: 5 }));
    const result = await store.database.transaction((tx) =>
      forEachRow(
        tx,
        columns,
        rows,
        (r, from) => sql<{ amount: number }>`update things set amount = things.amount + ${r.amount}
          ${from} where things.place = ${r.place} returning things.amount`,
      ),
    );
    expect(result.rows.map(({ amount }) => amount).sort()).toEqual([6, 8]);
  });

  it('leave nothing when one of them is refused', async () => {
    const rows = [1, 2, 2].map((place) => ({ place, label: null, amount: null }));
    await expect(insert(rows)).rejects.toThrow(/unique|UNIQUE/);
    expect(await stored()).toEqual([]);
  });

  it('may be none', async () => {
    await insert([]);
    const result = await store.database.transaction((tx) =>
      forEachRow(tx, columns, [], (r, from) => sql`update things set label = ${r.label} ${from}`),
    );
    expect(result).toMatchObject({ rows: [], numAffectedRows: 0n });
    expect(await stored()).toEqual([]);
  });
});

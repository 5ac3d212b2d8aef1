import { systemClock } from '@edgeflow/platform';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anyText } from '../testing/any-text.ts';
import { jsonRows, jsonTexts } from './json-rows.ts';
import { databaseKinds, makeDatabase, type TestDatabase } from './testing/databases.ts';
import { storableText } from './text.ts';

const columns = { place: 'bigint', label: 'text', amount: 'bigint' } as const;

const anyAmount = fc.oneof(
  fc.maxSafeInteger(),
  fc.constantFrom(0, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
);

describe.each(databaseKinds)('rows as one parameter on %s', (kind) => {
  let store: TestDatabase;
  beforeAll(async () => {
    store = await makeDatabase(kind, systemClock);
  });
  afterAll(() => store.discard());

  it('come out as they went in, whatever they hold', async () => {
    const anyRow = fc.record({ label: fc.option(anyText), amount: fc.option(anyAmount) });
    await fc.assert(
      fc.asyncProperty(fc.array(anyRow, { maxLength: 30 }), async (some) => {
        const rows = some.map((row, place) => ({ place, ...row }));
        const read = await sql`select * from ${jsonRows(kind, 'r', columns, rows)} order by place`.execute(
          store.database.db,
        );
        expect(read.rows.map((row) => ({ ...(row as object) }))).toEqual(
          rows.map((row) => ({ ...row, label: row.label === null ? null : storableText(row.label) })),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('match a list of texts exactly', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(anyText, { minLength: 1, maxLength: 8 }),
        anyText,
        async (list, wanted) => {
          const read = await sql<{ found: number }>`select case when ${wanted} in ${jsonTexts(kind, list)}
          then 1 else 0 end as found`.execute(store.database.db);
          const found = list.map(storableText).includes(storableText(wanted));
          expect(read.rows[0]?.found).toBe(found ? 1 : 0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('may be none', async () => {
    const read = await sql`select * from ${jsonRows(kind, 'r', columns, [])}`.execute(store.database.db);
    expect(read.rows).toEqual([]);
  });

  it('are one prepared statement, however many they are', () => {
    const rows = Array.from({ length: 3 }, (_, place) => ({ place, label: 'x', amount: 1 }));
    const textOf = (count: number): string =>
      sql`select * from ${jsonRows(kind, 'r', columns, rows.slice(0, count))}`.compile(store.database.db).sql;
    expect(textOf(1)).toBe(textOf(3));
  });
});

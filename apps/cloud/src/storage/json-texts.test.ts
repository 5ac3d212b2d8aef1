import { systemClock } from '@edgeflow/platform';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anyText } from '../testing/any-text.ts';
import { jsonTexts } from './json-texts.ts';
import { databaseKinds, makeDatabase, type TestDatabase } from './testing/databases.ts';
import { storableText } from './text.ts';

describe.each(databaseKinds)('texts as one parameter on %s', (kind) => {
  let store: TestDatabase;
  beforeAll(async () => {
    store = await makeDatabase(kind, systemClock);
  });
  afterAll(() => store.discard());

  it('match exactly', async () => {
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

  it('are one prepared statement, however many they are', () => {
    const textOf = (texts: readonly string[]): string =>
      sql`select 1 where 'x' in ${jsonTexts(kind, texts)}`.compile(store.database.db).sql;
    expect(textOf(['a'])).toBe(textOf(['a', 'b', 'c']));
  });
});

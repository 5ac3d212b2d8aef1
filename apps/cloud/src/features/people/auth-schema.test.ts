import { systemClock, systemRandom } from '@edgeflow/platform';
import { getSchema } from 'better-auth/db';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { KeyRing } from '../../keyring/index.ts';
import { databaseKinds, makeDatabase } from '../../storage/testing/databases.ts';
import { buildAuth } from './auth.ts';

/** What each of better-auth's types is in our columns. */
const columnTypes: Readonly<Record<string, readonly string[]>> = {
  string: ['text'],
  date: ['bigint', 'int8'],
  boolean: ['integer', 'int4'],
  number: ['integer', 'int4'],
};

describe.each(databaseKinds)('migration 0005 on %s', (kind) => {
  it('makes every table and column that better-auth expects, of our types', async () => {
    const store = await makeDatabase(kind, systemClock);
    const keyRing = new KeyRing('k1', new Map([['k1', systemRandom.bytes(32)]]));
    const logger = pino({ level: 'silent' });
    const { auth } = buildAuth({ database: store.database, keyRing, random: systemRandom, logger });
    const tables = await store.database.db.introspection.getTables();
    const wrong: string[] = [];
    const expected = Object.entries(getSchema(auth.options));
    for (const [model, { fields }] of expected) {
      const table = tables.find(({ name }) => name === model);
      if (table === undefined) {
        wrong.push(`no table ${model}`);
        continue;
      }
      for (const [field, { required, type }] of Object.entries(fields)) {
        const column = table.columns.find(({ name }) => name === field);
        const types = columnTypes[String(type)] ?? [];
        if (column === undefined) wrong.push(`no column ${model}.${field}`);
        else if (!types.includes(column.dataType.toLowerCase()))
          wrong.push(`${model}.${field} is ${column.dataType}`);
        else if (required === false && !column.isNullable && !column.hasDefaultValue) {
          wrong.push(`${model}.${field} must be there`);
        }
      }
    }
    expect(expected.map(([model]) => model).sort()).toEqual(
      ['accounts', 'sessions', 'two_factors', 'users', 'verifications'].sort(),
    );
    expect(wrong).toEqual([]);
    await store.discard();
  });
});

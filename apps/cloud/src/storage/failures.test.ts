import { DatabaseSync } from 'node:sqlite';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { systemClock } from '@edgeflow/platform';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CommitUnknownError, type Database } from './database.ts';
import { asksForRetry, concernsOneItem, isUnavailable } from './failures.ts';
import { openDatabase } from './open.ts';
import { databaseKinds, makeDatabase, type TestDatabase } from './testing/databases.ts';

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error,
  );
}

function errorOfStatement(database: Database, ...statements: string[]): Promise<unknown> {
  return errorOf(
    database.transaction(async (tx) => {
      for (const statement of statements) await sql.raw(statement).execute(tx.db);
    }),
  );
}

/** What the program makes of an error, in words. */
function meaning(error: unknown): string {
  const words = [];
  if (concernsOneItem(error)) words.push('one item');
  if (asksForRetry(error)) words.push('run again');
  if (isUnavailable(error)) words.push('unavailable');
  return words.join(', ');
}

describe.each(databaseKinds)('an error of %s', (kind) => {
  let store: TestDatabase;
  beforeAll(async () => {
    store = await makeDatabase(kind, systemClock);
  });
  afterAll(() => store.discard());

  it.each([
    ['a duplicate', `insert into server_facts values ('a', '1'), ('a', '2')`],
    ['a missing value', `insert into server_facts values ('a', null)`],
    [
      'a foreign key',
      `insert into operator_tokens (id, organization_id, name, role, token_hash, created_at_ms, expires_at_ms) values ('t', 'org_none', 'n', 'viewer', 'h', 1, null)`,
    ],
    [
      'a check',
      `insert into operator_tokens (id, organization_id, name, role, token_hash, created_at_ms, expires_at_ms) values ('t', 'org_none', 'n', 'emperor', 'h', 1, null)`,
    ],
  ])('about %s concerns one item', async (_, statement) => {
    expect(meaning(await errorOfStatement(store.database, statement))).toBe('one item');
  });

  it('about the program itself is none of these', async () => {
    expect(meaning(await errorOfStatement(store.database, 'select * from nowhere'))).toBe('');
  });
});

describe('an error of SQLite', () => {
  let store: TestDatabase;
  beforeAll(async () => {
    store = await makeDatabase('sqlite', systemClock);
  });
  afterAll(() => store.discard());

  it('about a disk that takes no writes is unavailability', async () => {
    const { database } = store;
    await sql`pragma query_only = on`.execute(database.db);
    expect(meaning(await errorOfStatement(database, `insert into server_facts values ('a', '1')`))).toBe(
      'unavailable',
    );
    await sql`pragma query_only = off`.execute(database.db);
  });

  it('about a full disk is unavailability', async () => {
    const { database } = store;
    await sql`pragma max_page_count = 1`.execute(database.db);
    const insert = `insert into server_facts values ('a', '${'x'.repeat(1_000_000)}')`;
    expect(meaning(await errorOfStatement(database, insert))).toBe('unavailable');
  });

  it('about another process that writes is unavailability', () => {
    const path = store.url.slice('sqlite:'.length);
    const one = new DatabaseSync(path, { timeout: 0 });
    const two = new DatabaseSync(path, { timeout: 0 });
    one.exec('begin immediate');
    let error: unknown;
    try {
      two.exec('begin immediate');
    } catch (caught) {
      error = caught;
    }
    one.close();
    two.close();
    expect(meaning(error)).toBe('unavailable');
  });
});

describe('an error of PostgreSQL', () => {
  let store: TestDatabase;
  beforeAll(async () => {
    store = await makeDatabase('postgres', systemClock);
  });
  afterAll(() => store.discard());

  it('about time that ran out is unavailability', async () => {
    const error = await errorOfStatement(
      store.database,
      'set local statement_timeout = 20',
      'select pg_sleep(5)',
    );
    expect(meaning(error)).toBe('unavailable');
  });

  it('about a lost race is to be run again, and until then unavailability', async () => {
    const raise = `do $$ begin raise exception 'lost' using errcode = '40001'; end $$`;
    expect(meaning(await errorOfStatement(store.database, raise))).toBe('run again, unavailable');
  });

  it('about a server that is not there is unavailability', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const options = { clock: systemClock, onPoolError: () => undefined };
    const error = await errorOf(openDatabase(`postgres://u:p@127.0.0.1:${String(port)}/d`, options));
    expect(meaning(error)).toBe('unavailable');
  });
});

it('what is no error of a database says nothing about one', () => {
  expect(meaning(new Error('EPIPE'))).toBe('');
  expect(meaning('22001')).toBe('');
  expect(meaning(Object.assign(new Error('x'), { code: 22001 }))).toBe('');
});

it('a commit without an answer is unavailability', () => {
  expect(meaning(new CommitUnknownError(new Error('gone')))).toBe('unavailable');
});

import { systemClock } from '@edgeflow/platform';
import { SimulatedTime } from '@edgeflow/platform/simulated';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CommitUnknownError, type Database, type Tx } from './database.ts';
import { isUnavailable } from './failures.ts';
import { openDatabase } from './open.ts';
import { cutConnection } from './testing/connections.ts';
import { databaseKinds, makeDatabase, type TestDatabase } from './testing/databases.ts';

/** A clock that is plainly wrong. */
const wrongTime = new SimulatedTime(Date.parse('2001-01-01T00:00:00Z'));
const toleranceMs = 60_000;

function put(tx: Tx, name: string, value = '0'): Promise<unknown> {
  return tx.db.insertInto('server_facts').values({ name, value }).execute();
}

async function read(database: Database, name: string): Promise<string | undefined> {
  const rows = database.db.selectFrom('server_facts').select('value').where('name', '=', name);
  return (await rows.executeTakeFirst())?.value;
}

describe.each(databaseKinds)('a transaction on %s', (kind) => {
  let store: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    store = await makeDatabase(kind, wrongTime);
    ({ database } = store);
  });
  afterAll(() => store.discard());

  it('is there for every other connection once it has resolved', async () => {
    const other = await openDatabase(store.url, { clock: systemClock, onPoolError: () => undefined });
    try {
      expect(await database.transaction((tx) => put(tx, 'kept').then(() => 'result'))).toBe('result');
      expect(await read(other.database, 'kept')).toBe('0');
    } finally {
      await other.database.close();
    }
  });

  it('leaves nothing when its work fails, and rejects with the error of the work', async () => {
    const failure = new Error('of the work');
    const work = database.transaction(async (tx) => {
      await put(tx, 'dropped');
      throw failure;
    });
    await expect(work).rejects.toBe(failure);
    expect(await read(database, 'dropped')).toBeUndefined();
  });

  it('leaves nothing when the database refuses one of its statements', async () => {
    const work = database.transaction(async (tx) => {
      await put(tx, 'twice');
      await put(tx, 'twice');
    });
    await expect(work).rejects.not.toBeInstanceOf(CommitUnknownError);
    expect(await read(database, 'twice')).toBeUndefined();
  });

  it('whose commit fails is of unknown outcome, and the next one is not harmed', async () => {
    await sql`create table late (name text references server_facts (name) deferrable initially deferred)`.execute(
      database.db,
    );
    const work = database.transaction((tx) => sql`insert into late values ('nobody')`.execute(tx.db));
    await expect(work).rejects.toBeInstanceOf(CommitUnknownError);
    await database.transaction((tx) => put(tx, 'after a failed commit'));
    expect(await read(database, 'after a failed commit')).toBe('0');
  });

  it('loses no update when many change one row at once', async () => {
    await database.transaction((tx) => put(tx, 'counter'));
    const increment = async (tx: Tx): Promise<void> => {
      const held = await sql<{ value: string }>`select value from server_facts
        where name = 'counter' ${tx.forUpdate}`.execute(tx.db);
      const value = String(Number(held.rows[0]?.value) + 1);
      await tx.db.updateTable('server_facts').set({ value }).where('name', '=', 'counter').execute();
    };
    await Promise.all(Array.from({ length: 40 }, () => database.transaction(increment)));
    expect(await read(database, 'counter')).toBe('40');
  });

  it('holds and finds text that the database could not hold as it is', async () => {
    await database.transaction((tx) => put(tx, 'nul\0 and half\ud800', 'a pair'));
    expect(await read(database, 'nul\0 and half\ud800')).toBe('a pair');
    expect(await read(database, 'nul')).toBeUndefined();
  });

  it(`is judged by ${kind === 'sqlite' ? 'the clock of this server' : 'the clock of PostgreSQL'}`, async () => {
    const expected = kind === 'sqlite' ? wrongTime.now() : Date.now();
    for (const nowMs of [await database.nowMs(), await database.transaction(async (tx) => tx.nowMs)]) {
      expect(Number.isInteger(nowMs)).toBe(true);
      expect(Math.abs(nowMs - expected)).toBeLessThan(kind === 'sqlite' ? 1 : toleranceMs);
    }
  });
});

describe('durability', () => {
  it('of SQLite is WAL with a full fsync, and foreign keys hold', async () => {
    const store = await makeDatabase('sqlite', systemClock);
    const pragma = async (name: string): Promise<unknown> => {
      const answer = await sql<Record<string, unknown>>`${sql.raw(`pragma ${name}`)}`.execute(
        store.database.db,
      );
      return Object.values(answer.rows[0] ?? {})[0];
    };
    expect(await pragma('journal_mode')).toBe('wal');
    expect(await pragma('synchronous')).toBe(2);
    expect(await pragma('foreign_keys')).toBe(1);
    await store.discard();
  });

  it('of PostgreSQL is forced on, whatever the server’s default', async () => {
    const store = await makeDatabase('postgres', systemClock);
    const answer = await sql<{ value: string }>`select current_setting('synchronous_commit') as value,
      source from pg_settings where name = 'synchronous_commit'`.execute(store.database.db);
    expect(answer.rows[0]).toMatchObject({ value: 'on', source: 'client' });
    await store.discard();
  });
});

describe('a PostgreSQL connection that the server cuts', () => {
  let store: TestDatabase;
  beforeAll(async () => {
    store = await makeDatabase('postgres', systemClock);
  });
  afterAll(() => store.discard());

  it('between two statements fails the transaction as unavailable, and not the process', async () => {
    const work = store.database.transaction(async (tx) => {
      await cutConnection(tx);
      await put(tx, 'on a dead connection');
    });
    const error = await work.catch((caught: unknown) => caught);
    expect(isUnavailable(error)).toBe(true);
    await store.database.transaction((tx) => put(tx, 'on a new connection'));
    expect(await read(store.database, 'on a dead connection')).toBeUndefined();
  });

  it('before the commit makes its outcome unknown', async () => {
    const work = store.database.transaction(async (tx) => {
      await put(tx, 'uncommitted');
      await cutConnection(tx);
    });
    await expect(work).rejects.toBeInstanceOf(CommitUnknownError);
    expect(await read(store.database, 'uncommitted')).toBeUndefined();
  });
});

import { systemClock, systemTimers } from '@edgeflow/platform';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CommitUnknownError, type Database, type Tx } from './database.ts';
import { asksForRetry, concernsOneItem, isUnavailable, OverloadedError } from './failures.ts';
import { GroupCommit, type GroupCommitOptions } from './group-commit.ts';
import { openDatabase } from './open.ts';
import { cutConnection } from './testing/connections.ts';
import { databaseKinds, makeDatabase, type TestDatabase } from './testing/databases.ts';

/** One row to be written: items of the same name collide. */
interface Item {
  readonly name: string;
  readonly value?: string;
}

type Options = GroupCommitOptions<Item, string>;

async function insert(tx: Tx, items: readonly Item[]): Promise<void> {
  const values = items.map(({ name, value }) => ({ name, value: value ?? 'v' }));
  await tx.db.insertInto('server_facts').values(values).execute();
}

async function names(database: Database, prefix: string): Promise<string[]> {
  const rows = database.db.selectFrom('server_facts').select('name').where('name', 'like', `${prefix}%`);
  return (await rows.orderBy('name').execute()).map((row) => row.name);
}

function outcomes(submissions: readonly Promise<string>[]): Promise<unknown[]> {
  return Promise.all(submissions.map((one) => one.catch((error: unknown) => error)));
}

const letters = (prefix: string, count: number): Item[] =>
  Array.from({ length: count }, (_, index) => ({ name: `${prefix}${String(index).padStart(3, '0')}` }));

/** One item in each turn of the event loop. */
async function submitTurnByTurn(
  commits: GroupCommit<Item, string>,
  items: readonly Item[],
): Promise<Promise<string>[]> {
  const answers: Promise<string>[] = [];
  for (const item of items) {
    answers.push(commits.submit(item));
    await new Promise<void>((resolve) => {
      systemTimers.soon(resolve);
    });
  }
  return answers;
}

describe.each(databaseKinds)('group commit on %s', (kind) => {
  let store: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    store = await makeDatabase(kind, systemClock);
    ({ database } = store);
    await sql`create table late (name text references server_facts (name) deferrable initially deferred)`.execute(
      database.db,
    );
  });
  afterAll(() => store.discard());

  /** The batches that were run, by the names in them. */
  function make(options: Partial<Options> = {}): { commits: GroupCommit<Item, string>; batches: string[][] } {
    const batches: string[][] = [];
    const work = options.run;
    const commits = new GroupCommit<Item, string>({
      ...{ database, timers: systemTimers, itemsPerBatchMax: 1000, waitingMax: 10_000 },
      ...options,
      run: async (tx, items) => {
        batches.push(items.map((item) => item.name));
        if (work !== undefined) return work(tx, items);
        await insert(tx, items);
        return items.map((item) => `wrote ${item.name}`);
      },
    });
    return { commits, batches };
  }

  it('writes what waits at one moment in one transaction, and answers each for itself', async () => {
    const { batches, commits } = make();
    const items = letters('one-', 300);
    const answers = await Promise.all(items.map((item) => commits.submit(item)));
    expect(answers).toEqual(items.map((item) => `wrote ${item.name}`));
    expect(batches).toEqual([items.map((item) => item.name)]);
    if (kind === 'postgres') {
      const written = await sql<{ transactions: number }>`select count(distinct xmin::text) as transactions
        from server_facts where name like 'one-%'`.execute(database.db);
      expect(written.rows[0]?.transactions).toBe(1);
    }
  });

  it('waits for those who arrive turn after turn, and writes them together', async () => {
    const { batches, commits } = make();
    const answers = await submitTurnByTurn(commits, letters('turn-', 20));
    expect(await Promise.all(answers)).toHaveLength(20);
    expect(batches.map((batch) => batch.length)).toEqual([20]);
  });

  it('does not wait for ever while more keeps coming', async () => {
    const { batches, commits } = make();
    const answers = await submitTurnByTurn(commits, letters('ever-', 600));
    expect(await Promise.all(answers)).toHaveLength(600);
    expect(batches.length).toBeGreaterThan(1);
  });

  it('answers only for what other connections can already see', async () => {
    const other = await openDatabase(store.url, { clock: systemClock, onPoolError: () => undefined });
    const { commits } = make();
    try {
      const seen = letters('seen-', 20).map(async (item) => {
        await commits.submit(item);
        return (await names(other.database, item.name)).length;
      });
      expect(await Promise.all(seen)).toEqual(seen.map(() => 1));
    } finally {
      await other.database.close();
    }
  });

  it('gathers what arrives while a batch is written into the next one', async () => {
    const { batches, commits } = make({
      run: async (tx, items) => {
        if (items[0]?.name === 'gather-first')
          later.push(...letters('gather-', 5).map((item) => commits.submit(item)));
        await insert(tx, items);
        return items.map(({ name }) => name);
      },
    });
    const later: Promise<string>[] = [];
    await commits.submit({ name: 'gather-first' });
    await Promise.all(later);
    expect(batches.map((batch) => batch.length)).toEqual([1, 5]);
  });

  it('lets an item that the database refuses fail alone', async () => {
    const { commits } = make();
    await commits.submit({ name: 'alone-taken' });
    const items = [{ name: 'alone-a' }, { name: 'alone-taken' }, { name: 'alone-b' }];
    const [first, refused, last] = await outcomes(items.map((item) => commits.submit(item)));
    expect([first, last]).toEqual(['wrote alone-a', 'wrote alone-b']);
    expect(concernsOneItem(refused)).toBe(true);
    expect(await names(database, 'alone-')).toEqual(['alone-a', 'alone-b', 'alone-taken']);
  });

  it('tells everybody when the outcome of the commit is unknown, and runs nothing again', async () => {
    const { batches, commits } = make({
      run: async (tx, items) => {
        await insert(tx, items);
        await sql`insert into late values ('nobody')`.execute(tx.db);
        return items.map(({ name }) => name);
      },
    });
    const told = await outcomes(letters('unknown-', 3).map((item) => commits.submit(item)));
    expect(told.every((error) => error instanceof CommitUnknownError)).toBe(true);
    expect(batches).toHaveLength(1);
    expect(await names(database, 'unknown-')).toEqual([]);
  });

  it('tells everybody when the work fails for a reason of its own, and goes on with the next batch', async () => {
    let broken = true;
    const { batches, commits } = make({
      run: async (tx, items) => {
        if (broken) throw new Error('a bug');
        await insert(tx, items);
        return items.map(({ name }) => name);
      },
    });
    const told = await outcomes(letters('bug-', 3).map((item) => commits.submit(item)));
    expect(told.map(String)).toEqual(['Error: a bug', 'Error: a bug', 'Error: a bug']);
    expect(batches).toHaveLength(1);
    broken = false;
    expect(await commits.submit({ name: 'bug-fixed' })).toBe('bug-fixed');
  });

  it('keeps the order of items with one key, and never puts two of them into one batch', async () => {
    const { batches, commits } = make({
      keyOf: (item) => item.name.charAt(0),
      run: async (_, items) => items.map(({ name }) => name),
    });
    const items = ['a1', 'a2', 'b1', 'a3', 'c1', 'b2'].map((name) => ({ name }));
    await Promise.all(items.map((item) => commits.submit(item)));
    expect(batches).toEqual([['a1', 'b1', 'c1'], ['a2', 'b2'], ['a3']]);
  });

  it('takes at most so many items into one batch, the earliest first', async () => {
    const { batches, commits } = make({ itemsPerBatchMax: 4 });
    await Promise.all(letters('bounded-', 10).map((item) => commits.submit(item)));
    expect(batches.map((batch) => batch.length)).toEqual([4, 4, 2]);
    expect(batches.flat()).toEqual(letters('bounded-', 10).map((item) => item.name));
  });

  it('refuses what would wait beyond the limit, and nothing else', async () => {
    const { commits } = make({ waitingMax: 3 });
    const told = await outcomes(letters('waiting-', 5).map((item) => commits.submit(item)));
    expect(told.slice(0, 3)).toEqual(['wrote waiting-000', 'wrote waiting-001', 'wrote waiting-002']);
    expect(told.slice(3).every((error) => error instanceof OverloadedError)).toBe(true);
    expect(await commits.submit({ name: 'waiting-again' })).toBe('wrote waiting-again');
  });

  it('fails the items that the work forgot to answer', async () => {
    const { commits } = make({ run: async (_, items) => items.slice(0, 1).map(({ name }) => name) });
    const [first, second] = await outcomes(letters('forgotten-', 2).map((item) => commits.submit(item)));
    expect(first).toBe('forgotten-000');
    expect(second).toBeInstanceOf(Error);
  });
});

describe('group commit on a PostgreSQL that several nodes write to', () => {
  let store: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    store = await makeDatabase('postgres', systemClock);
    ({ database } = store);
    await database.transaction((tx) => insert(tx, [{ name: 'x' }, { name: 'y' }]));
  });
  afterAll(() => store.discard());

  function make(run: Options['run']): GroupCommit<Item, string> {
    return new GroupCommit({ database, timers: systemTimers, itemsPerBatchMax: 10, waitingMax: 10, run });
  }

  it('runs the victim of a deadlock again, so that both batches succeed', async () => {
    let arrived = 0;
    const bothHoldOne = Promise.withResolvers<undefined>();
    let runs = 0;
    const node = (order: readonly string[]): GroupCommit<Item, string> =>
      make(async (tx, items) => {
        runs += 1;
        const [first = '', second = ''] = order;
        const take = (name: string): Promise<unknown> =>
          tx.db.updateTable('server_facts').set({ value: order.join() }).where('name', '=', name).execute();
        await take(first);
        arrived += 1;
        if (arrived === 2) bothHoldOne.resolve(undefined);
        await bothHoldOne.promise;
        await take(second);
        return items.map(({ name }) => name);
      });
    const both = [node(['x', 'y']).submit({ name: '1' }), node(['y', 'x']).submit({ name: '2' })];
    expect(await Promise.all(both)).toEqual(['1', '2']);
    expect(runs).toBeGreaterThan(2);
  });

  it('gives up on a batch that loses every race', async () => {
    let runs = 0;
    const commits = make(async (tx) => {
      runs += 1;
      await sql`do $$ begin raise exception 'lost' using errcode = '40001'; end $$`.execute(tx.db);
      return [];
    });
    const [error] = await outcomes([commits.submit({ name: 'loser' })]);
    expect(asksForRetry(error)).toBe(true);
    expect(runs).toBe(4);
  });

  it('tells everybody when the connection is cut, runs nothing again, and works on with another connection', async () => {
    let runs = 0;
    const commits = make(async (tx, items) => {
      runs += 1;
      if (runs === 1) await cutConnection(tx);
      await insert(tx, items);
      return items.map(({ name }) => name);
    });
    const told = await outcomes(letters('cut-', 3).map((item) => commits.submit(item)));
    expect(told.every(isUnavailable)).toBe(true);
    expect(runs).toBe(1);
    expect(await names(database, 'cut-')).toEqual([]);
    expect(await commits.submit({ name: 'cut-again' })).toBe('cut-again');
  });
});

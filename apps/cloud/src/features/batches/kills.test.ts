import { parse } from 'csv-parse/sync';
import { sql } from 'kysely';
import { afterEach, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { type LastCommit, MortalDatabase } from '../../storage/testing/mortal-database.ts';
import { eventuallyTrue } from '../../testing/eventually.ts';
import { type RunningCloud, startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';

const rows = 1_100;
/** Commits of one batch: rows in pieces of 250. */
const pieces = 5;

describe.each(databaseKinds)('a cloud on %s that dies while it works on a batch', (kind) => {
  let cloud: TestCloud;
  let mortal: MortalDatabase;
  let node: RunningCloud;
  afterEach(() => cloud.discard());

  async function start(): Promise<void> {
    cloud = await startTestCloud(kind, {}, (database, time) => (mortal = new MortalDatabase(database, time)));
    node = cloud;
  }

  /** The next process after the one that is dead or is to die. */
  async function restart(): Promise<void> {
    await eventuallyTrue('the process is dead', () => mortal.isDead);
    await node.stop().catch(() => undefined);
    mortal.revive();
    node = await cloud.restart();
  }

  async function ready(id: string): Promise<void> {
    await eventuallyTrue('the batch is ready', async () => {
      return (await node.owner.call('readBatch', 200, { id })).status === 'ready';
    });
  }

  async function codesOf(id: string): Promise<string[]> {
    const text = await (await node.owner.raw('exportBatchCsv', { id })).text();
    const table: Record<string, string>[] = parse(text, { bom: true, columns: true });
    return table.map(({ code }) => code ?? '');
  }

  async function states(id: string): Promise<Record<string, number>> {
    const counted = await sql<{
      state: string;
      n: number;
    }>`select state, count(*) as n from provisioning_codes
      where batch_id = ${id} group by state`.execute(cloud.database.db);
    return Object.fromEntries(counted.rows.map(({ n, state }) => [state, n]));
  }

  it.each<LastCommit>(['lost', 'applied'])(
    'makes exactly its codes, whichever commit is its last, which is %s',
    async (last) => {
      await start();
      for (let commit = 0; commit < pieces; commit += 1) {
        mortal.lastCommit = last;
        // The first is that of the request.
        mortal.left = 1 + commit;
        const { id } = await node.owner.call('createBatch', 201, { body: { count: rows } });
        await restart();
        await ready(id);
        expect(await states(id)).toEqual({ active: rows });
        expect(new Set(await codesOf(id)).size).toBe(rows);
      }
    },
  );

  it.each<LastCommit>(['lost', 'applied'])(
    'replaces exactly what is unused, whichever commit is its last, which is %s',
    async (last) => {
      await start();
      const { id } = await node.owner.call('createBatch', 201, { body: { count: rows } });
      await ready(id);
      const [used] = await codesOf(id);
      await node.client().call('provisionDevice', 201, { body: { provisioning_code: used } });
      for (let commit = 0; commit < pieces; commit += 1) {
        const before = await codesOf(id);
        mortal.lastCommit = last;
        mortal.left = 1 + commit;
        await node.owner.call('replaceUnused', 202, { id, body: { edition: commit + 1 } });
        await restart();
        await ready(id);
        expect(await states(id)).toEqual({ active: rows - 1, used: 1, revoked: (rows - 1) * (commit + 1) });
        const after = await codesOf(id);
        expect(after[0]).toBe(used);
        expect(new Set([...before, ...after]).size).toBe(2 * rows - 1);
      }
    },
  );
});

it('two nodes that work on one batch make each code once', async () => {
  const cloud = await startTestCloud('postgres');
  const other = await cloud.restart();
  const made = await Promise.all(
    [cloud, other, cloud, other].map((one) => one.owner.call('createBatch', 201, { body: { count: rows } })),
  );
  for (const { id } of made) {
    await eventuallyTrue('the batch is ready', async () => {
      await cloud.time.advance(2_000);
      return (await other.owner.call('readBatch', 200, { id })).status === 'ready';
    });
    expect((await cloud.owner.call('listCodes', 200, { query: { batch: id, status: 'active' } })).total).toBe(
      rows,
    );
  }
  await cloud.discard();
});

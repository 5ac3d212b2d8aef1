import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { recordStatements, type Statement } from '../../storage/testing/plans.ts';
import { eventuallyTrue } from '../../testing/eventually.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';

const viewers = 20;

describe.each(databaseKinds)('those who look at a batch on %s', (kind) => {
  let cloud: TestCloud;
  let statements: Statement[];
  beforeAll(async () => {
    cloud = await startTestCloud(kind, {}, (database, time) => {
      const recorded = recordStatements(database, time);
      statements = recorded.statements;
      return recorded.database;
    });
  });
  afterAll(() => cloud.discard());

  /** How often codes of a batch were counted or read by row. */
  const searches = (): number =>
    statements.filter(({ text }) =>
      /\bbatch_rows r left join|count\(\*\).* from provisioning_codes|left join devices/s.test(text),
    ).length;

  async function make(count: number): Promise<string> {
    const { id } = await cloud.owner.call('createBatch', 201, { body: { count } });
    await eventuallyTrue('the batch is made', async () => {
      return (await cloud.owner.call('readBatch', 200, { id })).status === 'ready';
    });
    return id;
  }

  async function lookMany(id: string): Promise<unknown[]> {
    const all = await Promise.all(
      Array.from({ length: viewers }, async () => [
        await cloud.owner.call('readBatch', 200, { id }),
        await cloud.owner.call('listBatchRows', 200, { id, query: { show: 'used' } }),
        (await cloud.owner.call('listBatches', 200)).batches.map(({ counts }) => counts),
      ]),
    );
    const [first] = all;
    for (const one of all) expect(one).toEqual(first);
    return first ?? [];
  }

  it('are one who looks, and see what happens within a second', async () => {
    const id = await make(2);
    await cloud.time.advance(1_000);
    const before = searches();
    expect(await lookMany(id)).toMatchObject([{ counts: { used: 0 } }, { total: 0 }, [{ used: 0 }]]);
    // Counts of the batch and of the list, devices, and the rows and number of a report.
    expect(searches() - before).toBeLessThanOrEqual(5);
    const { rows } = await cloud.owner.call('listBatchRows', 200, { id });
    const text = await (await cloud.owner.raw('exportBatchCsv', { id })).text();
    const code = /[A-Z0-9]{4}(-[A-Z0-9]{4})+/.exec(text)?.[0];
    await cloud.client().call('provisionDevice', 201, { body: { provisioning_code: code } });
    await cloud.time.advance(1_000);
    expect(await lookMany(id)).toMatchObject([{ counts: { used: 1 } }, { total: 1 }, [{ used: 1 }]]);
    expect(rows).toHaveLength(2);
  });

  it('see at once what somebody has done to it', async () => {
    const id = await make(3);
    expect(await lookMany(id)).toMatchObject([{ counts: { active: 3 } }, {}, {}]);
    await cloud.owner.call('revokeBatch', 200, { id });
    expect(await lookMany(id)).toMatchObject([{ counts: { active: 0, revoked: 3 } }, {}, {}]);
    const again = await make(3);
    await cloud.owner.call('replaceUnused', 202, { id: again, body: { edition: 1 } });
    await eventuallyTrue('its rows are replaced', async () => {
      return (await cloud.owner.call('readBatch', 200, { id: again })).status === 'ready';
    });
    expect(await lookMany(again)).toMatchObject([{ edition: 2, counts: { active: 3 } }, {}, {}]);
    const shown = { id: again, query: { show: 'active' } };
    expect((await cloud.owner.call('listBatchRows', 200, shown)).total).toBe(3);
  });
});

import { parse } from 'csv-parse/sync';
import { totalCountedMax } from '@edgeflow/contract';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { eventuallyTrue } from '../../testing/eventually.ts';
import { openAndLeave } from '../../testing/slow-download.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';

const rowsMade = 120_000;

describe.each(databaseKinds)('the audit log as a file, on %s', (kind) => {
  let cloud: TestCloud;
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
  });
  afterAll(() => cloud.discard());

  async function csv(query: Record<string, string> = {}): Promise<Record<string, string>[]> {
    const response = await cloud.owner.raw('exportAudit', { query });
    expect(response.headers.get('content-type')).toBe('text/csv');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="audit-log.csv"');
    return parse(await response.text(), { bom: true, columns: true });
  }

  it('says what the list says, under the same filters', async () => {
    const { device_id: id } = await cloud.owner.call('createDevice', 201, { body: { name: 'pump, "7"' } });
    await cloud.owner.call('createCodes', 201, { body: { name: 'hall 3' } });
    await cloud.owner.refusal('revokeDevice', { id: 'dev_0000000000000000' });
    const count = async (): Promise<number> => (await cloud.owner.call('listAudit', 200)).total;
    await eventuallyTrue('the refusal is written', async () => (await count()) === 3);
    for (const query of [
      {},
      { object: id },
      { actor: 'bootstrap' },
      { outcome: 'failure' },
      { action: 'code.create' },
    ]) {
      const { entries } = await cloud.owner.call('listAudit', 200, { query });
      const rows = await csv(query);
      expect(
        rows.map((row) => [row['id'], row['at'], row['actor_id'], row['actor_name'], row['action']]),
      ).toEqual(entries.map(({ action, actor, at, id: entry }) => [entry, at, actor.id, actor.name, action]));
      expect(rows.map((row) => JSON.parse(row['detail'] ?? ''))).toEqual(entries.map(({ detail }) => detail));
      expect(rows.map((row) => row['object_name'])).toEqual(entries.map(({ object }) => object?.name ?? ''));
    }
    expect((await csv({ object: id }))[0]).toMatchObject({
      object_name: 'pump, "7"',
      outcome: 'success',
      reason: '',
    });
  });

  it('holds no formula, whatever devices and people are called', async () => {
    for (const name of ['=1+1', '+1', '-1', '@x', "=cmd|' /C calc'!A0"]) {
      const { device_id: id } = await cloud.owner.call('createDevice', 201, { body: { name } });
      const [row] = await csv({ object: id });
      expect(row?.['object_name']).toBe(`'${name}`);
    }
  });

  it('of more rows than are counted comes whole, in their order, and the list says that there are more', async () => {
    const numbers =
      kind === 'sqlite'
        ? sql`n(i) as (select 1 union all select i + 1 from n where i < ${rowsMade})`
        : sql`n(i) as (select generate_series(cast(1 as bigint), ${rowsMade}))`;
    const organization = await cloud.cloud.identity.createOrganization('Large', null);
    await sql`with recursive ${numbers} insert into audit_log
      (organization_id, at_ms, actor_kind, actor_id, action, outcome, detail)
      select ${organization}, i / 3, 'system', 'system', 'x.y', 'success', '{}' from n`.execute(
      cloud.database.db,
    );
    const theirs = cloud.client(await cloud.token('owner', organization));
    const page = await theirs.call('listAudit', 200, { query: { limit: 1 } });
    expect(page).toMatchObject({ total: totalCountedMax, total_is_exact: false });
    const text = await (await theirs.raw('exportAudit')).text();
    const ids = [...text.matchAll(/^"aud_(\d+)",/gm)].map(([, sequence]) => Number(sequence));
    expect(ids).toHaveLength(rowsMade);
    expect(ids).toEqual([...ids].sort((one, other) => other - one));
    // Who may not see it any more gets no further, and does not take the rest for a whole file.
    expect((await (await openAndLeave(cloud, theirs, 'exportAudit')).rest()).isWhole).toBe(false);
  });

  it('is read no further once nobody reads it', async () => {
    const ours = await cloud.owner.raw('exportAudit');
    const reader = ours.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    // The connection was taken back, and the cloud has nothing left to do: it answers others at once.
    expect((await cloud.owner.call('listAudit', 200, { query: { limit: 1 } })).entries).toHaveLength(1);
  });
});

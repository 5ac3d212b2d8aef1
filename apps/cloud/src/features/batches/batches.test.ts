import { totalCountedMax } from '@edgeflow/contract';
import { parse } from 'csv-parse/sync';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { eventuallyTrue } from '../../testing/eventually.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';
import { TestDevice } from '../../testing/test-device.ts';

const key = (word: string): Record<string, string> => ({ 'idempotency-key': word.padEnd(32, '-') });

describe.each(databaseKinds)('batches on %s', (kind) => {
  let cloud: TestCloud;
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
  });
  afterAll(() => cloud.discard());

  async function ready(id: string): Promise<void> {
    await eventuallyTrue('the batch is made', async () => {
      return (await cloud.owner.call('readBatch', 200, { id })).status === 'ready';
    });
  }

  async function make(body: object): Promise<string> {
    const { id } = await cloud.owner.call('createBatch', 201, { body });
    await ready(id);
    return id;
  }

  async function textsOf(id: string): Promise<Record<string, string>[]> {
    const text = await (await cloud.owner.raw('exportBatchCsv', { id })).text();
    return parse(text, { bom: true, columns: true });
  }

  const redeem = (code: string | undefined) =>
    cloud.client().call('provisionDevice', 201, { body: { provisioning_code: code } });

  it('are answered at once and made afterwards, with a name for each device', async () => {
    const made = await cloud.owner.call('createBatch', 201, {
      body: { name: 'Hall 3', count: 600, name_prefix: 'pump', tags: ['wet'], group: 'pumps' },
    });
    expect(made).toMatchObject({ name: 'Hall 3', edition: 1, rows_skipped: 0, progress: { total: 600 } });
    const days = (Date.parse(made.expires_at) - Date.parse(made.created_at)) / 86_400_000;
    expect(Math.round(days)).toBe(30);
    await ready(made.id);
    const batch = await cloud.owner.call('readBatch', 200, { id: made.id });
    expect(batch).toMatchObject({
      ...{ created_by_name: 'bootstrap token', texts: { status: 'available' } },
      counts: { rows: 600, active: 600, used: 0, expired: 0, revoked: 0 },
      devices: { online: 0, ever_online: 0 },
    });
    const rows = await textsOf(made.id);
    expect(rows).toHaveLength(600);
    expect(new Set(rows.map(({ code }) => code)).size).toBe(600);
    expect(rows[6]).toMatchObject({ row: '7', name: 'pump-007', status: 'active', tags: 'wet' });
    expect(rows[6]?.['link']).toContain(`https://cloud.test/add#v=1&code=${rows[6]?.['code'] ?? ''}`);
    const { device_id: id } = await redeem(rows[6]?.['code']);
    expect(await cloud.owner.call('readDevice', 200, { id })).toMatchObject({
      name: 'pump-007',
      group: 'pumps',
      tags: ['wet'],
    });
  });

  it('of a table bind each code to its device, and the report says row by row what became of it', async () => {
    const csv = 'name,serial,mac,tags\na,S1,,x\nb,,dc:a6:32:01:02:03,\nc,S3,,\n';
    const id = await make({ csv, bind: { board_model: 'Pi' } });
    const [a, b] = await textsOf(id);
    const device = { hardware_info: { serial_number: 'S1', board_model: 'Pi' } };
    const wrong = { body: { provisioning_code: b?.['code'], ...device } };
    expect(await cloud.client().refusal('provisionDevice', wrong)).toBe('403 binding_mismatch');
    const identity = await cloud.client().call('provisionDevice', 201, {
      body: { provisioning_code: a?.['code'], ...device },
    });
    const tunnel = await TestDevice.connect(cloud.origin, identity);
    await cloud.time.advance(1_000);
    const report = await cloud.owner.call('listBatchRows', 200, { id });
    expect(report.total).toBe(3);
    expect(report.rows).toMatchObject([
      {
        ...{ row: 1, name: 'a', serial_number: 'S1', tags: ['x'] },
        code: { status: 'used', used_from: '127.0.0.1', failed_attempts: 0 },
        device: { id: identity.device_id, name: 'a', status: 'online' },
      },
      {
        ...{ row: 2, mac_address: 'dc:a6:32:01:02:03', device: null },
        code: { status: 'active', failed_attempts: 1, last_failed_reason: 'binding_mismatch' },
      },
      { row: 3, code: { status: 'active' }, device: null },
    ]);
    const shown = async (show: string): Promise<number[]> => {
      const { rows, total } = await cloud.owner.call('listBatchRows', 200, { id, query: { show } });
      expect(total).toBe(rows.length);
      return rows.map(({ row }) => row);
    };
    expect(
      await Promise.all(
        ['online', 'not_online', 'failed', 'used', 'active', 'expired', 'revoked'].map(shown),
      ),
    ).toEqual([[1], [2, 3], [2], [1], [2, 3], [], []]);
    const paged = await cloud.owner.call('listBatchRows', 200, { id, query: { limit: 1, offset: 2 } });
    expect(paged).toMatchObject({ total: 3, limit: 1, offset: 2, rows: [{ row: 3 }] });
    expect(await cloud.owner.call('readBatch', 200, { id })).toMatchObject({
      ...{ devices: { online: 1, ever_online: 1 }, failed_attempts: 1 },
      counts: { rows: 3, active: 2, used: 1 },
    });
    await tunnel.leave();
  });

  it('with wrong rows make nothing and name the lines, or make the good ones when that is asked for', async () => {
    const csv = 'name,mac\na,dca632010203\nb,dca632010203\nc,nonsense\nd,\n';
    const before = (await cloud.owner.call('listBatches', 200)).total;
    const { problem } = await cloud.owner.refused('createBatch', { body: { csv } });
    expect(problem).toMatchObject({
      code: 'batch_rows_wrong',
      errors: [
        { field: 'line 3: mac_address', message: 'stands in line 2 too' },
        { field: 'line 4: mac_address' },
      ],
    });
    expect(await cloud.owner.call('checkBatch', 200, { body: { csv } })).toMatchObject({
      ...{ rows_good: 2, rows_wrong: 2, problems_total: 2 },
      preview: [
        { line: 2, name: 'a' },
        { line: 5, name: 'd' },
      ],
    });
    expect((await cloud.owner.call('listBatches', 200)).total).toBe(before);
    const made = await cloud.owner.call('createBatch', 201, { body: { csv, only_good_rows: true } });
    expect(made).toMatchObject({ rows_skipped: 2, progress: { total: 2 } });
    const nothing = { body: { csv: 'name,mac\na,x\n', only_good_rows: true } };
    expect(await cloud.owner.refusal('createBatch', nothing)).toBe('422 batch_rows_wrong');
  });

  it('asked for twice with one key are one batch, also at one moment', async () => {
    const input = { body: { count: 3 }, headers: key('one') };
    const all = await Promise.all(
      Array.from({ length: 5 }, () => cloud.owner.call('createBatch', 201, input)),
    );
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    const id = all[0]?.id ?? '';
    await ready(id);
    expect((await cloud.owner.call('createBatch', 201, input)).id).toBe(id);
    expect((await cloud.owner.call('listCodes', 200, { query: { batch: id } })).total).toBe(3);
    const other = { body: { count: 4 }, headers: key('one') };
    expect(await cloud.owner.refusal('createBatch', other)).toBe('409 idempotency_key_reused');
    const short = { body: { count: 4 }, headers: { 'idempotency-key': 'short' } };
    expect(await cloud.owner.refusal('createBatch', short)).toBe('400 request_malformed');
  });

  it('keep the texts of their codes sealed, until somebody says that they are saved', async () => {
    const id = await make({ count: 2 });
    const codes = (await textsOf(id)).map(({ code }) => code ?? '');
    const { rows } = await sql<{
      sealed_text: string;
    }>`select sealed_text from batch_rows where batch_id = ${id}`.execute(cloud.database.db);
    for (const { sealed_text: sealed } of rows) {
      const bytes = Buffer.from(sealed, 'base64url').toString('latin1');
      for (const code of codes) expect(`${sealed}${bytes}`).not.toContain(code.slice(5));
    }
    expect(await cloud.owner.call('confirmBatchSaved', 200, { id })).toMatchObject({
      texts: { status: 'wiped', wiped_reason: 'saved', until: null },
    });
    for (const name of ['exportBatchCsv', 'exportBatchLabels', 'exportBatchEnvFiles'] as const) {
      expect(await cloud.owner.refusal(name, { id })).toBe('410 batch_texts_wiped');
    }
    const kept =
      await sql`select 1 from batch_rows where batch_id = ${id} and sealed_text is not null`.execute(
        cloud.database.db,
      );
    expect(kept.rows).toEqual([]);
    await redeem(codes[0]);
    await cloud.owner.call('confirmBatchSaved', 200, { id });
  });

  it('forget the texts an hour after they were made', async () => {
    const id = await make({ count: 2 });
    await textsOf(id);
    await cloud.database.db.updateTable('batches').set({ texts_until_ms: 1 }).where('id', '=', id).execute();
    expect(await cloud.owner.refusal('exportBatchCsv', { id })).toBe('410 batch_texts_wiped');
    await cloud.time.advance(2_000);
    await eventuallyTrue('the texts are wiped', async () => {
      const { texts } = await cloud.owner.call('readBatch', 200, { id });
      return texts.wiped_reason === 'expired';
    });
    const kept =
      await sql`select 1 from batch_rows where batch_id = ${id} and sealed_text is not null`.execute(
        cloud.database.db,
      );
    expect(kept.rows).toEqual([]);
  });

  it('issue their unused rows anew: old codes are dead, used ones stay, and a repeat replaces nothing', async () => {
    const id = await make({ count: 400, name_prefix: 'p' });
    const old = await textsOf(id);
    const identity = await redeem(old[0]?.['code']);
    await cloud.owner.call('confirmBatchSaved', 200, { id });
    const again = (edition: number) => cloud.owner.call('replaceUnused', 202, { id, body: { edition } });
    expect((await again(1)).edition).toBe(2);
    expect((await again(1)).edition).toBe(2);
    await ready(id);
    expect((await again(1)).edition).toBe(2);
    expect(await cloud.owner.refusal('replaceUnused', { id, body: { edition: 7 } })).toBe(
      '409 version_conflict',
    );
    const batch = await cloud.owner.call('readBatch', 200, { id });
    expect(batch).toMatchObject({
      counts: { rows: 400, active: 399, used: 1, revoked: 0 },
      texts: { status: 'available' },
    });
    const { rows } = await cloud.owner.call('listBatchRows', 200, { id, query: { limit: 2 } });
    expect(rows).toMatchObject([
      { device: { id: identity.device_id } },
      { name: 'p-002', code: { status: 'active' } },
    ]);
    const dead = { body: { provisioning_code: old[1]?.['code'] } };
    expect(await cloud.client().refusal('provisionDevice', dead)).toBe('410 code_revoked');
  });

  it('that are revoked end their unused codes and no device', async () => {
    const id = await make({ count: 3 });
    const [used, unused] = await textsOf(id);
    const identity = await redeem(used?.['code']);
    const revoked = await cloud.owner.call('revokeBatch', 200, { id });
    expect(revoked).toMatchObject({
      ...{ status: 'revoked', counts: { active: 0, used: 1, revoked: 2 } },
      texts: { status: 'wiped', wiped_reason: 'revoked' },
    });
    expect(await cloud.owner.call('revokeBatch', 200, { id })).toEqual(revoked);
    const dead = { body: { provisioning_code: unused?.['code'] } };
    expect(await cloud.client().refusal('provisionDevice', dead)).toBe('410 code_revoked');
    await (await TestDevice.connect(cloud.origin, identity)).leave();
    expect(await cloud.owner.refusal('replaceUnused', { id, body: { edition: 1 } })).toBe(
      '409 batch_revoked',
    );
  });

  it('that are revoked while they are made are made no further', async () => {
    const { id } = await cloud.owner.call('createBatch', 201, { body: { count: 5_000 } });
    const revoked = await cloud.owner.call('revokeBatch', 200, { id });
    await cloud.time.advance(4_000);
    const after = await cloud.owner.call('readBatch', 200, { id });
    expect(after).toMatchObject({ status: 'revoked', progress: revoked.progress, counts: { active: 0 } });
  });

  it('say who did what to them, exports too, and nothing of a code', async () => {
    const id = await make({ count: 1, name: 'audited' });
    const [row] = await textsOf(id);
    await cloud.owner.call('exportBatchLabels', 200, { id });
    await cloud.owner.call('exportBatchEnvFiles', 200, { id });
    await cloud.owner.call('confirmBatchSaved', 200, { id });
    const { entries } = await cloud.owner.call('listAudit', 200, { query: { object: id } });
    expect(
      entries
        .map(({ action, actor, detail: { format } }) =>
          [actor.kind, action, ...(typeof format === 'string' ? [format] : [])].join(' '),
        )
        .reverse(),
    ).toEqual([
      'operator batch.create',
      'system batch.made',
      'operator batch.export csv',
      'operator batch.export labels a4',
      'operator batch.export env files',
      'operator batch.wipe_texts',
    ]);
    expect(entries[0]?.object?.name).toBe('audited');
    expect(JSON.stringify(entries)).not.toContain(row?.['code']);
  });

  it('are listed newest first, and none of another organization', async () => {
    const page = await cloud.owner.call('listBatches', 200, { query: { limit: 2 } });
    expect(page.total).toBeLessThan(totalCountedMax);
    expect(page.batches[0]?.name).toBe('audited');
    const next = await cloud.owner.call('listBatches', 200, { query: { cursor: page.next_cursor ?? '' } });
    expect(page.batches.length + next.batches.length).toBe(page.total);
    const organization = await cloud.cloud.identity.createOrganization('Another', null);
    const theirs = cloud.client(await cloud.token('owner', organization));
    expect((await theirs.call('listBatches', 200)).batches).toEqual([]);
  });

  it('of short codes have at most a hundred of them live, as all codes do', async () => {
    const id = await make({ count: 101, ttl_seconds: 3600, groups: 2 });
    expect((await textsOf(id)).every(({ code }) => code?.split('-').length === 4)).toBe(true);
  });
});

import type { BulkChange, DeviceBulk } from '@edgeflow/contract';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { eventually, eventuallyTrue } from '../../testing/eventually.ts';
import { insertLargeFleet } from '../../testing/large-fleet.ts';
import { openAndLeave } from '../../testing/slow-download.ts';
import { type RunningCloud, startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';
import { TestDevice } from '../../testing/test-device.ts';

const partEveryMs = 200;

describe.each(databaseKinds)('changes to many devices on %s', (kind) => {
  let cloud: TestCloud;
  let organizationId: string;
  beforeEach(async () => {
    cloud = await startTestCloud(kind);
    ({ organization_id: organizationId } = await cloud.owner.call('readOrganization', 200));
  });
  afterEach(() => cloud.discard());

  async function makeDevices(count: number, tags: readonly string[] = []): Promise<string[]> {
    const ids: string[] = [];
    for (let made = 0; made < count; made += 1) {
      const { device_id: id } = await cloud.owner.call('createDevice', 201, { body: { tags } });
      ids.push(id);
    }
    return ids;
  }

  function change(changed: BulkChange, ids: readonly string[]): Promise<DeviceBulk> {
    const body = { change: changed, device_ids: ids, expected_count: ids.length };
    return cloud.owner.call('changeDevices', 202, { body });
  }

  /** Lets time pass until the change is made. */
  function finish(id: string, running: RunningCloud = cloud): Promise<DeviceBulk> {
    return eventually('the change is made', async () => {
      await cloud.time.advance(partEveryMs);
      const bulk = await running.owner.call('readBulk', 200, { id });
      return bulk.state === 'finished' ? bulk : undefined;
    });
  }

  async function audited(action: string): Promise<string[]> {
    const { entries } = await cloud.owner.call('listAudit', 200, { query: { action, limit: 500 } });
    return entries.map(({ object }) => object?.id ?? '').sort();
  }

  it('tag, untag and group those that are named, with an audit row for each, and leave the rest', async () => {
    const ids = await makeDevices(3, ['old']);
    const [other] = await makeDevices(1, ['old']);
    const tagged = await change({ action: 'add_tags', tags: ['hall 3', 'old'] }, ids);
    expect(tagged).toMatchObject({ state: 'finished', total: 3, changed: 3, skipped: {} });
    expect(await audited('device.update')).toEqual(ids.toSorted());
    await change({ action: 'remove_tags', tags: ['old'] }, ids.slice(0, 1));
    await change({ action: 'set_group', group: 'pumps' }, ids.slice(1));
    const seen = async (id = ''): Promise<unknown> => {
      const { group, tags } = await cloud.owner.call('readDevice', 200, { id });
      return { group, tags };
    };
    expect(await seen(ids[0])).toEqual({ group: null, tags: ['hall 3'] });
    expect(await seen(ids[1])).toEqual({ group: 'pumps', tags: ['old', 'hall 3'] });
    expect(await seen(other)).toEqual({ group: null, tags: ['old'] });
    const again = await change({ action: 'set_group', group: 'pumps' }, ids);
    expect(again).toMatchObject({ changed: 1, skipped: { unchanged: 2 } });
    const many = Array.from({ length: 31 }, (_, n) => `tag ${String(n)}`);
    expect(await change({ action: 'add_tags', tags: many }, ids)).toMatchObject({
      ...{ changed: 1, skipped: { too_many_tags: 2 } },
    });
  });

  it('asked for again with one key are one change, also at one moment and once nothing is left to change', async () => {
    const ids = await makeDevices(3);
    const headers = { 'idempotency-key': 'delete-three-devices'.padEnd(32, '-') };
    const body = { change: { action: 'delete' }, device_ids: ids, expected_count: 3 };
    const input = { body, headers };
    const all = await Promise.all(
      Array.from({ length: 5 }, () => cloud.owner.call('changeDevices', 202, input)),
    );
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    // Without the key the devices are counted anew, and are not there.
    expect(await cloud.owner.call('changeDevices', 202, input)).toMatchObject({
      ...{ id: all[0]?.id, state: 'finished', total: 3, changed: 3 },
    });
    expect(await cloud.owner.refusal('changeDevices', { body })).toBe('409 count_changed');
    expect(await audited('device.delete')).toEqual(ids.toSorted());

    const other = { headers, body: { ...body, change: { action: 'revoke' } } };
    expect(await cloud.owner.refusal('changeDevices', other)).toBe('409 idempotency_key_reused');
    const short = { body, headers: { 'idempotency-key': 'short' } };
    expect(await cloud.owner.refusal('changeDevices', short)).toBe('400 request_malformed');
  });

  it('do nothing when the number is not the one that was confirmed', async () => {
    const ids = await makeDevices(3);
    const wrong = {
      change: { action: 'delete' },
      device_ids: [...ids, 'dev_0000000000000000'],
      expected_count: 4,
    };
    expect(await cloud.owner.refusal('changeDevices', { body: wrong })).toBe('409 count_changed');
    const counted = { change: { action: 'delete' }, filter: {}, expected_count: 2 };
    const { problem } = await cloud.owner.refused('changeDevices', { body: counted });
    expect(problem).toMatchObject({ code: 'count_changed', detail: 'It would concern 3 devices, not 2.' });
    expect((await cloud.owner.call('listDevices', 200)).total).toBe(3);
    const both = { change: { action: 'delete' }, filter: {}, device_ids: ids, expected_count: 3 };
    expect(await cloud.owner.refusal('changeDevices', { body: both })).toBe('400 request_malformed');
  });

  it('reach open tunnels at once: who is revoked or deleted is disconnected', async () => {
    const identities = [1, 2, 3].map(() => cloud.owner.call('createDevice', 201, { body: {} }));
    const [kept, revoked, deleted] = await Promise.all(
      (await Promise.all(identities)).map(async (identity) => ({
        id: identity.device_id,
        device: await TestDevice.connect(cloud.origin, identity),
      })),
    );
    if (kept === undefined || revoked === undefined || deleted === undefined) throw new Error('three');
    await change({ action: 'revoke' }, [revoked.id]);
    expect((await revoked.device.closed).code).toBe(4403);
    await change({ action: 'delete' }, [deleted.id]);
    expect((await deleted.device.closed).code).toBe(4404);
    expect(kept.device.isClosed).toBe(false);
    expect(await cloud.owner.call('readOrganization', 200)).toMatchObject({ device_count: 2 });
    expect(await audited('device.delete')).toEqual([deleted.id]);
    await kept.device.leave();
  });

  it('ask for rotations, which tunnels are offered, and say whom they cannot ask', async () => {
    const identity = await cloud.owner.call('createDevice', 201, { body: {} });
    const device = await TestDevice.connect(cloud.origin, identity);
    const [unused = ''] = await makeDevices(1);
    const [revoked = ''] = await makeDevices(1);
    await cloud.owner.call('revokeDevice', 200, { id: revoked });
    const bulk = await change({ action: 'rotate' }, [identity.device_id, unused, revoked]);
    expect(bulk).toMatchObject({ changed: 1, skipped: { device_state_conflict: 2 } });
    expect((await device.next('command'))['action']).toBe('rotate_key');
    await device.leave();
  });

  it('go through a whole fleet part by part, each device once, and survive the end of the cloud between two', async () => {
    const fleet = 1_100;
    await insertLargeFleet(cloud.database, organizationId, fleet, cloud.time.now());
    const filter = { tag: 'north' };
    const { total } = await cloud.owner.call('listDevices', 200, { query: filter });
    expect(total).toBeGreaterThan(250);
    const body = { change: { action: 'delete' }, filter, expected_count: total };
    const begun = await cloud.owner.call('changeDevices', 202, { body });
    expect(begun).toMatchObject({ state: 'running', changed: 250, total });
    expect((await cloud.owner.call('listDevices', 200, { query: filter })).total).toBe(total - 250);
    await cloud.stop();
    const second = await cloud.restart();
    // Nobody has said anything of it for half a minute; SQLite goes by the cloud's own clock.
    if (kind === 'sqlite') await cloud.time.advance(60_000);
    else await cloud.database.db.updateTable('bulk_changes').set({ beat_at_ms: 1 }).execute();
    await cloud.time.advance(15_000);
    const done = await finish(begun.id, second);
    expect(done).toMatchObject({ changed: total, skipped: {} });
    expect(await second.owner.call('listDevices', 200)).toMatchObject({ total: fleet - total });
    const rows = await cloud.database.db.selectFrom('audit_log').select('object_id').execute();
    const deleted = rows.map((row) => row.object_id);
    expect(deleted).toHaveLength(total);
    expect(new Set(deleted).size).toBe(total);
    expect(await cloud.database.db.selectFrom('bulk_parts').selectAll().execute()).toEqual([]);
  });

  it('are nobody else’s: neither the devices nor the progress', async () => {
    const ids = await makeDevices(2);
    const other = await cloud.cloud.identity.createOrganization('neighbour', null);
    const stranger = cloud.client(await cloud.token('owner', other));
    const body = { change: { action: 'delete' }, device_ids: ids, expected_count: 2 };
    expect(await stranger.refusal('changeDevices', { body })).toBe('409 count_changed');
    const { id } = await change({ action: 'revoke' }, ids);
    expect(await stranger.refusal('readBulk', { id })).toBe('404 bulk_not_found');
    const viewer = cloud.client(await cloud.token('viewer'));
    expect(await viewer.refusal('changeDevices', { body })).toBe('403 forbidden');
    expect(await viewer.call('readBulk', 200, { id })).toMatchObject({ changed: 2 });
  });
});

describe.each(databaseKinds)('devices as CSV on %s', (kind) => {
  let cloud: TestCloud;
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
  });
  afterAll(() => cloud.discard());

  async function read(query: Readonly<Record<string, string>> = {}): Promise<string[]> {
    const text = await (await cloud.owner.raw('exportDevices', { query })).text();
    expect(text.endsWith('\r\n')).toBe(true);
    return text.slice(0, -2).split('\r\n');
  }

  it('come whole, in the form of RFC 4180, and run nothing in a spreadsheet', async () => {
    const names = ['=HYPERLINK("http://evil")', '+1', 'a;=1', 'plain', 'with "quotes", and a comma'];
    for (const name of names) {
      await cloud.owner.call('createDevice', 201, { body: { name, tags: ['b', '=x'], group: 'csv' } });
    }
    const [header, ...lines] = await read({ group: 'csv' });
    expect(header).toMatch(/^device_id,name,status,status_since,group,tags,board_model,/);
    const shown = lines.map((line) => /^"dev_[^,]+",(.*?),"never_connected",,"csv",/.exec(line)?.[1]).sort();
    expect(shown).toEqual(
      [
        `"'=HYPERLINK(""http://evil"")"`,
        `"'+1"`,
        `"a;'=1"`,
        '"plain"',
        '"with ""quotes"", and a comma"',
      ].sort(),
    );
    expect(lines[0]).toContain(`"b;' =x"`);
  });

  it('are one line each, whatever a device has said of itself', async () => {
    const { codes } = await cloud.owner.call('createCodes', 201, { body: {} });
    const { device_id: id } = await cloud.client().call('provisionDevice', 201, {
      body: {
        provisioning_code: codes[0]?.code,
        hardware_info: { board_model: 'pi\r=1+1', serial_number: "x\n=cmd|' /C calc'!A0" },
        network_info: { hostname: 'a;=1+1', ip_address: '\r\n=1' },
      },
    });
    const lines = (await read()).filter((line) => line.includes(id));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`"pi\\u000d=1+1","x\\u000a=cmd|' /C calc'!A0",,"a;'=1+1","\\u000d\\u000a=1"`);
    // No line of the file begins as none of its own.
    expect((await read()).slice(1).every((line) => line.startsWith('"dev_'))).toBe(true);
    expect((await (await cloud.owner.raw('exportDevices')).text()).replaceAll('\r\n', '')).not.toMatch(
      /[\r\n]/,
    );
  });

  it('are all that match, over many slices, with the headers of a file', async () => {
    const { organization_id: id } = await cloud.owner.call('readOrganization', 200);
    await insertLargeFleet(cloud.database, id, 1_800, cloud.time.now());
    const lines = await read({ q: 'edgeflow-pi' });
    expect(lines).toHaveLength(1_801);
    expect(new Set(lines).size).toBe(1_801);
    const raw = await cloud.owner.raw('exportDevices');
    expect(raw.headers.get('content-type')).toBe('text/csv');
    expect(raw.headers.get('content-disposition')).toBe('attachment; filename="devices.csv"');
    await raw.body?.cancel();
  });

  it('are broken off within seconds of the end of their reader’s token', async () => {
    // More than the sockets between the cloud and a slow reader hold.
    const wide = JSON.stringify(Array.from({ length: 32 }, (_, n) => String(n).padEnd(64, '漢')));
    await cloud.database.db.updateTable('devices').set({ tags: wide }).execute();
    expect((await (await openAndLeave(cloud, cloud.owner, 'exportDevices')).rest()).isWhole).toBe(false);
  });

  it('are not read on for somebody who has gone', async () => {
    const leaving = new AbortController();
    const answer = await cloud.owner.raw('exportDevices', {}, { signal: leaving.signal });
    const reader = answer.body?.getReader();
    await reader?.read();
    leaving.abort();
    await reader?.closed.catch(() => undefined);
    // Whoever comes next has the turn that it had.
    await eventuallyTrue(
      'the next one is served',
      async () => (await read({ q: 'edgeflow-pi' })).length === 1_801,
    );
  });
});

import type { ProvisionResponse, TimelineEntry } from '@edgeflow/contract';
import { systemTimers } from '@edgeflow/platform';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { eventually, eventuallyTrue } from '../../testing/eventually.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';
import { TestDevice } from '../../testing/test-device.ts';
import { forgetConnections } from '../presence/index.ts';

const writeBehindMs = 250;

describe.each(databaseKinds)('what is known of a device on %s', (kind) => {
  let cloud: TestCloud;
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
  });
  afterAll(() => cloud.discard());

  const make = (): Promise<ProvisionResponse> => cloud.owner.call('createDevice', 201, { body: {} });

  /** Lets what is written behind be written until `count` connections are known, `open` of them. */
  function connections(id: string, count: number, open: number) {
    return eventually('the history is written', async () => {
      await cloud.time.advance(writeBehindMs);
      const found = await cloud.owner.call('listConnections', 200, { id });
      const stillOpen = found.connections.filter((one) => one.ended_at === null);
      return found.connections.length === count && stillOpen.length === open ? found : undefined;
    });
  }

  it('are notes and a place, changed member by member', async () => {
    const { device_id: id } = await make();
    const nothing = { notes: null, location: null, latitude: null, longitude: null };
    expect(await cloud.owner.call('readDeviceNotes', 200, { id })).toEqual({
      ...{ device_id: id, ...nothing, updated_at: null },
    });
    const notes = 'Behind the pump.\nKey at the gate.';
    const place = { location: 'Hall 3', latitude: 47.3769, longitude: -8.5417 };
    await cloud.owner.call('updateDeviceNotes', 200, { id, body: { notes } });
    const full = await cloud.owner.call('updateDeviceNotes', 200, { id, body: place });
    expect(full).toMatchObject({ notes, ...place });
    expect(await cloud.owner.call('readDeviceNotes', 200, { id })).toEqual(full);
    const gone = { notes: '', location: null, latitude: null, longitude: null };
    expect(await cloud.owner.call('updateDeviceNotes', 200, { id, body: gone })).toMatchObject(nothing);
    const { entries } = await cloud.owner.call('listAudit', 200, { query: { action: 'device.note' } });
    expect(entries.map(({ detail }) => detail['changed'])).toEqual([
      ['latitude', 'location', 'longitude', 'notes'],
      ['latitude', 'location', 'longitude'],
      ['notes'],
    ]);
    for (const body of [{ latitude: 1 }, { latitude: 91, longitude: 0 }, { notes: 'bell \u0007' }]) {
      expect(await cloud.owner.refusal('updateDeviceNotes', { id, body })).toBe('400 request_malformed');
    }
  });

  it('is when it was connected, from where, and why it went', async () => {
    const identity = await make();
    const id = identity.device_id;
    const first = await TestDevice.connect(cloud.origin, identity);
    expect((await connections(id, 1, 1)).connections[0]).toMatchObject({
      ...{ ended_at: null, address: '127.0.0.1', close_reason: null },
    });
    await first.leave();
    const [ended] = (await connections(id, 1, 0)).connections;
    const { last_close_reason: reason } = await cloud.owner.call('readDevice', 200, { id });
    expect(ended?.close_reason).toBe(reason);

    // One that takes the place of another ends it.
    const second = await TestDevice.connect(cloud.origin, identity);
    const third = await TestDevice.connect(cloud.origin, identity);
    await second.closed;
    const { connections: all } = await connections(id, 3, 1);
    expect(all.map(({ ended_at: at }) => at === null)).toEqual([true, false, false]);
    const page = await cloud.owner.call('listConnections', 200, { id, query: { limit: 2 } });
    expect(page.connections).toEqual(all.slice(0, 2));
    const query = { limit: 2, cursor: page.next_cursor ?? '' };
    const rest = await cloud.owner.call('listConnections', 200, { id, query });
    expect(rest).toEqual({ connections: all.slice(2), next_cursor: null });
    await third.leave();
  });

  it('is bounded: the last 500 connections, and no more than 90 days', async () => {
    const identity = await make();
    const id = identity.device_id;
    await cloud.database.db.updateTable('devices').set({ session_epoch: 700 }).where('id', '=', id).execute();
    const { organization_id: organizationId } = await cloud.owner.call('readOrganization', 200);
    const rows = Array.from({ length: 600 }, (_, n) => n + 101).map((epoch) => ({
      ...{ device_id: id, epoch, organization_id: organizationId, began_at_ms: epoch, address: null },
      ...{ ended_at_ms: epoch + 1, close_reason: null },
    }));
    await cloud.database.db.insertInto('device_connections').values(rows).execute();
    const device = await TestDevice.connect(cloud.origin, identity);
    const count = async (): Promise<number> => {
      const found = await sql<{ n: number }>`select count(*) as n from device_connections
        where device_id = ${id}`.execute(cloud.database.db);
      return found.rows[0]?.n ?? 0;
    };
    await eventuallyTrue('the earliest are forgotten', async () => {
      await cloud.time.advance(writeBehindMs);
      return (await count()) === 500;
    });
    const { database } = cloud;
    await forgetConnections({ database, timers: systemTimers, isStopped: () => false }, 650, 100);
    // Epochs 650 to 700, and the open one.
    expect(await count()).toBe(52);
    await device.leave();
  });

  it('is everything that happened to it as one story, whatever the size of its pages', async () => {
    const { codes } = await cloud.owner.call('createCodes', 201, { body: { device_name: 'pump' } });
    const [code] = codes;
    const anybody = cloud.client();
    const provisioning_code = code?.code;
    const identity = await anybody.call('provisionDevice', 201, { body: { provisioning_code } });
    const id = identity.device_id;
    await anybody.refusal('provisionDevice', { body: { provisioning_code } });
    const device = await TestDevice.connect(cloud.origin, identity);
    await cloud.owner.call('updateDevice', 200, { id, body: { name: 'pump 3' } });
    await device.leave();
    await connections(id, 1, 0);
    await cloud.owner.call('revokeDevice', 200, { id });
    await cloud.owner.call('restoreDevice', 200, { id });
    const again = await TestDevice.connect(cloud.origin, identity);
    await connections(id, 2, 1);

    const whole = (await cloud.owner.call('readTimeline', 200, { id, query: { limit: 500 } })).entries;
    // What a connection's write-behind begins with is as old as what it follows, on a clock that stands still.
    expect(whole.map(({ type }) => type).sort()).toEqual(
      [
        ...['code.create', 'code.redeem', 'code.redeem', 'device.online', 'key.first_use', 'device.update'],
        ...['device.offline', 'device.revoke', 'device.restore', 'device.online'],
      ].sort(),
    );
    const times = whole.map(({ at }) => at);
    expect(times).toEqual(times.toSorted().reverse());
    const refused = whole.find(({ outcome }) => outcome === 'failure');
    expect(refused).toMatchObject({ type: 'code.redeem', reason: 'code_already_used' });

    for (const limit of [1, 2, 3, 7]) expect(await walk(id, limit)).toEqual(whole);
    await again.leave();
  });

  async function walk(id: string, limit: number): Promise<TimelineEntry[]> {
    const walked: TimelineEntry[] = [];
    let cursor: string | null = null;
    do {
      const query: Record<string, string | number> = cursor === null ? { limit } : { limit, cursor };
      const page = await cloud.owner.call('readTimeline', 200, { id, query });
      walked.push(...page.entries);
      cursor = page.next_cursor;
    } while (cursor !== null);
    return walked;
  }

  it('is told by its times, also where a clock was set back while it was written', async () => {
    const { device_id: id } = await make();
    for (const name of ['a', 'b', 'c', 'd'])
      await cloud.owner.call('updateDevice', 200, { id, body: { name } });
    const { db } = cloud.database;
    const { rows } = await sql<{ sequence: number }>`select sequence from audit_log where object_id = ${id}
      order by sequence`.execute(db);
    for (const [index, { sequence }] of rows.entries()) {
      // Two and two of one time, the later written the earlier.
      const atMs = 9_000 - Math.floor(index / 2);
      await sql`update audit_log set at_ms = ${atMs} where sequence = ${sequence}`.execute(db);
    }
    const whole = await walk(id, 500);
    const order = [1, 0, 3, 2, 4].map((index) => `aud_${String(rows[index]?.sequence)}`);
    expect(whole.map((entry) => entry.id)).toEqual(order);
    for (const limit of [1, 2, 3]) expect(await walk(id, limit)).toEqual(whole);
  });

  it('tells of the code that provisioned it again, and since when its key is another', async () => {
    const identity = await make();
    const id = identity.device_id;
    const device = await TestDevice.connect(cloud.origin, identity);
    expect((await cloud.owner.call('readDevice', 200, { id })).key?.last_rotated_at).toBeNull();
    await device.leave();
    await cloud.time.advance(1_000);
    if (kind === 'postgres') await sql`select pg_sleep(0.01)`.execute(cloud.database.db);
    const { codes } = await cloud.owner.call('createCodes', 201, { body: { device_id: id } });
    const body = { provisioning_code: codes[0]?.code };
    const renewed = await cloud.client().call('provisionDevice', 201, { body });
    const again = await TestDevice.connect(cloud.origin, renewed);
    const { key } = await cloud.owner.call('readDevice', 200, { id });
    expect(key?.last_rotated_at).not.toBeNull();
    expect(key?.last_rotated_at).toBe(key?.first_used_at);
    const { entries } = await cloud.owner.call('readTimeline', 200, { id });
    expect(entries.find(({ type }) => type === 'device.reprovision')?.detail).toMatchObject({
      code_id: codes[0]?.id,
    });
    await again.leave();
  });

  it('is nobody else’s', async () => {
    const { device_id: id } = await make();
    const other = await cloud.cloud.identity.createOrganization('neighbour', null);
    const stranger = cloud.client(await cloud.token('owner', other));
    for (const name of ['readDeviceNotes', 'listConnections', 'readTimeline'] as const) {
      expect(await stranger.refusal(name, { id })).toBe('404 device_not_found');
    }
    expect(await stranger.refusal('updateDeviceNotes', { id, body: { notes: 'x' } })).toBe(
      '404 device_not_found',
    );
  });
});

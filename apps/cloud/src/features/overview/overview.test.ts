import type { CreatedCode, Overview, ProvisionResponse } from '@edgeflow/contract';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { eventually, eventuallyTrue } from '../../testing/eventually.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';
import { TestDevice } from '../../testing/test-device.ts';
import { dayMs } from '../credentials/index.ts';

const noDevices = { never_connected: 0, online: 0, offline: 0, reconnecting: 0, quarantined: 0, revoked: 0 };
const none = { count: 0, more: false };

describe.each(databaseKinds)('the overview on %s', (kind) => {
  let cloud: TestCloud;
  beforeEach(async () => {
    cloud = await startTestCloud(kind);
  });
  afterEach(() => cloud.discard());

  /** As it is now: what was found a moment ago is no longer good. */
  async function read(window: Overview['window'] = '24h'): Promise<Overview> {
    await cloud.time.advance(1_000);
    return cloud.owner.call('readOverview', 200, { query: { window } });
  }

  async function register(code: CreatedCode, hardware: object = {}): Promise<ProvisionResponse> {
    const body = { provisioning_code: code.code, hardware_info: hardware };
    return cloud.client().call('provisionDevice', 201, { body });
  }

  function makeDevice(name?: string): Promise<ProvisionResponse> {
    return cloud.owner.call('createDevice', 201, { body: { name } });
  }

  function change(id: string, set: Record<string, number | string>): Promise<unknown> {
    return cloud.database.db.updateTable('devices').set(set).where('id', '=', id).execute();
  }

  it('of nothing is all zeros', async () => {
    const overview = await read();
    expect(overview).toEqual({
      ...{ at: expect.any(String) as string, window: '24h', failures: [], failures_more: false },
      devices: { total: 0, by_status: noDevices },
      onboarding: { codes_made: 0, redeemed: 0, online: 0 },
      keys: {
        ...{ expired: none, within_30_days: none, within_60_days: none, needs_key: none },
        soonest: [],
      },
      cannot_rotate: { ...none, devices: [] },
      clones: { ...none, devices: [] },
      versions: { top: [], others: 0 },
    });
  });

  it('counts each status as the list of devices does', async () => {
    const made = await Promise.all(Array.from({ length: 7 }, () => makeDevice()));
    const [online, offline, back, quarantined, revoked, deleted] = made as [
      ...[ProvisionResponse, ProvisionResponse, ProvisionResponse],
      ...[ProvisionResponse, ProvisionResponse, ProvisionResponse],
    ];
    const device = await TestDevice.connect(cloud.origin, online);
    await change(offline.device_id, { presence: 'offline', presence_since_ms: 1 });
    await change(back.device_id, { presence: 'reconnecting', presence_since_ms: 1 });
    await cloud.owner.call('quarantineDevice', 200, { id: quarantined.device_id });
    await cloud.owner.call('revokeDevice', 200, { id: revoked.device_id });
    await cloud.owner.call('deleteDevice', 204, { id: deleted.device_id });
    const { devices } = await read();
    expect(devices).toEqual({
      total: 6,
      by_status: {
        ...{ never_connected: 1, online: 1, offline: 1, reconnecting: 1, quarantined: 1, revoked: 1 },
      },
    });
    for (const [status, count] of Object.entries(devices.by_status)) {
      expect((await cloud.owner.call('listDevices', 200, { query: { status } })).total, status).toBe(count);
    }
    await device.leave();
  });

  it('follows codes from their making to the first use of the key, in the hour they were made', async () => {
    const { codes } = await cloud.owner.call('createCodes', 201, { body: { count: 4 } });
    await cloud.owner.call('createCodes', 201, { body: { count: 2 } });
    const [first, second, third] = codes as [CreatedCode, CreatedCode, CreatedCode];
    const identity = await register(first);
    await register(second);
    const body = { provisioning_code: first.code };
    await cloud.client().refusal('provisionDevice', { body });
    expect((await read()).onboarding).toEqual({ codes_made: 6, redeemed: 2, online: 0 });
    await (await TestDevice.connect(cloud.origin, identity)).leave();
    await (await TestDevice.connect(cloud.origin, identity)).leave();
    // The first use of a key may be over HTTP.
    const other = await register(third);
    await cloud.client(other.api_key).call('readShadow', 200, { id: other.device_id });
    // A device that gets a new key by a code is onboarded once more; one that rotates, or is made by hand, is not.
    const again = await cloud.owner.call('createCodes', 201, { body: { device_id: identity.device_id } });
    const renewed = await register(again.codes[0] as CreatedCode);
    await (await TestDevice.connect(cloud.origin, renewed)).leave();
    await (await TestDevice.connect(cloud.origin, await makeDevice())).leave();
    const { onboarding } = await read();
    expect(onboarding).toEqual({ codes_made: 7, redeemed: 4, online: 3 });

    const { db } = cloud.database;
    await db
      .updateTable('onboarding_hours')
      .set((row) => ({ hour_ms: row('hour_ms', '-', 3 * dayMs) }))
      .execute();
    expect((await read('24h')).onboarding).toEqual({ codes_made: 0, redeemed: 0, online: 0 });
    expect((await read('7d')).onboarding).toEqual(onboarding);
    expect((await read('30d')).onboarding).toEqual(onboarding);
  });

  it('tells why codes were refused, with the next step, and not of codes that nobody knows', async () => {
    const { codes } = await cloud.owner.call('createCodes', 201, {
      body: { bind: { serial_number: 'S1' } },
    });
    const [bound] = codes as [CreatedCode];
    const attempt = (code: string, serial_number: string): Promise<string> =>
      cloud.client().refusal('provisionDevice', {
        body: { provisioning_code: code, hardware_info: { serial_number } },
      });
    expect(await attempt(bound.code, 'S2')).toBe('403 binding_mismatch');
    expect(await attempt(bound.code, 'S3')).toBe('403 binding_mismatch');
    expect(await attempt('PROV-7777-7777', 'S3')).toBe('401 code_unknown');
    await register(bound, { serial_number: 'S1' });
    expect(await attempt(bound.code, 'S1')).toBe('409 code_already_used');
    // What an operator tries and is refused is no failure of onboarding.
    expect(await cloud.owner.refusal('revokeCode', { id: bound.id })).toBe('409 code_not_revocable');
    const { failures, failures_more: more } = await read();
    expect(more).toBe(false);
    const about = { last_address: '127.0.0.1', last_object: { kind: 'code', id: bound.id }, objects: 1 };
    expect(failures).toMatchObject([
      { code: 'code_already_used', attempts: 1, ...about },
      {
        code: 'binding_mismatch',
        attempts: 2,
        ...about,
        title: 'This provisioning code is bound to other hardware',
        next_step: expect.stringMatching(/change its binding/) as string,
      },
    ]);
    await cloud.database.db
      .updateTable('audit_log')
      .set((row) => ({ at_ms: row('at_ms', '-', 2 * dayMs) }))
      .execute();
    expect((await read('24h')).failures).toEqual([]);
    expect((await read('7d')).failures).toEqual(
      failures.map((one) => ({ ...one, last_at: expect.any(String) as string })),
    );
  });

  it('tells whose keys are refused, once an hour for each device, and of no device that does not exist', async () => {
    const revoked = await makeDevice();
    const lost = await makeDevice();
    await cloud.owner.call('revokeDevice', 200, { id: revoked.device_id });
    const knock = async (identity: { device_id: string; api_key: string }): Promise<void> => {
      const device = await TestDevice.open(cloud.origin);
      device.sayConnect(identity);
      await device.closed;
    };
    const wrong = { api_key: 'efk_wrong' };
    for (let times = 0; times < 3; times += 1) {
      await knock(revoked);
      await knock({ ...lost, ...wrong });
      await knock({ device_id: 'dev_0000000000000000', ...wrong });
      await cloud.client(wrong.api_key).refusal('readShadow', { id: lost.device_id });
      await cloud.time.advance(1_000);
    }
    const failures = await eventually('the refusals', async () => {
      const found = (await read()).failures;
      return found.length === 2 ? found : undefined;
    });
    const about = { attempts: 1, objects: 1, last_address: '127.0.0.1' };
    expect(failures.sort((one, other) => (one.code < other.code ? -1 : 1))).toMatchObject([
      { code: 'device_revoked', last_object: { kind: 'device', id: revoked.device_id }, ...about },
      { code: 'key_rejected', last_object: { kind: 'device', id: lost.device_id }, ...about },
    ]);
    await cloud.time.advance(3_600_000);
    await knock(revoked);
    await eventuallyTrue('another hour', async () => {
      const { failures: later } = await read();
      return later.find(({ code }) => code === 'device_revoked')?.attempts === 2;
    });
    const { db } = cloud.database;
    const events = await db
      .selectFrom('events')
      .select('data')
      .where('type', '=', 'device.refused')
      .execute();
    expect(events).toHaveLength(3);
    expect(JSON.stringify(events)).not.toContain('efk_');
  });

  it('counts keys by when they expire, as the list of devices that need one does', async () => {
    const nowMs = await cloud.database.nowMs();
    const days = [-100, -1, 10, 20, 31, 59, 61];
    const made = await Promise.all(days.map((day) => makeDevice(`in ${String(day)} days`)));
    for (const [index, { device_id: id }] of made.entries()) {
      const expiresAtMs = nowMs + (days[index] ?? 0) * dayMs;
      await cloud.database.db
        .updateTable('credentials')
        .set({ state: 'active', expires_at_ms: expiresAtMs })
        .where('device_id', '=', id)
        .execute();
    }
    await change(made[3]?.device_id ?? '', { can_rotate: 1 });
    await change(made[4]?.device_id ?? '', { can_rotate: 0 });
    await cloud.owner.call('deleteDevice', 204, { id: made[1]?.device_id ?? '' });
    const { cannot_rotate: unable, keys } = await read();
    expect(keys).toMatchObject({
      expired: { count: 1, more: false },
      within_30_days: { count: 2 },
      within_60_days: { count: 2 },
      needs_key: { count: 4, more: false },
      soonest: [
        { name: 'in 10 days', can_rotate: null },
        { name: 'in 31 days', can_rotate: false },
        { name: 'in 59 days', can_rotate: null },
      ],
    });
    const listed = await cloud.owner.call('listDevices', 200, { query: { needs_key: 'true' } });
    expect(listed.total).toBe(keys.needs_key.count);
    expect(unable).toEqual({
      count: 1,
      more: false,
      devices: [{ device_id: made[4]?.device_id, name: 'in 31 days' }],
    });
  });

  it('names suspected clones, and the versions that most devices have', async () => {
    const made = await Promise.all(Array.from({ length: 30 }, (_, index) => makeDevice(`d${String(index)}`)));
    for (const [index, { device_id: id }] of made.entries()) {
      if (index > 0) await change(id, { agent_version: `1.${String(Math.floor(Math.sqrt(index)))}.0` });
      if (index < 7) await change(id, { clone_suspected_at_ms: 1_000 + index });
    }
    await sql`insert into devices (id, organization_id, lifecycle, tags, origin, hardware_info, network_info,
      search_text, created_at_ms, lifecycle_changed_at_ms, agent_version)
      select id || ${kind === 'sqlite' ? 'x' : 'y'}, organization_id, 'active', '[]', 'operator', '{}', '{}', '', 1, 1,
        '9.' || substr(id, 5, 6) from devices`.execute(cloud.database.db);
    const { clones, versions } = await read();
    expect(clones).toMatchObject({ count: 7, more: false });
    expect(clones.devices.map(({ name }) => name)).toEqual(['d6', 'd5', 'd4', 'd3', 'd2']);
    expect(versions.top.slice(0, 5)).toEqual([
      { version: '1.4.0', devices: 9 },
      { version: '1.3.0', devices: 7 },
      { version: '1.2.0', devices: 5 },
      { version: '1.5.0', devices: 5 },
      { version: '1.1.0', devices: 3 },
    ]);
    expect(versions.top).toHaveLength(8);
    expect(versions.others).toBe(60 - 9 - 7 - 5 - 5 - 3 - 3);
  });

  it('is each organization’s own', async () => {
    const elsewhere = await cloud.cloud.identity.createOrganization('Elsewhere', null);
    const other = cloud.client(await cloud.token('viewer', elsewhere));
    const { codes } = await cloud.owner.call('createCodes', 201, { body: { count: 2 } });
    await register(codes[0] as CreatedCode);
    await cloud.client().refusal('provisionDevice', { body: { provisioning_code: codes[0]?.code } });
    expect(await other.call('readOverview', 200)).toMatchObject({
      devices: { total: 0 },
      onboarding: { codes_made: 0, redeemed: 0 },
      failures: [],
    });
    expect((await read()).devices.total).toBe(1);
  });
});

import { type AlertIncident, orderedIds } from '@edgeflow/contract';
import { systemRandom } from '@edgeflow/platform';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseNetworks } from '../../http/addresses.ts';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { eventually, eventuallyTrue } from '../../testing/eventually.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';
import { type Identity, TestDevice } from '../../testing/test-device.ts';
import { dayMs } from '../credentials/index.ts';
import { testMessage } from './message.ts';
import { enqueue } from './outbox.ts';
import { type ReceivedMessage, type Receiver, startReceiver } from './testing/receiver.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const sweepMs = 15_000;

const loopback = parseNetworks('127.0.0.0/8');
if (!loopback.ok) throw new Error(loopback.problem);
const { networks: webhookNetworks } = loopback;

describe.each(databaseKinds)('alerts on %s', (kind) => {
  let cloud: TestCloud;
  let receiver: Receiver;
  let secret: string;
  let endpointId: string;
  const mails: { to: string; subject: string; text: string }[] = [];

  beforeEach(async () => {
    mails.length = 0;
    const mailer = {
      send: async (mail: { to: string; subject: string; text: string }) => void mails.push(mail),
    };
    cloud = await startTestCloud(kind, { webhookNetworks, mailer });
    receiver = await startReceiver();
    const body = { kind: 'webhook', name: 'on call', target: receiver.url };
    const made = await cloud.owner.call('createAlertEndpoint', 201, { body });
    secret = made.secret ?? '';
    endpointId = made.endpoint.id;
  });
  afterEach(async () => {
    await cloud.discard();
    await receiver.close();
  });

  /** Everything that is written down happened so much earlier, whatever the clock of the database says. */
  async function age(ms: number): Promise<void> {
    const { db } = cloud.database;
    const columns = {
      devices: ['presence_since_ms'],
      alert_rules: ['offline_edge_ms', 'swept_at_ms', 'keys_swept_at_ms'],
      alert_incidents: ['created_at_ms', 'from_ms', 'to_ms', 'told_at_ms'],
      alert_deliveries: ['next_at_ms', 'created_at_ms'],
      alert_endpoints: ['failing_since_ms', 'old_secret_until_ms'],
    };
    for (const [table, names] of Object.entries(columns)) {
      const set = names.map((name) => `${name} = ${name} - ${String(ms)}`).join(', ');
      await sql.raw(`update ${table} set ${set}`).execute(db);
    }
  }

  /** So much later, with a look at the rules. */
  async function pass(ms: number): Promise<void> {
    await age(ms);
    const before = await sweeps();
    await eventuallyTrue('a sweep', async () => {
      await cloud.time.advance(1_000);
      return (await sweeps()) > before;
    });
  }

  async function sweeps(): Promise<number> {
    const found = await sql<{ n: number | null }>`select min(swept_at_ms) as n from alert_rules`.execute(
      cloud.database.db,
    );
    return found.rows[0]?.n ?? 0;
  }

  async function makeDevices(count: number, group?: string): Promise<Identity[]> {
    const body = { name: `pump of ${group ?? 'none'}`, ...(group === undefined ? {} : { group }) };
    return Promise.all(Array.from({ length: count }, () => cloud.owner.call('createDevice', 201, { body })));
  }

  function connect(identities: readonly Identity[]): Promise<TestDevice[]> {
    return Promise.all(identities.map((identity) => TestDevice.connect(cloud.origin, identity)));
  }

  /** Devices leave, and it is written down. */
  async function leave(devices: readonly TestDevice[]): Promise<void> {
    const before = await countOnline();
    await Promise.all(devices.map((device) => device.leave()));
    await eventuallyTrue('all offline', async () => {
      await cloud.time.advance(250);
      return (await countOnline()) === before - devices.length;
    });
  }

  async function countOnline(): Promise<number> {
    return (await cloud.owner.call('listDevices', 200, { query: { status: 'online' } })).total;
  }

  function makeRule(body: object): Promise<{ id: string }> {
    return cloud.owner.call('createAlertRule', 201, { body });
  }

  /** What the webhook has got, once it is so many. */
  async function messages(count: number): Promise<ReceivedMessage[]> {
    await eventuallyTrue(`${String(count)} messages`, async () => {
      await cloud.time.advance(1_000);
      return receiver.got.length >= count;
    });
    return receiver.got;
  }

  async function incidents(): Promise<AlertIncident[]> {
    return (await cloud.owner.call('listAlertIncidents', 200)).incidents;
  }

  it('tell of an outage once, with all its devices, signed; and that it is over', async () => {
    await makeRule({ offline_minutes: 5 });
    const identities = await makeDevices(20);
    await leave(await connect(identities));
    await pass(4 * minuteMs);
    expect(await incidents()).toEqual([]);
    await pass(2 * minuteMs);
    expect(receiver.got).toEqual([]);
    expect(await incidents()).toMatchObject([
      { condition: 'offline', state: 'open', devices_joined: 20, devices_now: 20, messages: 0, group: null },
    ]);
    await pass(minuteMs);
    const [opened] = await messages(1);
    expect(receiver.verify(opened as ReceivedMessage, secret)).toEqual(opened?.message);
    expect(opened?.message).toMatchObject({
      type: 'alert.opened',
      data: {
        summary: '20 devices: offline.',
        url: 'https://cloud.test/overview',
        incident: { devices_now: 20, condition: 'offline' },
      },
    });
    expect(opened?.message.data.devices).toHaveLength(20);
    await pass(10 * minuteMs);
    await pass(hourMs);

    const back = await connect(identities.slice(0, 12));
    await pass(minuteMs);
    expect(await incidents()).toMatchObject([{ state: 'open', devices_now: 8, messages: 1 }]);
    const others = await connect(identities.slice(12, 19));
    await cloud.owner.call('deleteDevice', 204, { id: identities[19]?.device_id ?? '' });
    await pass(minuteMs);
    const [, resolved, ...more] = await messages(2);
    expect(more).toEqual([]);
    expect(resolved?.message).toMatchObject({
      type: 'alert.resolved',
      data: { summary: 'All of 20 devices are back, or gone for good.', incident: { devices_now: 0 } },
    });
    expect(resolved?.message.data.incident?.id).toBe(opened?.message.data.incident?.id);
    expect(resolved?.id).not.toBe(opened?.id);
    expect(await incidents()).toMatchObject([{ state: 'resolved', devices_now: 0, messages: 2 }]);
    const types = await cloud.database.db
      .selectFrom('events')
      .select('type')
      .where('type', 'like', 'alert.%')
      .orderBy('sequence')
      .execute();
    expect(types.map(({ type }) => type)).toEqual(['alert.opened', 'alert.resolved']);
    for (const device of [...back, ...others]) await device.leave();
  });

  it('say nothing of a device that is back before its time, or before it was told of', async () => {
    await makeRule({ offline_minutes: 5 });
    const identities = await makeDevices(2);
    await leave(await connect(identities));
    await pass(4 * minuteMs);
    const [first] = await connect(identities.slice(0, 1));
    await pass(2 * minuteMs);
    expect(await incidents()).toMatchObject([{ state: 'open', devices_joined: 1 }]);
    const [second] = await connect(identities.slice(1));
    await pass(minuteMs);
    expect(await incidents()).toMatchObject([{ state: 'resolved', messages: 0 }]);
    await pass(hourMs);
    expect(receiver.got).toEqual([]);
    for (const device of [first, second]) await device?.leave();
  });

  it('say nothing of devices that are waited for after a restart, and of those that were gone before the rule', async () => {
    const identities = await makeDevices(2);
    const [one] = await connect(identities.slice(0, 1));
    await leave([one as TestDevice]);
    await age(hourMs);
    await makeRule({ offline_minutes: 5 });
    const waited = cloud.database.db
      .updateTable('devices')
      .set({ presence: 'reconnecting', presence_since_ms: 1 });
    await waited.where('id', '=', identities[1]?.device_id ?? '').execute();
    await pass(hourMs);
    await pass(hourMs);
    expect(await incidents()).toEqual([]);
  });

  it('are another incident for those that go later, and tell how an outage has grown', async () => {
    await makeRule({ offline_minutes: 1 });
    const identities = await makeDevices(6);
    const devices = await connect(identities);
    await leave(devices.slice(0, 1));
    await pass(2 * minuteMs);
    await pass(minuteMs);
    await messages(1);
    await leave(devices.slice(1, 3));
    await pass(2 * minuteMs);
    await pass(4 * minuteMs);
    const grown = (await messages(2))[1];
    expect(grown?.message).toMatchObject({
      type: 'alert.grown',
      data: { summary: '3 devices: offline, 3 since it began.', incident: { devices_joined: 3 } },
    });
    await pass(hourMs);
    await leave(devices.slice(3));
    await pass(2 * minuteMs);
    await pass(minuteMs);
    expect((await messages(3))[2]?.message).toMatchObject({
      type: 'alert.opened',
      data: { incident: { devices_joined: 3 } },
    });
    expect(await incidents()).toMatchObject([
      { devices_joined: 3, state: 'open' },
      { devices_joined: 3, state: 'open' },
    ]);
  });

  it('are of the group’s own rule, or of the rule for all others, and go where the rule says', async () => {
    const other = await startReceiver();
    const body = { kind: 'webhook', name: 'pumps', target: other.url };
    const { endpoint } = await cloud.owner.call('createAlertEndpoint', 201, { body });
    await makeRule({ offline_minutes: 1, endpoint_ids: [endpointId] });
    await makeRule({ group: 'pumps', offline_minutes: 1, endpoint_ids: [endpoint.id] });
    await leave(
      await connect([
        ...(await makeDevices(2, 'pumps')),
        ...(await makeDevices(1)),
        ...(await makeDevices(1, 'fans')),
      ]),
    );
    await pass(2 * minuteMs);
    await pass(minuteMs);
    const [rest] = await messages(1);
    expect(rest?.message.data).toMatchObject({ summary: '2 devices: offline.', incident: { group: null } });
    await eventuallyTrue('the other', () => other.got.length > 0);
    expect(other.got.map(({ message }) => message.data.summary)).toEqual([
      '2 devices in group "pumps": offline.',
    ]);
    await pass(minuteMs);
    expect(receiver.got).toHaveLength(1);
    await cloud.owner.call('deleteAlertEndpoint', 204, { id: endpoint.id });
    const { rules } = await cloud.owner.call('listAlertRules', 200);
    expect(rules.map(({ endpoint_ids: ids }) => ids)).toEqual([[endpointId], []]);
    await other.close();
  });

  it('tell of keys that expire soon and are not rotated, once, and that they were', async () => {
    const nowMs = await cloud.database.nowMs();
    const [stuck, declined, able, early, later] = await makeDevices(5);
    const set = async (
      identity: Identity | undefined,
      days: number,
      dueMs: number,
      canRotate: number | null,
    ) => {
      const id = identity?.device_id ?? '';
      const life = { state: 'active' as const, expires_at_ms: nowMs + days * dayMs, rotate_after_ms: dueMs };
      const { db } = cloud.database;
      await db.updateTable('credentials').set(life).where('device_id', '=', id).execute();
      await db.updateTable('devices').set({ can_rotate: canRotate }).where('id', '=', id).execute();
    };
    await set(stuck, 10, nowMs - 2 * dayMs, null);
    await set(declined, 12, nowMs + dayMs, 0);
    await set(able, 10, nowMs - 2 * dayMs, 1);
    await set(early, 10, nowMs + dayMs, null);
    await set(later, 20, nowMs - 2 * dayMs, 0);
    const { id } = await makeRule({ key_days: 14 });
    await pass(0);
    await pass(minuteMs);
    const [opened] = await messages(1);
    expect(opened?.message.data).toMatchObject({
      summary: '2 devices: about to lose their key, which they do not rotate.',
      incident: { condition: 'key_expiring', devices_joined: 2 },
    });
    expect(opened?.message.data.devices.map((device) => device.id)).toEqual([
      stuck?.device_id,
      declined?.device_id,
    ]);
    await pass(2 * hourMs);
    await pass(2 * hourMs);
    expect(receiver.got).toHaveLength(1);
    await cloud.owner.call('extendKey', 200, { id: stuck?.device_id ?? '', body: { days: 300 } });
    await set(declined, 12, nowMs, 1);
    await pass(minuteMs);
    expect((await messages(2))[1]?.message.type).toBe('alert.resolved');
    await cloud.owner.call('updateAlertRule', 200, { id, body: { key_days: 30 } });
    await pass(minuteMs);
    await pass(minuteMs);
    expect((await messages(3))[2]?.message.data.devices).toMatchObject([{ id: later?.device_id }]);
  });

  it('are delivered again with the same id until they are taken', async () => {
    receiver.status = 500;
    await cloud.owner.call('testAlertEndpoint', 202, { id: endpointId });
    await messages(1);
    await eventuallyTrue('noted', async () => (await delivery()).last_error !== null);
    expect(await delivery()).toMatchObject({
      state: 'waiting',
      attempts: 1,
      last_error: 'it answered 500',
      kind: 'test',
    });
    receiver.status = 302;
    await age(hourMs);
    await messages(2);
    await eventuallyTrue('noted', async () => (await delivery()).last_error !== 'it answered 500');
    expect((await delivery()).last_error).toBe('it answered 302; redirects are not followed');
    receiver.status = 200;
    await age(4 * hourMs);
    const [first, , third] = await messages(3);
    expect(third?.id).toBe(first?.id);
    await eventuallyTrue('delivered', async () => (await delivery()).state === 'delivered');
    await age(dayMs);
    await cloud.time.advance(5_000);
    expect(receiver.got).toHaveLength(3);
    const { endpoints } = await cloud.owner.call('listAlertEndpoints', 200);
    expect(endpoints).toMatchObject([{ failing_since: null, last_error: null, disabled_at: null }]);
  });

  async function delivery() {
    const { deliveries } = await cloud.owner.call('listAlertDeliveries', 200, {
      query: { endpoint: endpointId },
    });
    const [newest] = deliveries;
    if (newest === undefined) throw new Error('there is no delivery');
    return newest;
  }

  it('are not held up by another endpoint that is silent, however many wait for it', async () => {
    receiver.isSilent = true;
    const { organization_id: organizationId } = await cloud.owner.call('readOrganization', 200);
    await cloud.database.transaction((tx) => {
      const message = testMessage({ nowMs: tx.nowMs, publicUrl: 'https://cloud.test' });
      const waiting = Array.from({ length: 20 }, () => ({
        ...{ endpointId, incidentId: null, kind: 'test' as const, message },
      }));
      const nextId = orderedIds(() => tx.nowMs, systemRandom.bytes);
      return enqueue(tx, organizationId, waiting, nextId);
    });
    await messages(2);
    const other = await startReceiver();
    const body = { kind: 'webhook', name: 'awake', target: other.url };
    const { endpoint } = await cloud.owner.call('createAlertEndpoint', 201, { body });
    await cloud.owner.call('testAlertEndpoint', 202, { id: endpoint.id });
    // No time passes, so nothing of the silent one is given up meanwhile.
    await eventuallyTrue('the other', () => other.got.length === 1);
    await other.close();
  });

  it('look at every rule, also where one cannot be looked at', async () => {
    const { id: broken } = await makeRule({ group: 'pumps', offline_minutes: 1 });
    await makeRule({ offline_minutes: 1 });
    await leave(await connect(await makeDevices(1)));
    const { db } = cloud.database;
    const { organization_id: organizationId } = await cloud.owner.call('readOrganization', 200);
    await db.updateTable('alert_rules').set({ endpoint_ids: 'no json' }).where('id', '=', broken).execute();
    await db
      .insertInto('alert_incidents')
      .values({
        ...{ id: 'inc_broken', organization_id: organizationId, rule_id: broken, device_group: 'pumps' },
        ...{ condition: 'offline', state: 'open', created_at_ms: 1, from_ms: 1, to_ms: 1, devices_joined: 1 },
        ...{ devices_now: 1, messages: 1, told_devices: 1, told_at_ms: 1, resolved_at_ms: null },
      })
      .execute();
    await age(2 * minuteMs);
    await eventuallyTrue('the incident of the other', async () => {
      await cloud.time.advance(sweepMs);
      return (await incidents()).some(({ group }) => group === null);
    });
  });

  it('switch off an endpoint that has failed for a day, say why, and can be sent once more', async () => {
    receiver.status = 501;
    await cloud.owner.call('testAlertEndpoint', 202, { id: endpointId });
    for (let attempt = 1; attempt <= 18; attempt += 1) {
      await messages(attempt);
      await eventuallyTrue(
        'noted',
        async () => (await delivery()).last_error === `it answered ${500 + attempt}`,
      );
      receiver.status += 1;
      await age(4 * hourMs);
    }
    expect(await delivery()).toMatchObject({ state: 'failed', attempts: 18 });
    const { endpoints } = await cloud.owner.call('listAlertEndpoints', 200);
    expect(endpoints[0]?.disabled_at).not.toBeNull();
    expect(endpoints[0]?.disabled_reason).toBe('For a day: it answered 518.');
    expect(await cloud.owner.refusal('testAlertEndpoint', { id: endpointId })).toBe(
      '409 alert_endpoint_disabled',
    );
    const { id } = await delivery();
    expect(await cloud.owner.refusal('retryAlertDelivery', { id })).toBe('409 alert_endpoint_disabled');
    receiver.status = 200;
    await cloud.owner.call('updateAlertEndpoint', 200, { id: endpointId, body: { enabled: true } });
    await cloud.owner.call('retryAlertDelivery', 202, { id });
    expect((await messages(19))[18]?.id).toBe(id);
    await eventuallyTrue('delivered', async () => (await delivery()).state === 'delivered');
    const log = await cloud.owner.call('listAudit', 200, { query: { action: 'alert_endpoint.disable' } });
    expect(log.entries).toMatchObject([
      { actor: { kind: 'system', id: 'alerts' }, object: { id: endpointId } },
    ]);
  });

  it('are signed with two secrets for a day after a new one was made', async () => {
    const made = await cloud.owner.call('rotateAlertSecret', 200, { id: endpointId });
    expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(made.secret).not.toBe(secret);
    expect(made.endpoint.old_secret_until).not.toBeNull();
    await cloud.owner.call('testAlertEndpoint', 202, { id: endpointId });
    const [first] = await messages(1);
    for (const one of [secret, made.secret ?? '']) receiver.verify(first as ReceivedMessage, one);
    await age(dayMs + 1);
    await cloud.owner.call('testAlertEndpoint', 202, { id: endpointId });
    const second = (await messages(2))[1] as ReceivedMessage;
    receiver.verify(second, made.secret ?? '');
    expect(() => receiver.verify(second, secret)).toThrow(/signature/i);
    const stored = await cloud.database.db.selectFrom('alert_endpoints').selectAll().execute();
    expect(JSON.stringify(stored)).not.toContain(secret.slice(6));
  });

  it('go out as e-mail too', async () => {
    const body = { kind: 'email', name: 'night shift', target: 'night@example.org' };
    const { endpoint, secret: none } = await cloud.owner.call('createAlertEndpoint', 201, { body });
    expect(none).toBeNull();
    await makeRule({ offline_minutes: 1, endpoint_ids: [endpoint.id] });
    await leave(await connect(await makeDevices(25)));
    await pass(2 * minuteMs);
    await pass(minuteMs);
    const mail = await eventually('mail', async () => {
      await cloud.time.advance(1_000);
      return mails[0];
    });
    expect(mail).toMatchObject({ to: 'night@example.org', subject: '[EdgeFlow] 25 devices: offline.' });
    expect(mail.text).toContain('- and 5 more');
    expect(mail.text).toContain('What to do: https://cloud.test/overview');
    expect(mail.text.match(/pump of none/g)).toHaveLength(20);
  });

  it('refuse addresses within, plain HTTP to others, and more rules and endpoints than there may be', async () => {
    const refused = async (url: string): Promise<string> =>
      cloud.owner.refusal('createAlertEndpoint', { body: { kind: 'webhook', name: 'n', target: url } });
    for (const url of [
      'http://example.org/',
      'https://10.0.0.1/',
      'https://169.254.169.254/latest/meta-data',
      'https://[::1]/',
      'https://[::ffff:10.0.0.1]/',
      'https://user:password@example.org/',
      'ftp://example.org/',
      'no url',
    ]) {
      expect(await refused(url), url).toBe('400 alert_address_refused');
    }
    for (let index = 1; index < 10; index += 1) {
      const body = { kind: 'webhook', name: 'n', target: 'https://example.org/' };
      await cloud.owner.call('createAlertEndpoint', 201, { body });
    }
    expect(await refused('https://example.org/')).toBe('409 alert_limit_reached');
    await makeRule({ offline_minutes: 5 });
    const again = { body: { offline_minutes: 9 } };
    expect(await cloud.owner.refusal('createAlertRule', again)).toBe('409 alert_rule_exists');
    expect(await cloud.owner.refusal('createAlertRule', { body: { group: 'pumps' } })).toBe(
      '400 request_malformed',
    );
    const named = { body: { group: 'pumps', key_days: 1, endpoint_ids: ['ale_0000000000000000'] } };
    expect(await cloud.owner.refusal('createAlertRule', named)).toBe('404 alert_endpoint_not_found');
  });

  it('are changed by administrators alone, and every change is written down without secrets', async () => {
    const { id } = await makeRule({ offline_minutes: 5 });
    expect(await cloud.owner.refusal('updateAlertRule', { id, body: { offline_minutes: null } })).toBe(
      '400 request_malformed',
    );
    await cloud.owner.call('updateAlertRule', 200, { id, body: { key_days: 7 } });
    await cloud.owner.call('deleteAlertRule', 204, { id });
    await cloud.owner.call('rotateAlertSecret', 200, { id: endpointId });
    await cloud.owner.call('deleteAlertEndpoint', 204, { id: endpointId });
    const { entries } = await cloud.owner.call('listAudit', 200, { query: { outcome: 'success' } });
    expect(entries.map(({ action }) => action).reverse()).toEqual([
      ...['alert_endpoint.create', 'alert_rule.create', 'alert_rule.update', 'alert_rule.delete'],
      ...['alert_endpoint.rotate_secret', 'alert_endpoint.delete'],
    ]);
    expect(JSON.stringify(entries)).not.toMatch(/whsec_|\/hook/);
    const operator = cloud.client(await cloud.token('operator'));
    expect(await operator.refusal('createAlertRule', { body: { key_days: 1 } })).toBe('403 forbidden');
  });

  if (kind === 'postgres') {
    it('are sent once by two clouds on one database, and by one that comes after a crash', async () => {
      const second = await cloud.restart();
      await makeRule({ offline_minutes: 1 });
      await leave(await connect(await makeDevices(5)));
      await pass(2 * minuteMs);
      await pass(minuteMs);
      await messages(1);
      await pass(5 * minuteMs);
      await cloud.time.advance(2 * sweepMs);
      expect(receiver.got).toHaveLength(1);
      await second.stop();
      await cloud.stop();
      // Written down, and taken up by a node that died with it.
      await sql`update alert_deliveries set state = 'waiting', finished_at_ms = null`.execute(
        cloud.database.db,
      );
      await age(hourMs);
      await cloud.restart();
      expect(new Set((await messages(2)).map(({ id }) => id)).size).toBe(1);
    });
  }
});

import { isWellFormedApiKey, type Shadow } from '@edgeflow/contract';
import { once as once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { databaseKinds } from '../storage/testing/databases.ts';
import { eventually, eventuallyTrue } from '../testing/eventually.ts';
import { startTestCloud, type TestCloud } from '../testing/test-cloud.ts';
import { type Identity, type Received, TestDevice } from '../testing/test-device.ts';

const second = 1000;
const dayMs = 24 * 3600 * second;
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/;
/** What is about the tunnel and not about the database is tried on one of them. */
const oneKind = databaseKinds.slice(0, 1);

let cloud: TestCloud;
const devices: TestDevice[] = [];

function useCloud(kind: (typeof databaseKinds)[number]): void {
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
  });
  afterEach(async () => {
    for (const device of devices.splice(0)) {
      device.socket.terminate();
      await device.closed;
    }
  });
  afterAll(() => cloud.discard());
}

async function open(): Promise<TestDevice> {
  const device = await TestDevice.open(cloud.origin);
  devices.push(device);
  return device;
}

async function connect(identity: Identity, more: object = {}): Promise<TestDevice> {
  const device = await TestDevice.connect(cloud.origin, identity, more);
  devices.push(device);
  return device;
}

function makeIdentity(): Promise<Identity> {
  return cloud.owner.call('createDevice', 201, { body: {} });
}

/** A device with an open tunnel. */
async function makeOnline(): Promise<{ identity: Identity; device: TestDevice; id: string }> {
  const identity = await makeIdentity();
  return { identity, device: await connect(identity), id: identity.device_id };
}

/** What a device hears that is not let in: the text of the error, and how the socket closes. */
async function refusal(identity: Identity, more: object = {}): Promise<string> {
  const device = await open();
  device.sayConnect(identity, more);
  const { code, reason } = await device.closed;
  const said = device.heard.map((frame) => String(frame['error'])).join();
  return `${said} → ${String(code)} ${reason}`;
}

function statusOf(id: string): Promise<string> {
  return cloud.owner.call('readDeviceStatus', 200, { id }).then(({ status }) => status);
}

/** Departures are written in the next quarter of a second. */
async function offline(id: string): Promise<void> {
  await eventuallyTrue(`${id} offline`, async () => {
    await cloud.time.advance(250);
    return (await statusOf(id)) === 'offline';
  });
}

async function eventsOf(id: string): Promise<string[]> {
  const rows = cloud.database.db.selectFrom('events').select('type').where('object_id', '=', id);
  return (await rows.orderBy('sequence').execute()).map(({ type }) => type);
}

/** Moves the expiry of a device's keys, as seen by the clock that judges it; to the cloud it looks long decided. */
async function expireIn(id: string, fromNowMs: number): Promise<void> {
  const nowMs = await cloud.database.nowMs();
  const expiresAtMs = nowMs + fromNowMs;
  const long = cloud.database.db.updateTable('devices').set({ security_changed_at_ms: nowMs - dayMs });
  await long.where('id', '=', id).execute();
  await cloud.database.db
    .updateTable('credentials')
    .set({ expires_at_ms: expiresAtMs, rotate_after_ms: expiresAtMs - 30 * dayMs })
    .where('device_id', '=', id)
    .execute();
}

function command(id: string, body: object = {}): Promise<Response> {
  return cloud.owner.raw('sendCommand', { id, body: { action: 'health_check', ...body } });
}

/** Answers the next command as `answer` says; returns the frame that came. */
async function answerNext(device: TestDevice, answer: object): Promise<Received> {
  const asked = await device.next('command');
  device.say({ type: 'response', id: asked['id'], ...answer });
  return asked;
}

describe.each(databaseKinds)('connecting on %s', (kind) => {
  useCloud(kind);

  it('is answered with the id and the time, and shows the device online', async () => {
    const { device_id: id, api_key } = await makeIdentity();
    const device = await open();
    device.sayConnect({ device_id: id, api_key }, { version: '1.4.2', timestamp: 1_772_280_000_000_000_000 });
    expect(await device.next('connected')).toEqual({
      type: 'connected',
      device_id: id,
      timestamp: expect.stringMatching(rfc3339) as string,
    });
    const shown = await cloud.owner.call('readDevice', 200, { id });
    expect(shown).toMatchObject({ status: 'online', agent_version: '1.4.2', last_address: '127.0.0.1' });
    expect(shown.key?.first_used_at).toMatch(rfc3339);
    expect(await eventsOf(id)).toEqual(['device.created', 'device.online']);
  });

  it('is committed before it is answered: from then on the registration is complete', async () => {
    const made = await cloud.owner.call('createCodes', 201, { body: {} });
    const body = { provisioning_code: made.codes[0]?.code };
    const headers = { 'idempotency-key': 'a-secret-that-the-device-has-on-disk' };
    const anybody = cloud.client();
    const identity = await anybody.call('provisionDevice', 201, { body, headers });
    expect(await anybody.call('provisionDevice', 201, { body, headers })).toEqual(identity);
    await connect(identity);
    expect(await anybody.refusal('provisionDevice', { body, headers })).toBe('409 claim_completed');
  });

  it('with the new key of a re-provisioned device ends the old key and its tunnel, and not before', async () => {
    const { device, id, identity } = await makeOnline();
    const made = await cloud.owner.call('createCodes', 201, { body: { device_id: id } });
    const renewed = await cloud
      .client()
      .call('provisionDevice', 201, { body: { provisioning_code: made.codes[0]?.code } });
    expect(renewed.device_id).toBe(id);
    await device.settled();
    await connect(renewed);
    expect((await device.closed).code).toBe(4409);
    expect(await refusal(identity)).toContain('4401');
    expect(await eventsOf(id)).toContain('device.key_rotated');
  });

  it('with what is no known key is refused alike, whatever is wrong', async () => {
    const one = await makeIdentity();
    const two = await makeIdentity();
    await cloud.owner.call('revokeDevice', 200, { id: two.device_id });
    const refusals = await Promise.all([
      refusal({ ...one, api_key: 'efk_wrong' }),
      refusal({ ...one, device_id: 'dev_0000000000000000' }),
      refusal({ device_id: one.device_id, api_key: two.api_key }),
      refusal({ ...two, api_key: one.api_key }),
      refusal({ device_id: '\0\ud800', api_key: '\0' }),
    ]);
    expect(new Set(refusals)).toEqual(
      new Set(['key_rejected: This device id and API key are not known together → 4401 key_rejected']),
    );
    expect(await statusOf(one.device_id)).toBe('never_connected');
  });

  it('tells whoever holds the key, and nobody else, that the device was revoked, put in quarantine or deleted', async () => {
    const [revoked, quarantined, deleted] = [
      await makeIdentity(),
      await makeIdentity(),
      await makeIdentity(),
    ];
    await cloud.owner.call('revokeDevice', 200, { id: revoked.device_id });
    await cloud.database.db
      .updateTable('devices')
      .set({ lifecycle: 'quarantined' })
      .where('id', '=', quarantined.device_id)
      .execute();
    await cloud.owner.call('deleteDevice', 204, { id: deleted.device_id });
    expect(await refusal(revoked)).toMatch(/^device_revoked: .* → 4403 device_revoked$/);
    expect(await refusal(quarantined)).toMatch(/^device_quarantined: .* → 4403 device_quarantined$/);
    expect(await refusal(deleted)).toMatch(/^device_deleted: .* → 4404 device_deleted$/);
    for (const { device_id } of [revoked, quarantined, deleted]) {
      expect(await refusal({ device_id, api_key: 'efk_guess' })).toContain('→ 4401 key_rejected');
    }
    await cloud.owner.call('restoreDevice', 200, { id: revoked.device_id });
    await connect(revoked);
  });

  it('takes versions that no database could hold', async () => {
    const identity = await makeIdentity();
    await connect(identity, { version: '1.0\0\ud800' });
    const { agent_version } = await cloud.owner.call('readDevice', 200, { id: identity.device_id });
    expect(agent_version).toBe('1.0\ufffd\ufffd');
  });

  it('many at once, each device twice, leaves one tunnel a device', async () => {
    const identities = await Promise.all(Array.from({ length: 20 }, makeIdentity));
    const sockets = await Promise.all([...identities, ...identities].map(() => open()));
    sockets.forEach((device, index) => {
      const identity = identities[index % identities.length];
      if (identity !== undefined) device.sayConnect(identity);
    });
    await eventuallyTrue('half of them replaced', () => sockets.filter((one) => one.isClosed).length === 20);
    for (const [index, first] of sockets.slice(0, 20).entries()) {
      const both = [first, sockets[index + 20]];
      expect(both.filter((one) => one?.isClosed === true)).toHaveLength(1);
    }
    for (const { device_id } of identities) expect(await statusOf(device_id)).toBe('online');
  });
});

describe.each(oneKind)('a socket that misbehaves', (kind) => {
  useCloud(kind);

  it.each([
    ['says something else first', '{"type":"ping"}'],
    ['says what is no JSON', 'connect me'],
    ['says nothing at all in a frame', ''],
    ['says bytes', Buffer.from([1, 2, 3])],
    [
      'says `connect` with a version beyond any bound',
      JSON.stringify({ type: 'connect', device_id: 'd', api_key: 'k', version: 'v'.repeat(300) }),
    ],
  ])('and %s is closed with 4400', async (_, words) => {
    const device = await open();
    device.socket.send(words);
    expect(await device.closed).toEqual({ code: 4400, reason: 'request_malformed' });
    expect(device.heard[0]?.['error']).toContain('request_malformed: ');
  });

  it('and says nothing for ten seconds is closed with 4408', async () => {
    const device = await open();
    await cloud.time.advance(9 * second);
    expect(device.isClosed).toBe(false);
    await cloud.time.advance(second);
    expect((await device.closed).code).toBe(4408);
    expect(device.heard[0]?.['error']).toContain('no connect frame within 10 s');
  });

  it('and sends a frame larger than 64 KiB is closed with 1009, before `connect` and after', async () => {
    const huge = JSON.stringify({ type: 'connect', data: 'x'.repeat(64 * 1024) });
    const stranger = await open();
    stranger.socket.send(huge);
    expect((await stranger.closed).code).toBe(1009);
    const { device, id } = await makeOnline();
    device.socket.send(huge);
    expect((await device.closed).code).toBe(1009);
    await offline(id);
  });

  it('but a frame of 64 KiB is within bounds', async () => {
    const { device } = await makeOnline();
    const frame = JSON.stringify({ type: 'telemetry', data: '' });
    device.socket.send(frame.replace('""', `"${'x'.repeat(64 * 1024 - frame.length)}"`));
    await device.settled();
  });

  it('and names another device in a frame is closed with 4400, and that device is not harmed', async () => {
    const [one, two] = [await makeOnline(), await makeOnline()];
    one.device.say({ type: 'ping', device_id: two.id });
    expect(await one.device.closed).toEqual({ code: 4400, reason: 'device_mismatch' });
    await two.device.settled();
  });

  it('and sends bytes in an open tunnel is closed with 4400', async () => {
    const { device } = await makeOnline();
    device.socket.send(Buffer.from('{"type":"ping"}'));
    expect((await device.closed).code).toBe(4400);
  });

  it('and is no WebSocket is told so', async () => {
    const response = await fetch(`${cloud.origin}/tunnel`);
    expect(response.status).toBe(404);
  });

  it('appears in no log with the key it sent', async () => {
    await refusal({ device_id: 'dev_0000000000000000', api_key: 'efk_LetMeInLetMeInLetMeIn' });
    expect(cloud.logs.join('')).toContain('tunnel refused');
    expect(cloud.logs.join('')).not.toContain('LetMeIn');
  });
});

describe.each(databaseKinds)('heartbeats on %s', (kind) => {
  useCloud(kind);

  it('are answered one by one, whatever their timestamps', async () => {
    const { device } = await makeOnline();
    for (let index = 0; index < 25; index += 1)
      device.say({ type: 'ping', timestamp: 1772280000000000000 + index });
    for (let index = 0; index < 25; index += 1) {
      expect(await device.next('pong')).toEqual({
        type: 'pong',
        timestamp: expect.stringMatching(rfc3339) as string,
      });
    }
  });

  it('keep a tunnel open, and 90 seconds without one close it with 4410', async () => {
    const { device, id } = await makeOnline();
    for (let beat = 0; beat < 4; beat += 1) {
      await cloud.time.advance(30 * second);
      await device.settled();
    }
    await cloud.time.advance(89 * second);
    expect(device.isClosed).toBe(false);
    await cloud.time.advance(second);
    expect((await device.closed).code).toBe(4410);
    await offline(id);
    const { last_close_reason } = await cloud.owner.call('readDevice', 200, { id });
    expect(last_close_reason).toBe('4410 no heartbeat');
  });

  it('are shown at once, and reach the database once a minute', async () => {
    const { device, id } = await makeOnline();
    const stored = async (): Promise<number | null> => {
      const row = cloud.database.db.selectFrom('devices').select('last_seen_at_ms').where('id', '=', id);
      return (await row.executeTakeFirstOrThrow()).last_seen_at_ms;
    };
    const atFirst = await stored();
    await cloud.time.advance(20 * second);
    await device.settled();
    const heardAt = new Date(cloud.time.now()).toISOString();
    const shown = await cloud.owner.call('readDeviceStatus', 200, { id });
    expect(new Date(shown.last_seen_at ?? '').toISOString()).toBe(heardAt);
    expect(await stored()).toBe(atFirst);
    await cloud.time.advance(60 * second);
    await eventuallyTrue('written behind', async () => (await stored()) === Date.parse(heardAt));
  });

  it('of a device that hung up are its last, and its reason is kept whatever it holds', async () => {
    const { device, id } = await makeOnline();
    const other = await makeOnline();
    await device.leave(1000, 'updating \0 now');
    await other.device.leave();
    await offline(id);
    await offline(other.id);
    const { last_close_reason } = await cloud.owner.call('readDevice', 200, { id });
    expect(last_close_reason).toBe('1000 updating \ufffd now');
    expect(await eventsOf(id)).toEqual(['device.created', 'device.online', 'device.offline']);
  });
});

describe.each(databaseKinds)('a second connection of a device on %s', (kind) => {
  useCloud(kind);

  it('replaces the first with 4409, and the first one’s late close changes nothing', async () => {
    const { device: first, id, identity } = await makeOnline();
    first.freeze();
    const next = await connect(identity);
    // The first has not read the close frame: its socket is still there, and breaks only now.
    expect(first.isClosed).toBe(false);
    first.socket.terminate();
    await first.closed;
    await cloud.time.advance(second);
    const answered = command(id);
    await answerNext(next, { status: 'success' });
    expect((await answered).status).toBe(200);
    expect(await statusOf(id)).toBe('online');
    expect(await eventsOf(id)).not.toContain('device.offline');
  });

  it('that comes before the departure of the first was written leaves it online', async () => {
    const { device: first, id, identity } = await makeOnline();
    await first.leave();
    await eventuallyTrue('noticed', async () => (await command(id)).status === 409);
    await connect(identity);
    await cloud.time.advance(second);
    await cloud.time.advance(second);
    const { last_close_reason, status } = await cloud.owner.call('readDevice', 200, { id });
    expect([status, last_close_reason]).toEqual(['online', null]);
    expect(await eventsOf(id)).toEqual(['device.created', 'device.online', 'device.online']);
  });

  it('tells the first why', async () => {
    const { device: first, identity } = await makeOnline();
    await connect(identity);
    expect(await first.closed).toEqual({
      code: 4409,
      reason: 'replaced by a newer connection of the same device',
    });
  });

  it('that hangs up before it is answered still replaces the first', async () => {
    const { device: first, id, identity } = await makeOnline();
    // Whoever admits must wait for this transaction: with SQLite for all of it, with PostgreSQL for the device's row.
    const held = Promise.withResolvers<undefined>();
    const holding = cloud.database.transaction(async (tx) => {
      await sql`select id from devices where id = ${id} ${tx.forUpdate}`.execute(tx.db);
      await held.promise;
    });
    const hasty = await open();
    hasty.sayConnect(identity);
    const closing = hasty.leave();
    await closing;
    held.resolve(undefined);
    await holding;
    expect((await first.closed).code).toBe(4409);
    await offline(id);
    expect((await eventsOf(id)).filter((type) => type === 'device.offline')).toHaveLength(1);
  });
});

describe.each(databaseKinds)('an operator’s word on %s', (kind) => {
  useCloud(kind);

  it('revokes an open tunnel at once with 4403', async () => {
    const { device, id, identity } = await makeOnline();
    await cloud.owner.call('revokeDevice', 200, { id });
    expect(await device.closed).toEqual({ code: 4403, reason: 'device_revoked' });
    expect(await statusOf(id)).toBe('revoked');
    await cloud.owner.call('restoreDevice', 200, { id });
    await connect(identity);
  });

  it('deletes an open tunnel at once with 4404', async () => {
    const { device, id } = await makeOnline();
    await cloud.owner.call('deleteDevice', 204, { id });
    expect(await device.closed).toEqual({ code: 4404, reason: 'device_deleted' });
  });

  it('replaces the key of an open tunnel at once: 4401, and the new key connects', async () => {
    const { device, id } = await makeOnline();
    const renewed = await cloud.owner.call('rotateKey', 200, { id, body: { mode: 'replace' } });
    expect(await device.closed).toEqual({ code: 4401, reason: 'key_rejected' });
    await connect(renewed);
  });

  it('leaves all other tunnels alone', async () => {
    const [one, two] = [await makeOnline(), await makeOnline()];
    await cloud.owner.call('revokeDevice', 200, { id: one.id });
    await one.device.closed;
    await cloud.time.advance(second);
    await two.device.settled();
  });

  it('said on another node arrives within a second, even if its transaction began before the tunnel was opened', async () => {
    const { device, id } = await makeOnline();
    const changedAtMs = (await cloud.database.nowMs()) - 5 * second;
    await cloud.database.db
      .updateTable('devices')
      .set({ lifecycle: 'revoked', security_changed_at_ms: changedAtMs })
      .where('id', '=', id)
      .execute();
    await cloud.time.advance(second);
    expect((await device.closed).code).toBe(4403);
  });
});

describe.each(databaseKinds)('commands on %s', (kind) => {
  useCloud(kind);

  it('are answered with the device’s own words, whatever its status', async () => {
    const { device, id } = await makeOnline();
    const asking = cloud.owner.call('sendCommand', 200, {
      id,
      body: { action: 'health_check', payload: { deep: [1] } },
    });
    const asked = await answerNext(device, {
      status: 'success',
      data: { cpu: 0.5, note: 'ok' },
      timestamp: 1,
    });
    expect(asked).toMatchObject({ type: 'command', action: 'health_check', payload: { deep: [1] } });
    expect(asked['timestamp']).toMatch(rfc3339);
    expect(await asking).toMatchObject({ device_id: id, status: 'success', data: { cpu: 0.5, note: 'ok' } });

    const failing = cloud.owner.call('sendCommand', 200, { id, body: { action: 'no_such_thing' } });
    await answerNext(device, { status: 'error', error: 'unknown action' });
    expect(await failing).toMatchObject({
      action: 'no_such_thing',
      status: 'error',
      error: 'unknown action',
    });
  });

  it('find each their own answer, in whatever order answers come', async () => {
    const { device, id } = await makeOnline();
    const asking = ['a', 'b', 'c'].map((action) =>
      cloud.owner.call('sendCommand', 200, { id, body: { action } }),
    );
    const asked = [await device.next('command'), await device.next('command'), await device.next('command')];
    for (const frame of asked.reverse()) {
      device.say({ type: 'response', id: frame['id'], status: 'success', data: frame['action'] });
    }
    expect((await Promise.all(asking)).map(({ data }) => data)).toEqual(['a', 'b', 'c']);
  });

  it('time out with 504, and a late answer is dropped', async () => {
    const { device, id } = await makeOnline();
    const asking = cloud.owner.refusal('sendCommand', { id, body: { action: 'slow', timeout_ms: 2_000 } });
    const asked = await device.next('command');
    await cloud.time.advance(2_000);
    expect(await asking).toBe('504 command_timeout');
    device.say({ type: 'response', id: asked['id'], status: 'success' });
    await device.settled();
  });

  it('to a device that is not there are 409', async () => {
    const { device_id: id } = await makeIdentity();
    expect(await cloud.owner.refusal('sendCommand', { id, body: { action: 'x' } })).toBe(
      '409 device_offline',
    );
  });

  it('fail as soon as the socket closes', async () => {
    const { device, id } = await makeOnline();
    const asking = cloud.owner.refusal('sendCommand', { id, body: { action: 'x' } });
    await device.next('command');
    device.socket.terminate();
    expect(await asking).toBe('409 device_offline');
  });

  it('are not answered by another device that knows their id', async () => {
    const [one, two] = [await makeOnline(), await makeOnline()];
    const asking = command(one.id);
    const asked = await one.device.next('command');
    two.device.say({ type: 'response', id: asked['id'], status: 'success', data: 'forged' });
    await two.device.settled();
    one.device.say({ type: 'response', id: asked['id'], status: 'success', data: 'real' });
    expect(await (await asking).json()).toMatchObject({ data: 'real' });
  });

  it('of a device are answered: the cloud knows no action', async () => {
    const { device } = await makeOnline();
    device.say({ type: 'command', id: 'c-1', action: 'reboot_the_cloud', payload: { now: true } });
    expect(await device.next('response')).toEqual({
      type: 'response',
      id: 'c-1',
      status: 'error',
      error: 'unknown action "reboot_the_cloud"',
    });
  });

  it('cannot rotate keys', async () => {
    const { device, id } = await makeOnline();
    const body = { action: 'rotate_key', payload: { api_key: 'efk_x', expires_at: '2027-01-01T00:00:00Z' } };
    expect(await cloud.owner.refusal('sendCommand', { id, body })).toBe('400 command_reserved');
    await device.settled();
    expect(device.heard).toEqual([]);
  });

  it('that would not fit into a frame are refused instead of ending the tunnel', async () => {
    const { device, id } = await makeOnline();
    const body = { action: 'x', payload: 'x'.repeat(64 * 1024) };
    expect(await cloud.owner.refusal('sendCommand', { id, body })).toBe('413 body_too_large');
    const asking = command(id, { payload: 'ß'.repeat(31_000) });
    const asked = await answerNext(device, { status: 'success' });
    expect(Buffer.byteLength(JSON.stringify(asked))).toBeLessThanOrEqual(64 * 1024);
    expect((await asking).status).toBe(200);
  });

  it('bring a new desired state to a device that is online', async () => {
    const { device, id } = await makeOnline();
    const shadow: Shadow = await cloud.owner.call('updateShadow', 200, {
      id,
      body: { desired: { log: 'debug' } },
    });
    const asked = await answerNext(device, { status: 'success' });
    expect(asked).toMatchObject({
      action: 'update_desired',
      payload: { desired: { log: 'debug' }, version: shadow.version },
    });
  });
});

describe.each(databaseKinds)('key rotation on %s', (kind) => {
  useCloud(kind);

  /** The key that the next offer holds; answered with success unless told otherwise. */
  async function takeOffer(device: TestDevice, answer: object = { status: 'success' }): Promise<Identity> {
    const { payload } = await answerNext(device, answer);
    const { api_key, expires_at } = payload as { api_key: string; expires_at: string };
    expect(isWellFormedApiKey(api_key)).toBe(true);
    expect(expires_at).toMatch(rfc3339);
    return { device_id: '', api_key };
  }

  async function keyOf(
    id: string,
  ): Promise<{ rotation_pending: boolean; can_rotate: boolean | null } | null> {
    return (await cloud.owner.call('readDevice', 200, { id })).key;
  }

  it('goes from the offer to the new key: the old one dies when the new one has connected', async () => {
    const { device, id, identity } = await makeOnline();
    const offered = await cloud.owner.call('rotateKey', 202, { id, body: {} });
    expect(offered).toMatchObject({ device_id: id, status: 'offered', delivered: true });
    const next = { ...identity, api_key: (await takeOffer(device)).api_key };
    await eventuallyTrue('can rotate', async () => (await keyOf(id))?.can_rotate === true);
    expect(await keyOf(id)).toMatchObject({ rotation_pending: true });
    await device.settled();

    const renewed = await connect(next);
    expect((await device.closed).code).toBe(4409);
    expect(await keyOf(id)).toMatchObject({ id: offered.key_id, rotation_pending: false });
    expect(await refusal(identity)).toContain('4401');
    await renewed.settled();
    expect(await eventsOf(id)).toEqual([
      'device.created',
      'device.online',
      'device.key_offered',
      'device.key_rotated',
      'device.online',
    ]);
  });

  it('lets the old key live while the new one has not connected', async () => {
    const { device, id, identity } = await makeOnline();
    await cloud.owner.call('rotateKey', 202, { id, body: {} });
    await takeOffer(device);
    await connect(identity);
  });

  it('offers again when the answer was lost, and only the latest offer is good', async () => {
    const { device, id, identity } = await makeOnline();
    await cloud.owner.call('rotateKey', 202, { id, body: {} });
    const lost = (await device.next('command'))['payload'] as { api_key: string };
    device.socket.terminate();

    const again = await connect(identity);
    const { api_key } = await takeOffer(again);
    expect(api_key).not.toBe(lost.api_key);
    expect(await refusal({ ...identity, api_key: lost.api_key })).toContain('4401');
    await connect({ ...identity, api_key });
    expect(await keyOf(id)).toMatchObject({ rotation_pending: false });
  });

  it('waits for a device that is not there', async () => {
    const identity = await makeIdentity();
    const { device_id: id } = identity;
    const first = await connect(identity);
    await first.leave();
    await offline(id);
    const offered = await cloud.owner.call('rotateKey', 202, { id, body: {} });
    expect(offered).toMatchObject({ delivered: false, key_id: null });
    const device = await connect(identity);
    const { api_key } = await takeOffer(device);
    await connect({ ...identity, api_key });
  });

  it('notes a device that cannot, keeps its key, and does not ask it again', async () => {
    const { device, id, identity } = await makeOnline();
    await cloud.owner.call('rotateKey', 202, { id, body: {} });
    const { api_key } = await takeOffer(device, { status: 'error', error: 'unknown action' });
    await eventuallyTrue('noted', async () => (await keyOf(id))?.can_rotate === false);
    expect(await keyOf(id)).toMatchObject({ rotation_pending: false });
    expect(await eventsOf(id)).toContain('device.cannot_rotate');
    expect(await refusal({ ...identity, api_key })).toContain('4401');
    const again = await connect(identity);
    await cloud.time.advance(61 * second);
    await again.settled();
    expect(again.heard).toEqual([]);
  });

  it('begins by itself once the key has come into its window', async () => {
    const { device, id, identity } = await makeOnline();
    await expireIn(id, 20 * dayMs);
    await cloud.time.advance(61 * second);
    const { api_key } = await takeOffer(device);
    await connect({ ...identity, api_key });
    const { key } = await cloud.owner.call('readDevice', 200, { id });
    expect(Date.parse(key?.expires_at ?? '')).toBeGreaterThan((await cloud.database.nowMs()) + 300 * dayMs);
  });

  it('is refused while a code has given out a key that has not been used', async () => {
    const { device_id: id } = await makeIdentity();
    expect(await cloud.owner.refusal('rotateKey', { id, body: {} })).toBe('409 device_state_conflict');
  });

  it('writes no key into any log', async () => {
    const { device, id } = await makeOnline();
    await cloud.owner.call('rotateKey', 202, { id, body: {} });
    const { api_key } = await takeOffer(device);
    expect(cloud.logs.join('')).not.toContain(api_key);
  });
});

describe.each(databaseKinds)('an expired key on %s', (kind) => {
  useCloud(kind);

  it('connects to rotate and for nothing else', async () => {
    const identity = await makeIdentity();
    const { device_id: id } = identity;
    await expireIn(id, -dayMs);
    const device = await connect(identity);
    expect(await cloud.owner.refusal('sendCommand', { id, body: { action: 'x' } })).toBe(
      '409 command_refused',
    );
    expect(await cloud.client(identity.api_key).refusal('readShadow', { id })).toBe('403 key_expired');
    await cloud.owner.call('updateShadow', 200, { id, body: { desired: { a: 1 } } });
    await device.settled();
    expect(device.heard).toEqual([]);

    await cloud.time.advance(61 * second);
    const { payload } = await answerNext(device, { status: 'success' });
    await connect({ ...identity, ...(payload as { api_key: string }) });
    const asking = command(id);
    await answerNext(devices.at(-1) ?? device, { status: 'success' });
    expect((await asking).status).toBe(200);
  });

  it('connects until the ninetieth day, and then no more', async () => {
    const identity = await makeIdentity();
    await expireIn(identity.device_id, -90 * dayMs + 3600 * second);
    await connect(identity);
    await expireIn(identity.device_id, -90 * dayMs);
    expect(await refusal(identity)).toContain('4401');
  });

  it('is lifted at once when an operator extends it', async () => {
    const identity = await makeIdentity();
    const { device_id: id } = identity;
    await expireIn(id, -dayMs);
    const device = await connect(identity);
    device.answerAll();
    expect((await command(id)).status).toBe(409);
    await cloud.owner.call('extendKey', 200, { id, body: { days: 30 } });
    await eventuallyTrue('commands let through', async () => (await command(id)).status === 200);
  });

  it('counts for a tunnel that was opened before, too', async () => {
    const identity = await makeIdentity();
    const { device_id: id } = identity;
    await expireIn(id, 1_500);
    const device = await connect(identity);
    device.answerAll();
    expect((await command(id)).status).toBe(200);
    await eventuallyTrue('commands refused', async () => {
      await cloud.time.advance(500);
      return (await command(id)).status === 409;
    });
    expect(await cloud.owner.refusal('sendCommand', { id, body: { action: 'x' } })).toBe(
      '409 command_refused',
    );
    await device.settled();
  });

  it('ends a tunnel on the ninetieth day with 4401', async () => {
    const identity = await makeIdentity();
    await expireIn(identity.device_id, -90 * dayMs + 1_500);
    const device = await connect(identity);
    await eventuallyTrue('closed', async () => {
      if (!device.isClosed) device.say({ type: 'ping' });
      await cloud.time.advance(500);
      return device.isClosed;
    });
    expect((await device.closed).code).toBe(4401);
  });
});

describe.each(databaseKinds)('a stop of the cloud on %s', (kind) => {
  useCloud(kind);

  it('closes tunnels with 1001; the devices count as reconnecting for 90 seconds, and lose nothing', async () => {
    const [back, gone] = [await makeOnline(), await makeOnline()];
    await cloud.time.advance(20 * second);
    await back.device.settled();
    await gone.device.settled();
    const heardAt = cloud.time.now();
    await cloud.time.advance(5 * second);
    const stranger = await open();
    await cloud.stop();
    for (const device of [back.device, gone.device, stranger]) {
      expect(await device.closed).toEqual({ code: 1001, reason: 'the cloud is restarting' });
    }

    const second_ = await cloud.restart();
    const status = async (id: string): Promise<string> =>
      (await second_.owner.call('readDeviceStatus', 200, { id })).status;
    expect(await status(gone.id)).toBe('reconnecting');
    const seen = await second_.owner.call('readDevice', 200, { id: gone.id });
    expect(Date.parse(seen.last_seen_at ?? '')).toBe(heardAt);
    devices.push(await TestDevice.connect(second_.origin, back.identity));
    await cloud.time.advance(89 * second);
    expect(await status(gone.id)).toBe('reconnecting');
    expect(await eventsOf(gone.id)).not.toContain('device.offline');
    await devices.at(-1)?.settled();

    await cloud.time.advance(second);
    await eventuallyTrue('offline', async () => (await status(gone.id)) === 'offline');
    expect((await eventsOf(gone.id)).filter((type) => type === 'device.offline')).toHaveLength(1);
    expect(await status(back.id)).toBe('online');
    expect(await eventsOf(back.id)).not.toContain('device.offline');
  });
});

describe.each(oneKind)('a stop that meets trouble', (kind) => {
  useCloud(kind);

  it('cuts off a device that does not answer, and lets nobody in meanwhile', async () => {
    const { device, identity } = await makeOnline();
    device.freeze();
    let stopped = false;
    const stopping = cloud.stop().then(() => {
      stopped = true;
    });
    const late = await eventually('a refused upgrade', () => upgradeStatus(cloud.origin));
    expect(late).toBe(503);
    expect(stopped).toBe(false);
    await eventuallyTrue('stopped', async () => {
      await cloud.time.advance(500);
      return stopped;
    });
    await stopping;
    const again = await cloud.restart();
    devices.push(await TestDevice.connect(again.origin, identity));
  });
});

/** The status of an upgrade that is refused; undefined while it is still accepted. */
function upgradeStatus(origin: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${origin.replace(/^http/, 'ws')}/tunnel`);
    socket.once('unexpected-response', (_, response) => {
      resolve(response.statusCode);
      socket.terminate();
    });
    socket.once('open', () => {
      resolve(undefined);
      socket.terminate();
    });
    socket.on('error', () => undefined);
  });
}

describe.each(oneKind)('a database that takes no writes', (kind) => {
  useCloud(kind);

  it('sends devices away to try again, and keeps the tunnels that are open', async () => {
    const { device } = await makeOnline();
    const identity = await makeIdentity();
    await sql`pragma query_only = on`.execute(cloud.database.db);
    expect(await refusal(identity)).toMatch(/^unavailable: .* → 1001 unavailable$/);
    await device.settled();
    await sql`pragma query_only = off`.execute(cloud.database.db);
    await connect(identity);
  });
});

describe.each(oneKind)('sockets that have not authenticated', (kind) => {
  useCloud(kind);
  const strangersMax = 2_000;
  const sockets: Socket[] = [];

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    return eventuallyTrue('no strangers', async () => (await strangers()) === 0);
  });

  async function strangers(): Promise<number> {
    const metrics = await (await fetch(`${cloud.origin}/metrics`)).text();
    return Number(/^edgeflow_tunnels_unauthenticated (\d+)$/m.exec(metrics)?.[1]);
  }

  /** Opens bare sockets, far cheaper than clients, that say `words` and never hang up by themselves. */
  async function openBare(count: number, words: Buffer): Promise<void> {
    const { hostname, port } = new URL(cloud.origin);
    const handshake = [
      'GET /tunnel HTTP/1.1',
      'Host: cloud',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==',
    ];
    for (let opened = 0; opened < count; opened += 100) {
      const some = Array.from({ length: Math.min(100, count - opened) }, async () => {
        const socket = createConnection({ host: hostname, port: Number(port) });
        sockets.push(socket);
        socket.on('error', () => undefined);
        socket.write(`${handshake.join('\r\n')}\r\n\r\n`);
        await once(socket, 'data');
        socket.write(words);
      });
      await Promise.all(some);
    }
  }

  it('are bounded: the oldest is told to come back, and an open tunnel is not touched', async () => {
    const { device, id } = await makeOnline();
    const oldest = await open();
    await openBare(strangersMax - 1, Buffer.alloc(0));
    expect(oldest.isClosed).toBe(false);
    await openBare(1, Buffer.alloc(0));
    expect(await oldest.closed).toEqual({ code: 4429, reason: '5' });
    expect(await strangers()).toBe(strangersMax);
    await device.settled();
    expect(await statusOf(id)).toBe('online');
  });

  it('take no room from others once they have been refused, even if they do not hang up', async () => {
    const maskedGarbage = Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x78]);
    await openBare(strangersMax, maskedGarbage);
    const identity = await makeIdentity();
    const device = await open();
    await openBare(5, Buffer.alloc(0));
    device.sayConnect(identity);
    await device.next('connected');
  });
});

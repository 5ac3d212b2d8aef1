import type { Device } from '@edgeflow/contract';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { eventually, eventuallyTrue } from '../../testing/eventually.ts';
import { type RunningCloud, startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';
import { type Identity, TestDevice } from '../../testing/test-device.ts';
import { yieldsInRowMax } from './decide.ts';

/** Two devices, or one, over real sockets: the copied card, the cloned machine, and what only looks like them. */

let cloud: TestCloud;
const devices: TestDevice[] = [];

interface Side {
  readonly instance?: string;
  readonly boot_id?: string;
}
const card: Side = { instance: 'the process on the card', boot_id: 'start of one machine' };
const copy: Side = { instance: 'the process on the copy', boot_id: 'start of another' };
const older: Side = {};

async function connect(identity: Identity, side: Side, node: RunningCloud = cloud): Promise<TestDevice> {
  const device = await TestDevice.connect(node.origin, identity, side);
  devices.push(device);
  return device;
}

/** How a connection that is not let in ends: what it hears, and how its socket closes. */
async function refusal(identity: Identity, side: Side, node: RunningCloud = cloud): Promise<string> {
  const device = await TestDevice.open(node.origin);
  devices.push(device);
  device.sayConnect(identity, side);
  const { code, reason } = await device.closed;
  const said = device.heard.map((frame) => String(frame['error'])).join();
  return `${said.replace(/:.*/, '')} → ${String(code)} ${reason}`;
}

/** A `connect` frame whose sender is gone: nobody reads what comes back. */
async function sayLate(identity: Identity, side: Side): Promise<void> {
  const device = await TestDevice.open(cloud.origin);
  devices.push(device);
  device.freeze();
  device.sayConnect(identity, side);
}

function makeIdentity(): Promise<Identity> {
  return cloud.owner.call('createDevice', 201, { body: {} });
}

function show({ device_id: id }: Identity): Promise<Device> {
  return cloud.owner.call('readDevice', 200, { id });
}

async function suspected(identity: Identity): Promise<Device> {
  return eventually('a suspicion of clones', async () => {
    const device = await show(identity);
    return device.clone_suspected_at === null ? undefined : device;
  });
}

/** Whatever sockets have said has reached the cloud, and what it does about it is done. */
async function settled(...living: readonly TestDevice[]): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    for (const device of living) await device.settled();
    await cloud.owner.call('readOrganization', 200);
  }
}

/** The card connects, its copy takes the place, the card comes back: each was alive when the other one came. */
async function fight(identity: Identity, sides: readonly [Side, Side] = [card, copy]): Promise<TestDevice> {
  const first = await connect(identity, sides[0]);
  const second = await connect(identity, sides[1]);
  expect((await first.closed).code).toBe(4409);
  const third = await connect(identity, sides[0]);
  expect((await second.closed).code).toBe(4409);
  return third;
}

async function setPolicy(policy: 'keep_newest' | 'quarantine'): Promise<void> {
  await cloud.owner.call('updateOrganization', 200, { body: { clone_policy: policy } });
}

async function eventsOf(id: string): Promise<string[]> {
  const rows = cloud.database.db.selectFrom('events').select('type').where('object_id', '=', id);
  return (await rows.orderBy('sequence').execute()).map(({ type }) => type);
}

describe.each(databaseKinds)('clones on %s', (kind) => {
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
  });
  afterEach(async () => {
    await setPolicy('keep_newest');
    for (const device of devices.splice(0)) {
      device.socket.terminate();
      await device.closed;
    }
  });
  afterAll(() => cloud.discard());

  describe('two devices that are alive at once', () => {
    it('are found when each has come back once, and marked, announced and written down', async () => {
      const identity = await makeIdentity();
      const id = identity.device_id;
      await fight(identity);
      const found = await suspected(identity);
      expect(found).toMatchObject({ status: 'online', clone_evidence: { rule: 'lives_overlap' } });
      const [one, other] = found.clone_evidence?.connections ?? [];
      expect(one).toMatchObject({ address: '127.0.0.1', instance: expect.stringMatching(/^[0-9a-f]{16}$/) });
      expect(new Set([one?.instance, other?.instance, one?.boot_id, other?.boot_id]).size).toBe(4);
      expect(JSON.stringify(found)).not.toContain('the process on');

      expect((await eventsOf(id)).filter((type) => type.startsWith('device.clone'))).toEqual([
        'device.clone_suspected',
      ]);
      const log = await cloud.owner.call('listAudit', 200, { query: { object: id, actor: 'clones' } });
      expect(log.entries).toMatchObject([
        {
          ...{ actor: { kind: 'system' }, action: 'device.suspect_clones', outcome: 'success' },
          detail: { policy: 'keep_newest', evidence: found.clone_evidence },
        },
      ]);
      const listed = await cloud.owner.call('listDevices', 200, { query: { clones: 'suspected' } });
      expect(listed.devices.map((device) => device.device_id)).toContain(id);
      const metrics = await (await fetch(`${cloud.origin}/metrics`)).text();
      expect(metrics).toMatch(/edgeflow_clones_total\{outcome="suspected"\} [1-9]/);
    });

    it('are found across a restart of the cloud', async () => {
      const identity = await makeIdentity();
      const first = await connect(identity, card);
      const second = await connect(identity, copy);
      await first.closed;
      await second.leave();
      const again = await connect(identity, card);
      await settled(again);
      expect((await show(identity)).clone_suspected_at).toBeNull();
      const third = await connect(identity, copy);
      await again.closed;
      const last = await connect(identity, card);
      await third.closed;
      await suspected(identity);
      await last.settled();
    });

    it('are found where they send no instance, once they have taken turns', async () => {
      const identity = await makeIdentity();
      let last = await connect(identity, older);
      for (let turn = 1; turn <= yieldsInRowMax; turn += 1) {
        await settled(last);
        expect((await show(identity)).clone_suspected_at).toBeNull();
        const next = await connect(identity, older);
        expect((await last.closed).code).toBe(4409);
        last = next;
      }
      expect((await suspected(identity)).clone_evidence?.rule).toBe('connections_alternate');
    });

    it('are found where only one of them sends an instance', async () => {
      const identity = await makeIdentity();
      await fight(identity, [card, older]);
      expect((await suspected(identity)).clone_evidence?.connections).toMatchObject([{}, { instance: null }]);
    });
  });

  describe('one device is not accused', () => {
    async function expectInnocent(identity: Identity, ...living: readonly TestDevice[]): Promise<void> {
      await settled(...living);
      expect(await show(identity)).toMatchObject({ clone_suspected_at: null, status: 'online' });
      expect((await eventsOf(identity.device_id)).filter((type) => type.includes('clone'))).toEqual([]);
    }

    it('for connecting again and again while its former sockets are still open', async () => {
      const identity = await makeIdentity();
      let last = await connect(identity, card);
      for (let time = 0; time < 10; time += 1) {
        const next = await connect(identity, card);
        expect((await last.closed).code).toBe(4409);
        last = next;
      }
      await expectInnocent(identity, last);
    });

    it('for restarting, with its former sockets half open', async () => {
      const identity = await makeIdentity();
      for (let restart = 0; restart < 10; restart += 1) {
        const device = await connect(identity, { instance: `process ${String(restart)}` });
        device.freeze();
      }
      await expectInnocent(identity, await connect(identity, { instance: 'the last one' }));
    });

    it('for connecting from behind a broken network without an instance, however often', async () => {
      const identity = await makeIdentity();
      for (let attempt = 0; attempt < 10; attempt += 1) (await connect(identity, older)).freeze();
      await expectInnocent(identity, await connect(identity, older));
    });

    it('for a frame of its former process that arrives late and finds nobody to answer', async () => {
      const identity = await makeIdentity();
      const former = await connect(identity, card);
      former.freeze();
      let living = await connect(identity, copy);
      for (let late = 0; late < 3; late += 1) {
        await sayLate(identity, card);
        expect((await living.closed).code).toBe(4409);
        living = await connect(identity, copy);
      }
      await expectInnocent(identity, living);
    });

    it('when its machine is put back to an earlier image, memory and all', async () => {
      const identity = await makeIdentity();
      (await connect(identity, card)).freeze();
      (await connect(identity, copy)).freeze();
      const image = await connect(identity, card);
      await settled(image);
      await expectInnocent(identity, await connect(identity, card));
    });
  });

  describe('while clones are suspected and the newest is kept', () => {
    it('the newest stays, and the other is asked to stay away', async () => {
      const identity = await makeIdentity();
      const newest = await fight(identity);
      await suspected(identity);
      for (let attempt = 0; attempt < 3; attempt += 1)
        expect(await refusal(identity, copy)).toBe('clone_suspected → 4429 300');
      newest.answerAll();
      const answered = await cloud.owner.call('sendCommand', 200, {
        id: identity.device_id,
        body: { action: 'health_check' },
      });
      expect(answered.status).toBe('success');
      expect(newest.isClosed).toBe(false);
    });

    it('the newest may reconnect and restart, and is told from what was superseded', async () => {
      const identity = await makeIdentity();
      const newest = await fight(identity);
      await suspected(identity);
      await newest.leave();
      await (await connect(identity, card)).leave();
      const restarted = await connect(identity, { instance: 'the card, restarted' });
      expect(await refusal(identity, card)).toBe('clone_suspected → 4429 300');
      expect(await refusal(identity, copy)).toBe('clone_suspected → 4429 300');
      await restarted.settled();
    });

    it('the other may come back once the newest has gone, and then it is the one that stays', async () => {
      const identity = await makeIdentity();
      const newest = await fight(identity);
      await suspected(identity);
      await newest.leave();
      await eventuallyTrue('offline', async () => {
        await cloud.time.advance(250);
        return (await show(identity)).status === 'offline';
      });
      const back = await connect(identity, copy);
      expect(await refusal(identity, card)).toBe('clone_suspected → 4429 300');
      await back.settled();
    });

    it('of those without an instance the one that is alive stays, and yields once it is silent', async () => {
      const identity = await makeIdentity();
      let newest = await connect(identity, older);
      for (let turn = 1; turn <= yieldsInRowMax; turn += 1) {
        const next = await connect(identity, older);
        await newest.closed;
        newest = next;
      }
      await suspected(identity);
      expect(await refusal(identity, older)).toBe('clone_suspected → 4429 40');
      await cloud.time.advance(34_000);
      await newest.settled();
      await cloud.time.advance(34_000);
      expect(await refusal(identity, older)).toBe('clone_suspected → 4429 40');
      await cloud.time.advance(2_000);
      await connect(identity, older);
      expect((await newest.closed).code).toBe(4409);
    });

    it('no key is rotated over the tunnel, and an offer that is out is taken back', async () => {
      const identity = await makeIdentity();
      const id = identity.device_id;
      const first = await connect(identity, card);
      const body = { mode: 'tunnel' };
      await cloud.owner.call('rotateKey', 202, { id, body });
      const offered = (await first.next('command'))['payload'] as { api_key: string };
      await connect(identity, copy);
      await first.closed;
      await connect(identity, card);
      await suspected(identity);
      expect(await refusal({ ...identity, api_key: offered.api_key }, copy)).toBe(
        'key_rejected → 4401 key_rejected',
      );
      const { problem, status } = await cloud.owner.refused('rotateKey', { id, body });
      expect([status, problem.code]).toEqual([409, 'rotation_suspended']);
      expect(problem.next_step).toContain('replace');

      const due = { rotate_after_ms: 1 };
      await cloud.database.db.updateTable('credentials').set(due).where('device_id', '=', id).execute();
      const wanted = async (): Promise<number | null> => {
        const rows = cloud.database.db.selectFrom('devices').select('rotation_wanted_at_ms');
        return (await rows.where('id', '=', id).executeTakeFirstOrThrow()).rotation_wanted_at_ms;
      };
      const asked = { rotation_wanted_at_ms: null };
      await cloud.database.db.updateTable('devices').set(asked).where('id', '=', id).execute();
      await cloud.time.advance(60_000);
      expect(await wanted()).toBeNull();
      await cloud.owner.call('restoreDevice', 200, { id });
      await cloud.time.advance(60_000);
      await eventuallyTrue('the rotation that was due', async () => (await wanted()) !== null);
    });

    it('an operator who restores it dismisses the suspicion; two that still live are found again', async () => {
      const identity = await makeIdentity();
      const id = identity.device_id;
      const kept = await fight(identity);
      await suspected(identity);
      const restored = await cloud.owner.call('restoreDevice', 200, { id });
      expect(restored).toMatchObject({ clone_suspected_at: null, clone_evidence: null, status: 'online' });
      await settled(kept);
      expect((await show(identity)).clone_suspected_at).toBeNull();
      const second = await connect(identity, copy);
      expect((await kept.closed).code).toBe(4409);
      await connect(identity, card);
      await second.closed;
      await suspected(identity);
      const types = (await eventsOf(id)).filter((type) => /clone|restored/.test(type));
      expect(types).toEqual(['device.clone_suspected', 'device.restored', 'device.clone_suspected']);
    });

    it('a new key ends the suspicion, whichever way it was made', async () => {
      const identity = await makeIdentity();
      const id = identity.device_id;
      const kept = await fight(identity);
      await suspected(identity);
      const replaced = await cloud.owner.call('rotateKey', 200, { id, body: { mode: 'replace' } });
      expect((await kept.closed).code).toBe(4401);
      expect((await show(identity)).clone_suspected_at).toBeNull();

      await fight(replaced);
      await suspected(identity);
      const made = await cloud.owner.call('createCodes', 201, { body: { device_id: id } });
      const body = { provisioning_code: made.codes[0]?.code };
      const renewed = await cloud.client().call('provisionDevice', 201, { body });
      expect((await show(identity)).clone_suspected_at).not.toBeNull();
      await connect(renewed, card);
      expect((await show(identity)).clone_suspected_at).toBeNull();
      expect(await refusal(replaced, copy)).toBe('key_rejected → 4401 key_rejected');
    });
  });

  describe('where the policy is quarantine', () => {
    it('both are refused until an operator restores the device, and are found again if both still live', async () => {
      await setPolicy('quarantine');
      const identity = await makeIdentity();
      const id = identity.device_id;
      const newest = await fight(identity);
      expect(await newest.closed).toEqual({ code: 4403, reason: 'device_quarantined' });
      expect(await show(identity)).toMatchObject({
        status: 'quarantined',
        clone_suspected_at: expect.any(String) as string,
      });
      for (const side of [card, copy])
        expect(await refusal(identity, side)).toBe('device_quarantined → 4403 device_quarantined');
      expect((await eventsOf(id)).slice(-3)).toEqual(
        expect.arrayContaining(['device.clone_suspected', 'device.quarantined']),
      );
      const log = await cloud.owner.call('listAudit', 200, { query: { object: id, actor: 'clones' } });
      expect(log.entries.map(({ action }) => action)).toEqual(['device.quarantine', 'device.suspect_clones']);

      await cloud.owner.call('restoreDevice', 200, { id });
      const survivor = await connect(identity, copy);
      await settled(survivor);
      expect(await show(identity)).toMatchObject({ status: 'online', clone_suspected_at: null });
      const other = await connect(identity, card);
      expect((await survivor.closed).code).toBe(4409);
      expect((await other.closed).code).toBe(4403);
    });

    it('a code for the device is the way out, with a key that its clones do not have', async () => {
      await setPolicy('quarantine');
      const identity = await makeIdentity();
      const id = identity.device_id;
      await (
        await fight(identity)
      ).closed;
      const made = await cloud.owner.call('createCodes', 201, { body: { device_id: id } });
      const body = { provisioning_code: made.codes[0]?.code };
      const headers = { 'idempotency-key': 'a-secret-that-the-device-has-on-disk' };
      const stranger = cloud.client();
      const renewed = await stranger.call('provisionDevice', 201, { body, headers });
      expect(renewed.device_id).toBe(id);
      expect(await stranger.call('provisionDevice', 201, { body, headers })).toEqual(renewed);
      expect(await refusal(identity, card)).toBe('device_quarantined → 4403 device_quarantined');

      const device = await connect(renewed, card);
      expect(await show(identity)).toMatchObject({ status: 'online', clone_suspected_at: null });
      expect((await eventsOf(id)).slice(-3)).toContain('device.restored');
      expect(await refusal(identity, copy)).toBe('key_rejected → 4401 key_rejected');
      await device.settled();
    });

    it('a key that was out before the quarantine is none, and one made in it dies with the next', async () => {
      const identity = await makeIdentity();
      const id = identity.device_id;
      const redeem = async (): Promise<Identity> => {
        const made = await cloud.owner.call('createCodes', 201, { body: { device_id: id } });
        const body = { provisioning_code: made.codes[0]?.code };
        return cloud.client().call('provisionDevice', 201, { body });
      };
      await connect(identity, card);
      const before = await redeem();
      await cloud.owner.call('quarantineDevice', 200, { id });
      expect(await refusal(before, card)).toBe('device_quarantined → 4403 device_quarantined');
      const during = await redeem();
      await cloud.owner.call('restoreDevice', 200, { id });
      await cloud.owner.call('quarantineDevice', 200, { id });
      expect(await refusal(during, card)).toBe('device_quarantined → 4403 device_quarantined');
      await connect(await redeem(), card);
      expect((await show(identity)).status).toBe('online');
    });

    it('a key that an operator replaces ends it too', async () => {
      const identity = await makeIdentity();
      const id = identity.device_id;
      await cloud.owner.call('quarantineDevice', 200, { id });
      const refused = await cloud.owner.refusal('rotateKey', { id, body: { mode: 'tunnel' } });
      expect(refused).toBe('409 device_state_conflict');
      const replaced = await cloud.owner.call('rotateKey', 200, { id, body: { mode: 'replace' } });
      expect(await refusal(identity, card)).toBe('key_rejected → 4401 key_rejected');
      await connect(replaced, card);
    });
  });

  it('an operator may put a device into quarantine by hand; its tunnel closes, and a revoked one stays revoked', async () => {
    const identity = await makeIdentity();
    const id = identity.device_id;
    const device = await connect(identity, card);
    for (let time = 0; time < 2; time += 1) {
      expect((await cloud.owner.call('quarantineDevice', 200, { id })).status).toBe('quarantined');
    }
    expect(await device.closed).toEqual({ code: 4403, reason: 'device_quarantined' });
    const log = await cloud.owner.call('listAudit', 200, {
      query: { object: id, action: 'device.quarantine' },
    });
    expect(log.entries).toMatchObject([{ actor: { kind: 'operator', id: 'bootstrap' } }]);
    expect(await eventsOf(id)).toContain('device.quarantined');

    await cloud.owner.call('revokeDevice', 200, { id });
    expect(await cloud.owner.refusal('quarantineDevice', { id })).toBe('409 device_state_conflict');
    const viewer = cloud.client(await cloud.token('viewer'));
    expect(await viewer.refusal('quarantineDevice', { id })).toBe('403 forbidden');
  });
});

describe('two nodes on one PostgreSQL', () => {
  let other: RunningCloud;
  beforeAll(async () => {
    cloud = await startTestCloud('postgres');
    other = await cloud.restart();
  });
  afterEach(async () => {
    for (const device of devices.splice(0)) {
      device.socket.terminate();
      await device.closed;
    }
  });
  afterAll(() => cloud.discard());

  it('end the older tunnel of a device, and find two devices that never meet on one of them', async () => {
    const identity = await makeIdentity();
    const first = await connect(identity, card);
    const second = await connect(identity, copy, other);
    await eventuallyTrue('the other node looks', async () => {
      await cloud.time.advance(500);
      return first.isClosed;
    });
    expect((await first.closed).code).toBe(4409);
    const third = await connect(identity, card);
    await eventuallyTrue('the other node looks', async () => {
      await cloud.time.advance(500);
      return second.isClosed;
    });
    await suspected(identity);
    await third.settled();
    expect(third.isClosed).toBe(false);
  });

  describe('of suspected devices that send no instance', () => {
    const asked = 'clone_suspected → 4429 40';

    /** Suspected, with the newest connection on the first node. */
    async function fightNameless(): Promise<{ identity: Identity; newest: TestDevice }> {
      const identity = await makeIdentity();
      let newest = await connect(identity, older);
      for (let turn = 1; turn <= yieldsInRowMax; turn += 1) {
        const next = await connect(identity, older);
        await newest.closed;
        newest = next;
      }
      await suspected(identity);
      return { identity, newest };
    }

    async function heardAgo({ device_id: id }: Identity, ms: number): Promise<void> {
      const heard = { last_seen_at_ms: (await cloud.database.nowMs()) - ms };
      await cloud.database.db.updateTable('devices').set(heard).where('id', '=', id).execute();
    }

    it('the newest stays, whichever node the other knocks at', async () => {
      const { identity, newest } = await fightNameless();
      for (const node of [other, cloud, other, cloud, other])
        expect(await refusal(identity, older, node)).toBe(asked);
      await heardAgo(identity, 90_000);
      expect(await refusal(identity, older, other)).toBe(asked);
      await cloud.time.advance(2_000);
      await newest.settled();
      expect(newest.isClosed).toBe(false);
    });

    it('the newest is known to have gone by the node that it leaves at once, by the other when that is written', async () => {
      const { identity, newest } = await fightNameless();
      await newest.leave();
      const back = await connect(identity, older);
      await back.leave();
      expect(await refusal(identity, older, other)).toBe(asked);
      await eventuallyTrue('offline', async () => {
        await cloud.time.advance(250);
        return (await show(identity)).status === 'offline';
      });
      const there = await connect(identity, older, other);
      expect(await refusal(identity, older)).toBe(asked);
      await there.settled();
    });

    it('the newest yields to one on another node once it has been silent for longer than any that is alive', async () => {
      const { identity, newest } = await fightNameless();
      newest.freeze();
      await heardAgo(identity, 96_000);
      const there = await connect(identity, older, other);
      expect(await refusal(identity, older, other)).toBe(asked);
      await there.settled();
    });

    it('nobody is shut out for long by a node that was lost, and whose clock was a day ahead', async () => {
      const { identity } = await fightNameless();
      await heardAgo(identity, -24 * 3_600_000);
      await connect(identity, older, other);
    });
  });
});

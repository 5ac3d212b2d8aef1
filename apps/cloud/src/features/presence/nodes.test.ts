import type { DeviceStatus } from '@edgeflow/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventuallyTrue } from '../../testing/eventually.ts';
import { type RunningCloud, startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';
import { type Identity, TestDevice } from '../../testing/test-device.ts';

const second = 1_000;

/** Each test begins as the first node starts: its heartbeats are written every 60 seconds from then on. */
describe('a node that starts after devices have connected to another, on one PostgreSQL', () => {
  let cloud: TestCloud;
  const devices: TestDevice[] = [];

  beforeEach(async () => {
    cloud = await startTestCloud('postgres');
  });
  afterEach(async () => {
    for (const device of devices.splice(0)) device.socket.terminate();
    await cloud.discard();
  });

  async function connect(node: RunningCloud, identity: Identity): Promise<TestDevice> {
    const device = await TestDevice.connect(node.origin, identity);
    devices.push(device);
    return device;
  }

  function makeIdentity(): Promise<Identity> {
    return cloud.owner.call('createDevice', 201, { body: {} });
  }

  /** As it is shown by another node than the one that holds its tunnel. */
  async function statusAt(node: RunningCloud, { device_id: id }: Identity): Promise<DeviceStatus> {
    return (await node.owner.call('readDeviceStatus', 200, { id })).status;
  }

  async function presenceEvents({ device_id: id }: Identity): Promise<string[]> {
    const rows = cloud.database.db.selectFrom('events').select('type').where('object_id', '=', id);
    const types = (await rows.orderBy('sequence').execute()).map(({ type }) => type);
    return types.filter((type) => type === 'device.online' || type === 'device.offline');
  }

  /** Time passes, and the device sends its heartbeats. */
  async function pass(seconds: number, alive: TestDevice): Promise<void> {
    for (let passed = 0; passed < seconds; passed += 1) {
      await cloud.time.advance(second);
      if (passed % 20 === 0) await alive.settled();
    }
    await alive.settled();
  }

  /** One that is not connected, and has been waited for since long ago. */
  async function makeLost(): Promise<Identity> {
    const identity = await makeIdentity();
    await (await connect(cloud, identity)).leave();
    await eventuallyTrue('offline', async () => {
      await cloud.time.advance(second / 4);
      return (await statusAt(cloud, identity)) === 'offline';
    });
    const row = cloud.database.db
      .updateTable('devices')
      .set({ presence: 'reconnecting', presence_since_ms: 1 });
    await row.where('id', '=', identity.device_id).execute();
    return identity;
  }

  it('gives a second tunnel of a device the place of the first, which is told so', async () => {
    const identity = await makeIdentity();
    const first = await connect(cloud, identity);
    const later = await cloud.restart();
    const newest = await connect(later, identity);
    await eventuallyTrue('the first node looks', async () => {
      await cloud.time.advance(second / 2);
      return first.isClosed;
    });
    expect((await first.closed).code).toBe(4409);
    await newest.settled();
    // What the first node writes about its tunnel says nothing of the newer one.
    await pass(62, newest);
    expect(await statusAt(cloud, identity)).toBe('online');
    expect(await presenceEvents(identity)).toEqual(['device.online', 'device.online']);
  });

  it('tells the first tunnel also where its own transaction took half a minute to commit', async () => {
    const identity = await makeIdentity();
    const first = await connect(cloud, identity);
    const begunAtMs = (await cloud.database.nowMs()) - 30 * second;
    const row = cloud.database.db
      .updateTable('devices')
      .set((old) => ({ replaced_at_ms: begunAtMs, session_epoch: old('session_epoch', '+', 1) }));
    await row.where('id', '=', identity.device_id).execute();
    await eventuallyTrue('the first node looks', async () => {
      await cloud.time.advance(second / 2);
      return first.isClosed;
    });
    expect((await first.closed).code).toBe(4409);
  });

  it('doubts a device that is connected to another node until that one has written its heartbeats', async () => {
    const identity = await makeIdentity();
    const device = await connect(cloud, identity);
    const later = await cloud.restart();
    expect(await statusAt(later, identity)).toBe('reconnecting');
    await pass(61, device);
    await eventuallyTrue('online', async () => (await statusAt(later, identity)) === 'online');
    expect(await presenceEvents(identity)).toEqual(['device.online']);
  });

  it('says at once that a device has left another node, doubted or not', async () => {
    const identity = await makeIdentity();
    const device = await connect(cloud, identity);
    const later = await cloud.restart();
    expect(await statusAt(later, identity)).toBe('reconnecting');
    await device.leave(1000, 'switched off');
    await eventuallyTrue('offline', async () => {
      await cloud.time.advance(second / 4);
      return (await statusAt(later, identity)) === 'offline';
    });
    const { last_close_reason: reason } = await later.owner.call('readDevice', 200, {
      id: identity.device_id,
    });
    expect(reason).toContain('switched off');
  });

  it('never calls a device offline whose heartbeats reach another node, also where one more has started since', async () => {
    const identity = await makeIdentity();
    const device = await connect(cloud, identity);
    await pass(61, device);
    // Just after the heartbeats of a minute were written, so that those of the next come late.
    const later = await cloud.restart();
    await pass(59, device);
    await eventuallyTrue('online', async () => (await statusAt(later, identity)) === 'online');
    const latest = await cloud.restart();
    const lost = await makeLost();
    expect(await statusAt(later, identity)).toBe('reconnecting');
    // The first of the two has waited for 90 seconds by now, the other for 31.
    await pass(31, device);
    await eventuallyTrue('given up', async () => (await statusAt(latest, lost)) === 'offline');
    expect(await statusAt(later, identity)).toBe('reconnecting');
    await pass(30, device);
    await eventuallyTrue('online', async () => (await statusAt(latest, identity)) === 'online');
    expect(await presenceEvents(identity)).toEqual(['device.online']);
  });
});

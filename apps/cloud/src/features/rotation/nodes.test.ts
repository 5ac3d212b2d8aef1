import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { eventually, eventuallyTrue } from '../../testing/eventually.ts';
import { type RunningCloud, startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';
import { type Received, TestDevice } from '../../testing/test-device.ts';
import { dayMs } from '../credentials/index.ts';
import { offersPerSecond } from './offer-queue.ts';

const second = 1_000;

describe.each(databaseKinds)('offers of keys on %s', (kind) => {
  let cloud: TestCloud;
  /** A second node on the same database. */
  let other: RunningCloud;
  const devices: TestDevice[] = [];

  beforeAll(async () => {
    cloud = await startTestCloud(kind);
    other = await cloud.restart();
  });
  afterEach(async () => {
    for (const device of devices.splice(0)) {
      device.socket.terminate();
      await device.closed;
    }
  });
  afterAll(() => cloud.discard());

  async function makeOnline(at: RunningCloud): Promise<{ id: string; device: TestDevice }> {
    const identity = await cloud.owner.call('createDevice', 201, { body: {} });
    const device = await TestDevice.connect(at.origin, identity);
    devices.push(device);
    return { id: identity.device_id, device };
  }

  /** The window of its key has opened this long ago. */
  async function openWindow(id: string, agoMs = second): Promise<void> {
    const rotateAfterMs = (await cloud.database.nowMs()) - agoMs;
    const change = cloud.database.db.updateTable('credentials').set({ rotate_after_ms: rotateAfterMs });
    await change.where('device_id', '=', id).execute();
  }

  /** Lets time pass as the rows see it: the clock of PostgreSQL is nobody's to move. */
  async function age(id: string, byMs: number): Promise<void> {
    const row = await cloud.database.db
      .selectFrom('credentials')
      .select('rotate_after_ms')
      .where('device_id', '=', id)
      .where('state', '=', 'active')
      .executeTakeFirstOrThrow();
    await cloud.database.db
      .updateTable('credentials')
      .set({ rotate_after_ms: row.rotate_after_ms - byMs })
      .where('device_id', '=', id)
      .where('state', '=', 'active')
      .execute();
    const device = cloud.database.db
      .updateTable('devices')
      .set(({ eb }) => ({ rotation_wanted_at_ms: eb('rotation_wanted_at_ms', '-', byMs) }));
    await device.where('id', '=', id).where('rotation_wanted_at_ms', 'is not', null).execute();
  }

  function offersIn(heard: readonly Received[]): Received[] {
    return heard.filter(({ action }) => action === 'rotate_key');
  }

  /** A minute and more, through which the device keeps sending its heartbeats. */
  async function passSweep(...alive: readonly TestDevice[]): Promise<void> {
    for (let half = 0; half < 2; half += 1) {
      await cloud.time.advance(31 * second);
      for (const device of alive) await device.settled();
    }
  }

  /** The next offer. Time passes until it is there: PostgreSQL is not waited for by simulated time. */
  function nextOffer(device: TestDevice): Promise<Received> {
    return eventually('an offer', async () => {
      await cloud.time.advance(second / 2);
      const at = device.heard.findIndex(({ action }) => action === 'rotate_key');
      return at < 0 ? undefined : device.heard.splice(at, 1)[0];
    });
  }

  function answer(device: TestDevice, offer: Received, status: 'success' | 'error'): void {
    device.say({ type: 'response', id: offer['id'], status });
  }

  async function canRotate(id: string): Promise<boolean | null | undefined> {
    return (await cloud.owner.call('readDevice', 200, { id })).key?.can_rotate;
  }

  it('reach a tunnel on another node within a second of the request, and once', async () => {
    const { device, id } = await makeOnline(other);
    const offered = await cloud.owner.call('rotateKey', 202, { id, body: {} });
    expect(offered).toMatchObject({ delivered: false });
    await device.settled();
    expect(offersIn(device.heard)).toEqual([]);
    // No more time passes than this: what is waited for from here on is the database.
    await cloud.time.advance(second);
    expect(await device.next('command')).toMatchObject({ action: 'rotate_key' });
    await passSweep(device);
    await passSweep(device);
    expect(offersIn(device.heard)).toEqual([]);
  });

  it('reach a tunnel on this node once', async () => {
    const { device, id } = await makeOnline(cloud);
    const offered = await cloud.owner.call('rotateKey', 202, { id, body: {} });
    expect(offered).toMatchObject({ delivered: true });
    await device.next('command');
    await cloud.time.advance(5 * second);
    await device.settled();
    expect(offersIn(device.heard)).toEqual([]);
  });

  it('that fall due are made by the node that holds the tunnel, once', async () => {
    const here = await makeOnline(cloud);
    const there = await makeOnline(other);
    for (const { id } of [here, there]) await openWindow(id);
    await passSweep(here.device, there.device);
    for (const { device } of [here, there]) {
      await nextOffer(device);
      await device.settled();
      expect(offersIn(device.heard)).toEqual([]);
    }
  });

  it('that were declined are made again a day later, for the disk of the device may have been full', async () => {
    const { device, id } = await makeOnline(cloud);
    await openWindow(id);
    await passSweep(device);
    answer(device, await nextOffer(device), 'error');
    await eventuallyTrue('flagged', async () => (await canRotate(id)) === false);
    await passSweep(device);
    await device.settled();
    expect(offersIn(device.heard)).toEqual([]);

    await age(id, dayMs);
    await passSweep(device);
    answer(device, await nextOffer(device), 'success');
    await eventuallyTrue('flagged no more', async () => (await canRotate(id)) === true);
  });

  it('that were never answered are made again a day later, though the tunnel stays open', async () => {
    const { device, id } = await makeOnline(cloud);
    await openWindow(id);
    await passSweep(device);
    await nextOffer(device);
    await passSweep(device);
    await device.settled();
    expect(offersIn(device.heard)).toEqual([]);
    await age(id, dayMs);
    await passSweep(device);
    await nextOffer(device);
  });

  it('that a newer one has replaced say nothing about the device when they are declined', async () => {
    const { device, id } = await makeOnline(cloud);
    await cloud.owner.call('rotateKey', 202, { id, body: {} });
    const older = await device.next('command');
    await cloud.time.advance(10);
    await cloud.owner.call('rotateKey', 202, { id, body: {} });
    const newer = await device.next('command');
    answer(device, older, 'error');
    await device.settled();
    expect((await cloud.owner.call('readDevice', 200, { id })).key).toMatchObject({
      can_rotate: null,
      rotation_pending: true,
    });
    answer(device, newer, 'success');
    await eventuallyTrue('it can', async () => (await canRotate(id)) === true);
  });

  it('to a fleet that comes back at once begin a few a second', async () => {
    const fleet = 3 * offersPerSecond;
    const identities = await Promise.all(
      Array.from({ length: fleet }, () => cloud.owner.call('createDevice', 201, { body: {} })),
    );
    for (const identity of identities) {
      const device = await TestDevice.connect(cloud.origin, identity);
      await device.leave();
    }
    await cloud.time.advance(second);
    for (const { device_id: id } of identities) await cloud.owner.call('rotateKey', 202, { id, body: {} });
    await cloud.time.advance(second);
    const back = await Promise.all(identities.map((identity) => TestDevice.connect(cloud.origin, identity)));
    devices.push(...back);
    const offered = (): number => back.filter(({ heard }) => offersIn(heard).length > 0).length;
    for (let passed = 1; passed <= 3; passed += 1) {
      await eventuallyTrue('the offers of this second', () =>
        Promise.resolve(offered() === passed * offersPerSecond),
      );
      for (const device of back) await device.settled();
      expect(offered()).toBe(passed * offersPerSecond);
      await cloud.time.advance(second);
    }
    for (const device of back) await device.settled();
    expect(back.map(({ heard }) => offersIn(heard).length)).toEqual(back.map(() => 1));
  });
});

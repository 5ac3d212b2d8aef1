import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CommitUnknownError, Database, type Tx } from '../../storage/database.ts';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { eventuallyTrue } from '../../testing/eventually.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';
import { TestDevice } from '../../testing/test-device.ts';
import { againMs } from './offer-queue.ts';

/** A database that refuses some transactions, or does not confirm them. */
class UnsteadyDatabase extends Database {
  /** What becomes of the transactions to come, in their order; those after them succeed. */
  readonly fates: ('works' | 'refused' | 'unconfirmed')[] = [];

  override async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const fate = this.fates.shift() ?? 'works';
    if (fate === 'refused') throw new Error('the database is away');
    const result = await super.transaction(work);
    if (fate === 'unconfirmed') throw new CommitUnknownError(new Error('the connection was lost'));
    return result;
  }
}

describe.each(databaseKinds)('a rotation whose offer is lost inside the cloud, on %s', (kind) => {
  let cloud: TestCloud;
  let database: UnsteadyDatabase;
  const devices: TestDevice[] = [];

  beforeAll(async () => {
    cloud = await startTestCloud(kind, {}, ({ db, kind: same }, time) => {
      database = new UnsteadyDatabase(same, db, time);
      return database;
    });
  });
  afterEach(async () => {
    expect(database.fates).toEqual([]);
    for (const device of devices.splice(0)) {
      device.socket.terminate();
      await device.closed;
    }
    // Their departures are transactions too.
    await eventuallyTrue('all are gone', async () => {
      await cloud.time.advance(250);
      const online = cloud.database.db.selectFrom('devices').select('id').where('presence', '=', 'online');
      return (await online.execute()).length === 0;
    });
  });
  afterAll(() => cloud.discard());

  async function makeOnline(): Promise<{ id: string; device: TestDevice }> {
    const identity = await cloud.owner.call('createDevice', 201, { body: {} });
    const device = await TestDevice.connect(cloud.origin, identity);
    devices.push(device);
    // Its arrival is written behind, by a transaction of its own.
    await eventuallyTrue('the arrival is written', async () => {
      await cloud.time.advance(250);
      const { device_id: id } = identity;
      const known = cloud.database.db
        .selectFrom('device_connections')
        .select('epoch')
        .where('device_id', '=', id);
      return (await known.execute()).length > 0;
    });
    return { id: identity.device_id, device };
  }

  function offersTo({ heard }: TestDevice): number {
    return heard.filter(({ action }) => action === 'rotate_key').length;
  }

  /** One offer reaches the open tunnel, and no second one follows. */
  async function expectOneOffer(device: TestDevice): Promise<void> {
    await device.settled();
    expect(offersTo(device)).toBe(0);
    await cloud.time.advance(againMs);
    await eventuallyTrue('an offer', () => offersTo(device) > 0);
    await cloud.time.advance(2 * againMs);
    await device.settled();
    expect(offersTo(device)).toBe(1);
  }

  it('is offered again where an operator has asked for it', async () => {
    const { device, id } = await makeOnline();
    database.fates.push('works', 'refused');
    const offered = await cloud.owner.call('rotateKey', 202, { id, body: {} });
    expect(offered).toMatchObject({ status: 'offered', delivered: false, key_id: null });
    await expectOneOffer(device);
  });

  it('is offered where the commit of the request was not confirmed', async () => {
    const { device, id } = await makeOnline();
    database.fates.push('unconfirmed');
    expect((await cloud.owner.raw('rotateKey', { id, body: {} })).status).toBe(503);
    await expectOneOffer(device);
  });

  it('is offered again where it has fallen due', async () => {
    const { device, id } = await makeOnline();
    const wanted = await cloud.database.nowMs();
    database.fates.push('refused');
    const row = cloud.database.db.updateTable('devices');
    await row
      .set({ rotation_wanted_at_ms: wanted, security_changed_at_ms: wanted })
      .where('id', '=', id)
      .execute();
    await cloud.time.advance(500);
    await eventuallyTrue('the watch has brought it here', () => database.fates.length === 0);
    await expectOneOffer(device);
  });

  it('is offered again when the suspicion that took it back is dismissed, though the tunnel stays open', async () => {
    const identity = await cloud.owner.call('createDevice', 201, { body: {} });
    const id = identity.device_id;
    const connect = async (instance: string): Promise<TestDevice> => {
      const device = await TestDevice.connect(cloud.origin, identity, { instance });
      devices.push(device);
      return device;
    };
    const card = await connect('card');
    const copy = await connect('copy');
    await card.closed;
    await cloud.owner.call('rotateKey', 202, { id, body: {} });
    const { payload } = await copy.next('command');
    const kept = await connect('card');
    await copy.closed;
    await eventuallyTrue('suspected', async () => {
      const { clone_suspected_at: at } = await cloud.owner.call('readDevice', 200, { id });
      return at !== null;
    });
    await cloud.time.advance(5_000);
    await kept.settled();
    kept.heard.splice(0);

    await cloud.owner.call('restoreDevice', 200, { id });
    await eventuallyTrue('an offer', async () => {
      await cloud.time.advance(500);
      return offersTo(kept) > 0;
    });
    const { api_key: lost } = payload as { readonly api_key: string };
    const { api_key: anew } = (await kept.next('command'))['payload'] as { readonly api_key: string };
    expect(anew === lost).toBe(false);
    await kept.settled();
    expect(offersTo(kept)).toBe(0);
  });

  it('is none where nothing was wanted when a suspicion is dismissed', async () => {
    const { device, id } = await makeOnline();
    const suspected = { clone_suspected_at_ms: await cloud.database.nowMs(), clone_evidence: null };
    await cloud.database.db.updateTable('devices').set(suspected).where('id', '=', id).execute();
    const { key } = await cloud.owner.call('restoreDevice', 200, { id });
    expect(key?.rotation_pending).toBe(false);
    await cloud.time.advance(5_000);
    await device.settled();
    expect(offersTo(device)).toBe(0);
  });
});
